"""A tool answers in time; what it started goes on and is found."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from a2e_mcp.ledger.job_ids import parse_job_id
from tests.support.faulty_transport import (
    CLIP,
    CONSENT,
    QUOTE,
    RENDERS,
    SPEECH,
    UPLOAD,
    ControlledServer,
    Gate,
    open_controlled_server,
    video_arguments,
)

SOON = 0.5


async def settled(server: ControlledServer, job_id: str) -> str:
    """The real job id of a start that is still being carried out, once it has one."""
    async with asyncio.timeout(10):
        while (answer := await server.ask("check_status", job_id=job_id)).data["job_id"] == job_id:
            assert answer.data["state"] == "queued"
    real: str = answer.data["job_id"]
    return real


@pytest.mark.parametrize(("tool", "slow"), [("clip", CLIP), ("video", SPEECH)])
async def test_a_start_that_takes_too_long_answers_with_its_job_id_and_continues(
    tmp_path: Path, tool: str, slow: str
) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path, call_seconds=SOON) as server:
        name, arguments = (
            ("start_image_to_video", await server.clip_arguments())
            if tool == "clip"
            else ("start_avatar_video", video_arguments())
        )
        server.transport.on(slow, gate.before)
        answer = await server.ask(name, **arguments)
        await gate.held()
        assert "Still starting; it continues in the background" in answer.text
        assert answer.data["state"] == "queued"
        job_id = answer.data["job_id"]
        assert await server.listed() == {job_id: "queued"}
        same = await server.ask(name, **arguments)
        assert same.data["job_id"] == job_id
        assert "nothing was charged. Ask the user before again=true" in same.text
        gate.opened.set()
        real = await settled(server, job_id)
        assert list(await server.listed()) == [real]
        assert server.transport.attempts[slow] == 1
        assert (await server.ask("list_spending")).data["total"] == server.spent


async def test_waiting_for_a_start_that_is_not_yet_made_ends_with_the_real_job(tmp_path: Path) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS, call_seconds=SOON) as server:
        server.transport.on(CLIP, gate.before)
        job_id = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        gate.opened.set()
        assert (await server.finish(job_id)).data["state"] == "succeeded"
        assert job_id not in await server.listed()


async def test_a_start_refused_after_its_answer_is_reported_under_its_job_id(tmp_path: Path) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS, call_seconds=SOON) as server:
        server.transport.on(CLIP, gate.before)
        start = await server.clip_arguments(title="[sandbox:moderated]")
        job_id = (await server.ask("start_image_to_video", **start)).data["job_id"]
        gate.opened.set()
        answer = await server.finish(job_id)
        assert answer.data["state"] == "failed"
        assert "A minor was detected" in answer.data["error"]
        assert "Nothing was charged." in answer.data["error"]


async def test_a_price_that_takes_too_long_stops_before_anything_is_charged(tmp_path: Path) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path, call_seconds=SOON) as server:
        server.transport.on(QUOTE, gate.before)
        sentence = await server.refuse("start_image_to_video", **await server.clip_arguments())
        assert "did not answer within" in sentence
        assert "Nothing was charged." in sentence
        gate.opened.set()
        assert server.charging_requests == {}
        assert await server.listed() == {}


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_call_that_is_cancelled_leaves_a_recorded_job(tmp_path: Path, moment: str) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        server.transport.on(CLIP, gate.before if moment == "before" else gate.after)
        call = asyncio.create_task(server.ask("start_image_to_video", **await server.clip_arguments()))
        await gate.held()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert call.cancelled()
        own = [job_id for job_id in await server.listed() if parse_job_id(job_id, sandbox=True).own]
        assert len(own) == 1
        gate.opened.set()
        await settled(server, own[0])
        job = await server.finish(own[0])
        assert job.data["state"] == "succeeded"
        assert (server.transport.attempts[CLIP], server.spent) == (1, 100)


async def test_one_who_gives_up_does_not_take_the_start_from_another_who_waits(tmp_path: Path) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, gate.before)
        one, two = (asyncio.create_task(server.ask("start_image_to_video", **arguments)) for _ in range(2))
        await gate.held()
        one.cancel()
        await asyncio.gather(one, return_exceptions=True)
        gate.opened.set()
        assert (await two).data["state"] in ("queued", "running")
        assert server.spent == 100


async def test_a_room_whose_avatar_was_long_looked_for_is_still_mentioned_in_time(tmp_path: Path) -> None:
    looked, paid = Gate(), Gate()
    async with open_controlled_server(tmp_path, call_seconds=SOON) as server:
        server.transport.on("GET /api/v1/streaming-avatar/all_avatars", looked.before)
        server.transport.on("POST /api/v1/streaming-avatar/agora-token", paid.after)
        asyncio.get_running_loop().call_later(SOON + 0.6, looked.opened.set)
        opening = await server.ask("start_streaming", avatar="Ada", seconds=60)
        assert "still opening" in opening.text
        await paid.held()
        assert server.spent == 60
        paid.opened.set()


async def test_an_upload_that_may_have_been_charged_is_said_when_the_call_takes_too_long(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, call_seconds=SOON) as server:
        server.transport.on("POST /api/v1/userFaceSwapImage/add", Gate().before)
        sentence = await server.refuse("add_face_image", image=server.local_picture("a.png"), consent=CONSENT)
        assert "did not answer within" in sentence
        assert "A2E may have charged for this." in sentence
        assert server.transport.attempts[UPLOAD] == 1
