"""When the balance cannot be read after a charge, only the measuring fails: what was made is kept, and it counts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest

from tests.support.faulty_transport import (
    CLIP,
    CREDITS,
    QUOTE,
    SPEECH,
    UPLOAD,
    VIDEO,
    ControlledServer,
    Fault,
    Forward,
    Gate,
    answered,
    connect_server,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)
from tests.support.ledger import entries_of

BLOCKED = only_answered(403, {})
"""What a firewall on the way answers, or A2E when the token has just been taken away."""
SILENT = only_answered(500, {})
REFUSAL = only_answered(400, {"code": 1, "msg": "this avatar is resting"})


def then_no_balance(server: ControlledServer, answer: Fault) -> Fault:
    """A2E does it, and from then on says nothing of the balance."""

    async def fault(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        server.transport.on(CREDITS, answer, times=9)
        return await forward(request)

    return fault


@pytest.mark.parametrize("answer", [BLOCKED, SILENT])
async def test_a_job_that_was_made_is_not_taken_for_refused(tmp_path: Path, answer: Fault) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, then_no_balance(server, answer))
        first = await server.ask("start_image_to_video", **arguments)
        assert "100 credits" in first.text
        again = await server.ask("start_image_to_video", **arguments)
        assert again.data["job_id"] == first.data["job_id"]
        assert (server.spent, server.transport.attempts[CLIP]) == (100, 1)
        assert (await server.ask("list_spending")).data["total"] == 100


@pytest.mark.parametrize("answer", [BLOCKED, SILENT])
async def test_speech_on_the_way_to_a_refused_video_counts_as_it_was_priced(tmp_path: Path, answer: Fault) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(SPEECH, then_no_balance(server, answer))
        server.transport.on(VIDEO, REFUSAL)
        assert "The speech was charged" in await server.refuse("start_avatar_video", **video_arguments())
        assert server.spent == 1
        spending = (await server.ask("list_spending")).data
        assert (spending["total"], spending["spending"][0]["sure"]) == (1, False)


async def test_speech_that_was_made_when_the_server_closed_counts_as_it_was_priced(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox) as first:
            first.transport.on(SPEECH, then_no_balance(first, gate.before))
            call = asyncio.create_task(first.call("start_avatar_video", **video_arguments()))
            await gate.held()
        await asyncio.gather(call, return_exceptions=True)
        async with connect_server(tmp_path, sandbox) as second:
            assert (await second.ask("list_spending")).data["total"] == second.spent == 1


async def test_an_upload_address_that_names_no_file_may_have_been_charged_and_counts(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:

        async def charged(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            server.sandbox.control.seed(credits=server.credits - 3)
            return await answered(200, {"code": 0, "data": {"uploadUrl": "https://example.com/put"}})(request, forward)

        server.transport.on(UPLOAD, charged)
        sentence = await server.refuse("upload_file", path=server.local_picture("a.png"))
        assert "did not say where the file will be" in sentence
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.cost == 3


async def test_what_can_be_counted_neither_by_a_price_nor_by_the_balance_is_not_started(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, daily_credits=3, allow_unpriced=True) as server:
        server.transport.on(QUOTE, only_answered(404, {"code": 404, "msg": "Not Found"}), times=99)
        server.transport.on(CREDITS, SILENT, times=99)
        for number in ("one", "two", "three", "four", "five"):
            said = await server.refuse("generate_speech", script=f"Good day, {number}.", voice="Aria (en-US)")
            assert "A2E does not say now how many credits are left" in said
            assert "Nothing was charged." in said
        assert server.charging_requests == {}
        server.transport.on(CREDITS, SILENT, times=0)
        await server.ask("generate_speech", script="Good day, five.", voice="Aria (en-US)")
        assert (await server.ask("list_spending")).data["total"] == server.spent == 1
