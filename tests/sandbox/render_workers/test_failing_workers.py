"""A render worker that dies or takes too long costs one job, and no credits."""

from __future__ import annotations

import os
import signal

from tests.support.sandbox_client import open_sandbox_client
from tests.support.systems import UNIX


@UNIX
async def test_a_worker_that_dies_fails_its_one_job_and_is_replaced() -> None:
    async with open_sandbox_client(draft=False) as a2e:
        broken, whole = await a2e.start_clip(video_time=20), await a2e.start_clip(prompt="[sandbox:fail]")
        job = await a2e.running_job()
        os.kill(job["worker"], signal.SIGKILL)
        await a2e.sandbox.control.settle()
        failed = await a2e.clip(broken["_id"])
        assert (failed["current_status"], failed["failed_code"]) == ("failed", "internal")
        assert "worker" in failed["failed_message"]
        assert (await a2e.clip(whole["_id"]))["failed_code"] == "sandbox_fail"
        assert await a2e.coins() == 10_000
        # The next one finds a worker.
        cover = (await a2e.avatar())["video_cover"]
        preview = await a2e.data("POST", "/userFaceSwapPreview/add", {"face_url": cover, "video_url": cover})
        await a2e.sandbox.control.settle()
        seen = await a2e.data("GET", "/userFaceSwapPreview/status", {"_id": preview["_id"]})
        assert seen["current_status"] == "completed"


async def test_a_render_beyond_the_time_limit_fails_and_is_refunded() -> None:
    async with open_sandbox_client(draft=False, render_seconds=0.05) as a2e:
        clip = await a2e.start_clip(video_time=20)
        await a2e.sandbox.control.settle()
        failed = await a2e.clip(clip["_id"])
        assert (failed["current_status"], failed["failed_code"]) == ("failed", "too_long")
        assert await a2e.coins() == 10_000
