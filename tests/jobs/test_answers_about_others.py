"""Answers that are not about the start that was sent: the job of another, all jobs of the account, a router's clock."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.support.faulty_transport import (
    CLIP,
    CLIPS,
    CREDITS,
    QUOTE,
    Fault,
    Forward,
    answered,
    connect_server,
    cut_after,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
)

FOUND = "answer to the start was lost; the job was found again"


async def test_a_start_answered_with_the_job_of_an_earlier_one_is_looked_for_in_the_account(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        first = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        record = {"_id": first.partition(":")[2], "current_status": "sent"}
        server.transport.on(CLIP, answered(200, {"code": 0, "data": record}))
        second = await server.ask("start_image_to_video", **await server.clip_arguments(prompt="Rain"))
        assert FOUND in second.text
        assert second.data["job_id"] != first
        assert len(await server.listed()) == 2


async def test_a_start_that_made_nothing_is_not_the_job_of_an_earlier_one(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        first = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        record = {"_id": first.partition(":")[2], "current_status": "completed"}
        server.transport.on(CLIP, only_answered(200, {"code": 0, "data": record}))
        said = await server.refuse("start_image_to_video", **await server.clip_arguments(prompt="Rain"))
        assert "A2E's answer names no new job" in said
        assert server.spent == 100


async def test_a_start_answered_with_all_jobs_of_the_account_is_its_own_only(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    async def with_the_list(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        await forward(request)
        async with server.account_client() as http:
            listed = await http.get(CLIPS.partition(" ")[2], params={"pageNum": 1, "pageSize": 10})
        return httpx2.Response(200, content=listed.content, request=request)

    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(elsewhere, sandbox) as other,
        connect_server(tmp_path, sandbox) as server,
    ):
        theirs = (await other.ask("start_image_to_video", **await other.clip_arguments(prompt="Snow"))).data["job_id"]
        first = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        server.transport.on(CLIP, with_the_list)
        second = await server.ask("start_image_to_video", **await server.clip_arguments(prompt="Rain"))
        assert second.data["job_id"] not in (theirs, first)
        assert "Charged 100 credits" in second.text
        assert (await server.ask("list_spending")).data["total"] == 200


def _page(date: str) -> Fault:
    """A page of a router, whose clock never was set."""

    async def fault(request: httpx2.Request, _: Forward) -> httpx2.Response:
        return httpx2.Response(200, html="<html>Welcome</html>", headers={"date": date}, request=request)

    return fault


async def test_an_older_job_is_not_adopted_because_of_a_routers_clock(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        async with server.account_client() as http:
            sent = {"name": "Logo", "image_url": arguments["image"], "prompt": arguments["prompt"], "video_time": 5}
            await http.post("/api/v1/userImage2Video/start", json=sent)
        server.sandbox.control.advance(3600)
        await server.ask("get_credits")
        for call in (QUOTE, CREDITS, CLIP):
            server.transport.on(call, _page("Thu, 01 Jan 1970 00:00:10 GMT"), times=9)
        said = await server.refuse("start_image_to_video", **{**arguments, "title": "Logo"})
        assert "of the same name, which may be this job" in said


async def test_a_lost_start_is_found_whatever_the_clock_of_a_router_says(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for call in (QUOTE, CREDITS):
            server.transport.on(call, _page("Fri, 31 Dec 2100 00:00:00 GMT"), times=9)
        server.transport.on(CLIP, cut_after)
        assert FOUND in (await server.ask("start_image_to_video", **await server.clip_arguments())).text


async def test_a_refusal_that_ends_with_a_full_stop_is_one_sentence(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CLIP, answered(200, {"code": 1, "msg": "Nothing was charged."}))
        said = await server.refuse("start_image_to_video", **await server.clip_arguments())
        assert "Nothing was charged; but the balance fell by 100 credits" in said
