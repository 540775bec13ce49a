"""Live rooms are paid in advance: one that was paid for is known, told, left with its server, and counted once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2

from tests.support.faulty_transport import (
    CREDITS,
    PATIENT,
    Gate,
    connect_server,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
)

OPEN = "POST /api/v1/streaming-avatar/agora-token"
CONTEXT = "POST /api/v1/streaming-avatar/set-qa-context"
LEAVE = "POST /api/v1/streaming-avatar/leave"
REFUSAL = only_answered(400, {"code": 1, "msg": "no context today"})


async def test_a_room_that_was_paid_for_is_mentioned_when_its_context_cannot_be_set(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CONTEXT, REFUSAL)
        opened = await server.ask("start_streaming", avatar="Ada", seconds=60, context="We open at nine.")
        assert "Charged 60 credits" in opened.text
        assert "Nothing was charged" not in opened.text
        assert "no context today" in opened.text
        assert "set_streaming_qa_context" in opened.text
        assert opened.links == (opened.data["page"],)


async def test_a_room_whose_context_takes_too_long_is_mentioned_in_time(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, call_seconds=3.0) as server:
        server.transport.on(CONTEXT, Gate().before)
        opened = await server.ask("start_streaming", avatar="Ada", seconds=60, context="We open at nine.")
        assert "Charged 60 credits" in opened.text
        assert "did not answer in time" in opened.text
        assert opened.links == (opened.data["page"],)


async def test_a_room_that_is_being_opened_when_the_server_ends_is_left_too(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox, closing_seconds=PATIENT) as first:
            before = first.credits
            first.transport.on(OPEN, gate.after)
            call = asyncio.create_task(first.call("start_streaming", avatar="Ada", seconds=600))
            call.add_done_callback(lambda _: gate.opened.set())
            await gate.held()
        await asyncio.gather(call, return_exceptions=True)
        async with connect_server(tmp_path, sandbox) as second:
            assert before - second.credits < 10
            assert "open_rooms" not in (await second.ask("get_credits")).data


async def test_a_room_whose_price_was_being_read_when_the_server_ended_is_known_and_left(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox) as first:
            before = first.credits
            opening = Gate()
            first.transport.on(OPEN, opening.before)
            call = asyncio.create_task(first.call("start_streaming", avatar="Ada", seconds=600))
            await opening.held()
            first.transport.on(CREDITS, gate.before)
            opening.opened.set()
            await gate.held()
        await asyncio.gather(call, return_exceptions=True)
        async with connect_server(tmp_path, sandbox) as second:
            assert before - second.credits < 10
            (row,) = (await second.ask("list_spending")).data["spending"]
            assert "open_rooms" not in (await second.ask("get_credits")).data
            assert row["credits"] > 0


async def test_a_room_that_another_server_left_is_closed_when_its_page_leaves_it(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox) as two,
        httpx2.AsyncClient(trust_env=False) as browser,
    ):
        page = (await one.ask("start_streaming", avatar="Ada", seconds=60)).data["page"]
        await two.ask("leave_streaming")
        own = {"Origin": page.rpartition("/")[0].rpartition("/")[0]}
        assert (await browser.post(f"{page}leave", headers=own)).status_code == 204
        closed = await browser.get(page)
        assert (closed.status_code, closed.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "<p>You have left the room. It was over already.</p>" in closed.text
        style = await browser.get(f"{page}room.css")
        assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


async def test_rooms_that_are_left_at_the_same_time_do_not_count_each_others_refunds(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox, closing_seconds=PATIENT) as server:
            for avatar in ("Ada", "Bruno"):
                await server.ask("start_streaming", avatar=avatar, seconds=60)
            sandbox.control.advance(30)
            server.transport.on(LEAVE, gate.before, times=2)
            asyncio.get_running_loop().call_later(0.2, gate.opened.set)
        async with connect_server(tmp_path, sandbox) as second:
            assert second.spent > 50
            spending = (await second.ask("list_spending")).data
            assert spending["total"] == second.spent
            assert all(row["sure"] for row in spending["spending"])


async def test_credits_that_came_from_elsewhere_are_not_reported_as_a_rooms(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_streaming", avatar="Ada", seconds=60)
        gate = Gate()
        server.transport.on(LEAVE, gate.before)
        call = asyncio.create_task(server.ask("leave_streaming"))
        await gate.held()
        server.sandbox.control.seed(credits=server.credits + 500)
        gate.opened.set()
        assert "did not report a refund" in (await call).text
