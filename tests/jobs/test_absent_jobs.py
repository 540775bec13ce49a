"""A lost start whose job is not in the account: it is not counted as spent, and counts again once it appears."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2

from tests.support.faulty_transport import (
    CLIP,
    CLIPS,
    ControlledServer,
    Forward,
    answered,
    cut_after,
    only_answered,
    open_controlled_server,
    video_arguments,
)
from tests.support.faulty_transport import SPEECH as SPEAK

NEVER_ARRIVED = only_answered(502, "bad gateway")


async def spent(server: ControlledServer) -> float:
    """What list_spending says was spent."""
    return float((await server.ask("list_spending")).data["total"])


def later(server: ControlledServer, seconds: float) -> None:
    """Let time pass here and at A2E."""
    server.clock.ahead += seconds
    server.sandbox.control.advance(seconds)


async def test_a_job_that_never_arrived_is_not_counted_as_spent(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, NEVER_ARRIVED)
        assert "Not found in the account yet" in await server.refuse("start_image_to_video", **arguments)
        assert await spent(server) == 100
        later(server, 300)
        assert "the job is not in the account" in await server.refuse("start_image_to_video", **arguments)
        assert await spent(server) == server.spent == 0
        (job_id,) = await server.listed()
        assert "so it counts as not charged" in (await server.ask("check_status", job_id=job_id)).text
        # It is not made again by itself all the same.
        await server.refuse("start_image_to_video", **arguments)
        await server.ask("start_image_to_video", **arguments, again=True)
        assert await spent(server) == server.spent == 100


async def test_a_job_that_appears_after_all_is_adopted_and_counted(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, cut_after)
        empty = only_answered(200, {"code": 0, "data": {"rows": []}})
        server.transport.on(CLIPS, empty, times=3)
        await server.refuse("start_image_to_video", **arguments)
        later(server, 300)
        server.transport.on(CLIPS, empty)
        await server.refuse("start_image_to_video", **arguments)
        assert await spent(server) == 0
        assert "found again" in (await server.ask("start_image_to_video", **arguments)).text
        assert await spent(server) == server.spent == 100


async def test_an_account_of_many_jobs_is_read_only_as_far_back_as_the_lost_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for _ in range(4):
            body = {"name": "Old", "image_url": "https://example.com/a.png"}
            server.sandbox.control.seed(records=[{"family": "image_to_video", "body": body}] * 100)
            later(server, 600)
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, NEVER_ARRIVED)
        await server.refuse("start_image_to_video", **arguments)
        for _ in range(2):
            # However many jobs were made since, it is looked for among all of them.
            sentence = await server.refuse("start_image_to_video", **arguments)
            assert "the job is not in the account" in sentence
            assert "again=true" in sentence
            for _ in range(5):
                later(server, 60)
                server.sandbox.control.seed(records=[{"family": "image_to_video", "body": body}] * 100)


async def test_a_list_that_grows_while_it_is_read_shows_the_lost_job_twice_and_it_is_found(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:

        async def twice(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            answer = await forward(request)
            shown = json.loads(await answer.aread())
            shown["data"]["rows"] *= 2
            return httpx2.Response(200, json=shown, request=request)

        server.transport.on(CLIP, cut_after)
        server.transport.on(CLIPS, twice, times=3)
        answer = await server.ask("start_image_to_video", **await server.clip_arguments())
        assert "found again" in answer.text
        assert server.spent == 100


async def test_of_a_video_whose_speech_was_lost_only_the_speech_is_counted(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(SPEAK, answered(500, {"code": 500, "msg": "boom"}))
        script = "A good morning to all of you who are here today, and to all who could not come. " * 4
        quoted = await server.ask("quote_job", tool="start_avatar_video", arguments=video_arguments(script=script))
        speech = quoted.data["steps"][0]["credits"]
        await server.refuse("start_avatar_video", **video_arguments(script=script))
        assert await spent(server) == server.spent == speech < quoted.data["credits"]


async def test_a_clock_that_was_set_back_does_not_keep_the_user_from_starting_again(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, NEVER_ARRIVED)
        await server.refuse("start_image_to_video", **arguments)
        server.clock.ahead -= 3600
        server.sandbox.control.advance(300)
        assert "the job is not in the account" in await server.refuse("start_image_to_video", **arguments)
        await server.ask("start_image_to_video", **arguments, again=True)
        assert server.spent == 100
