"""Jobs: when they finish, who renders them, and what happens when something dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from a2e_mcp.errors import SettingsError
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from tests.support.installing import says_to_install
from tests.support.paths import CHECKOUT
from tests.support.sandbox_client import SENTENCE, SandboxClient, http_client, open_sandbox_client

HOME = CHECKOUT


async def test_a_job_is_done_as_soon_as_it_is_rendered() -> None:
    async with open_sandbox_client() as a2e:
        clip = await a2e.start_clip()
        assert clip["current_status"] == "initialized"
        await a2e.sandbox.control.settle()
        assert (await a2e.clip(clip["_id"]))["current_status"] == "completed"


async def test_an_immediate_start_answers_with_the_finished_job() -> None:
    async with open_sandbox_client(policy="immediate") as a2e:
        clip = await a2e.start_clip()
        assert (clip["current_status"], clip["result_url"] != "") == ("completed", True)


async def test_a_job_takes_its_seconds_by_the_sandbox_clock_and_goes_through_a2es_words() -> None:
    async with open_sandbox_client(policies={"avatar_video": "seconds:100"}) as a2e:
        a2e.sandbox.clock.freeze()
        video = await a2e.start_video(await a2e.speak(SENTENCE))
        await a2e.sandbox.control.settle()
        seen = [(video["status"], video["process"])]
        for _ in range(5):
            a2e.sandbox.control.advance(20)
            now = await a2e.video(video["_id"])
            seen.append((now["status"], now["process"]))
            assert (now["result"] != "") == (now["status"] == "success")
        assert seen == [("init", 0), ("start", 20), ("process", 40), ("process", 60), ("copy", 80), ("success", 100)]
        # What is over stays over.
        a2e.sandbox.clock.reset()
        assert (await a2e.video(video["_id"]))["status"] == "success"


async def test_a_job_takes_its_number_of_polls_whatever_call_asks() -> None:
    async with open_sandbox_client() as a2e:
        a2e.sandbox.control.policy("polls:4", "image_to_video")
        clip = await a2e.start_clip()
        await a2e.sandbox.control.settle()
        seen = [clip["current_status"], (await a2e.clip(clip["_id"]))["current_status"]]
        batch = await a2e.data("POST", "/userImage2Video/batchDetail", {"ids": [clip["_id"]]})
        listed = await a2e.data("GET", "/userImage2Video/allRecords")
        seen += [batch[0]["current_status"], listed["rows"][0]["current_status"]]
        seen.append((await a2e.clip(clip["_id"]))["current_status"])
        assert seen == ["initialized", *["processing"] * 3, "completed"]


async def test_the_poll_that_a_job_finishes_at_waits_for_its_render() -> None:
    async with open_sandbox_client(policy="polls:1") as a2e:
        clip = await a2e.start_clip()
        assert (await a2e.clip(clip["_id"]))["current_status"] == "completed"


async def test_a_start_that_is_waited_for_goes_before_those_that_are_not(tmp_path: Path) -> None:
    async with open_sandbox_client(tmp_path, workers=0) as a2e:
        clips = [(await a2e.start_clip())["_id"] for _ in range(3)]
        marked = {"media_url": (await a2e.background())["img_url"], "watermark_type": "text", "text": "mine"}
        waited = asyncio.create_task(a2e.data("POST", "/watermark/start", marked))
        while not waited.done():
            await asyncio.sleep(0)
            if len(a2e.sandbox.control.inspect()["jobs"]) == 4:
                break
        # One worker finds all of them, and had come to it last if it took them in turn.
        async with open_sandbox(SandboxSettings(folder=tmp_path, draft=True, workers=1)):
            first = await waited
            await a2e.sandbox.control.settle()
        results = [first["result_url"], *[(await a2e.clip(clip))["result_url"] for clip in clips]]
        files = [a2e.sandbox.on_disk(url) for url in results]
        made = [file.stat().st_mtime_ns for file in files if file is not None]
        assert len(made) == 4
        assert made[0] < min(made[1:])


@pytest.mark.parametrize("policy", ["", "sometimes", "seconds:-1", "seconds:nan", "polls:0", "polls:x", "rendered:5"])
async def test_an_unknown_policy_is_refused(policy: str) -> None:
    with pytest.raises(SettingsError, match="unknown policy"):
        async with open_sandbox(SandboxSettings(policy=policy)):
            pass


_WITHOUT_THE_EXTRA = """
import anyio
from tests.support.sandbox_client import open_sandbox_client

async def main():
    async with open_sandbox_client() as a2e:
        refused = await a2e.refused("POST", "/video/send_tts", {"msg": "Hello", "tts_id": await a2e.voice()})
        clip = await a2e.start_clip()
        await a2e.sandbox.control.settle()
        print(refused[0], refused[2])
        refused = await a2e.refused("POST", "/video/lang_classify", {"msg": "Bonjour tout le monde"})
        print(refused[0], refused[2])
        print(await a2e.coins(), (await a2e.clip(clip["_id"]))["failed_message"])

anyio.run(main)
"""


def test_without_the_extra_nothing_renders_and_everything_says_what_to_install(tmp_path: Path) -> None:
    for name in ("av", "numpy", "cv2", "PIL", "espeakng_loader", "py3langid"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('not here', name='{name}')\n")
    seen = subprocess.run(
        [sys.executable, "-c", _WITHOUT_THE_EXTRA],
        env={**os.environ, "PYTHONPATH": f"{HOME}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=True,
    )
    speech, language, clip = seen.stdout.splitlines()
    assert speech.startswith("503 Sandbox")
    assert language.startswith("503 Sandbox")
    assert clip.startswith("10000 ")
    assert all(says_to_install("a2e-mcp[sandbox]", each) for each in (speech, language, clip))


async def test_leaving_in_the_middle_of_a_render_is_quick_and_the_next_opening_finishes_it(tmp_path: Path) -> None:
    async with open_sandbox_client(tmp_path) as a2e:
        clip = await a2e.start_clip(video_time=10)
        worker = (await a2e.running_job())["worker"]
        left = anyio.current_time()
    assert anyio.current_time() - left < 1
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    async with open_sandbox_client(tmp_path) as a2e:
        await a2e.sandbox.control.settle()
        assert (await a2e.clip(clip["_id"]))["current_status"] == "completed"
        assert await a2e.coins() == 10_000 - 200


async def test_deleting_a_running_video_stops_its_render() -> None:
    async with open_sandbox_client(draft=False, workers=1) as a2e:
        video = await a2e.start_video(await a2e.speak(SENTENCE * 8))
        worker = (await a2e.running_job())["worker"]
        await a2e.data("DELETE", f"/video/{video['_id']}")
        assert a2e.sandbox.control.inspect()["jobs"] == []
        await _gone(worker)


async def _gone(process_id: int) -> None:
    with anyio.fail_after(5), contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(process_id, 0)
            await anyio.sleep(0.01)


_DYING = """
import anyio, sys
from pathlib import Path
from tests.support.sandbox_client import open_sandbox_client

async def main():
    async with open_sandbox_client(Path(sys.argv[1])) as a2e:
        clip = await a2e.start_clip(video_time=10, number_of_images=2)
        await a2e.running_job()
        print(clip[0]["_id"], clip[1]["_id"], flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


async def test_the_jobs_of_a_killed_process_are_finished_by_the_next_one(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(HOME)}
    async with await anyio.open_process([sys.executable, "-c", _DYING, str(tmp_path)], env=environment) as dying:
        try:
            assert dying.stdout is not None
            line = await BufferedByteReceiveStream(dying.stdout).receive_until(b"\n", 200)
        finally:
            dying.kill()
    ids = line.decode().split()
    assert len(ids) == 2
    async with open_sandbox_client(tmp_path) as a2e:
        with anyio.fail_after(60):
            await a2e.sandbox.control.settle()
        for clip_id in ids:
            assert (await a2e.clip(clip_id))["current_status"] == "completed"
        assert await a2e.coins() == 10_000 - 400


async def test_two_processes_on_one_folder_share_the_jobs_and_render_none_twice(tmp_path: Path) -> None:
    settings = SandboxSettings(folder=tmp_path, draft=True, workers=1)
    async with (
        open_sandbox(settings) as one,
        open_sandbox(settings) as other,
        http_client(one) as http_one,
        http_client(other) as http_other,
    ):
        first, second = SandboxClient(one, http_one), SandboxClient(other, http_other)
        clips = [*await first.start_clip(number_of_images=3), *await second.start_clip(number_of_images=3)]
        rendered_by: dict[str, set[str]] = {clip["_id"]: set() for clip in clips}
        with anyio.fail_after(60):
            while any(job["phase"] != "rendered" for job in one.control.inspect()["jobs"]):
                for name, sandbox in (("one", one), ("other", other)):
                    for job in sandbox.control.inspect()["jobs"]:
                        if job["worker"] is not None:
                            rendered_by[job["record_id"]].add(name)
                await anyio.sleep(0.005)
        assert all(len(boxes) == 1 for boxes in rendered_by.values())
        assert set.union(*rendered_by.values()) == {"one", "other"}
        for clip in clips:
            assert (await first.clip(clip["_id"]))["current_status"] == "completed"
        assert await second.coins() == 10_000 - 600
