"""Whatever a call meets, its answer leaves in time; what was begun ends in the background and is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import ResourceTemplateReference

from a2e_mcp.ledger.job_ids import parse_job_id
from tests.support.faulty_transport import (
    CLIP,
    CONSENT,
    CREDITS,
    ControlledServer,
    Forward,
    Gate,
    open_controlled_server,
)
from tests.support.ledger import locked

T = TypeVar("T")

SOON = 1.0
IN_TIME = 8.0
"""Seconds in which the answer is there on a busy computer too; a lock is waited for longer."""
AVATARS = "GET /api/v1/anchor/character_list"
TIMED_OUT = f"within {SOON:g} s"


class Unstoppable(Gate):
    """A fault that holds a request as a slow disk does, or a look-up of a name: a cancellation changes nothing.

    At the end of the `with` it is open.
    """

    def __enter__(self) -> Unstoppable:
        return self

    def __exit__(self, *problem: object) -> None:
        self.opened.set()

    async def hold(self, request: httpx2.Request, forward: Forward) -> httpx2.Response:
        self.reached.set()
        while not self.opened.is_set():
            try:
                await self.opened.wait()
            except asyncio.CancelledError:
                continue
        return await forward(request)


async def stray_cancellation(request: httpx2.Request, forward: Forward) -> httpx2.Response:
    """A fault that cancels its own call, as a library's mistake would."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)
    return await forward(request)


async def in_time(answer: Awaitable[T]) -> T:
    """What comes in time."""
    async with asyncio.timeout(IN_TIME):
        return await answer


@asynccontextmanager
async def hurried_server(folder: Path, **changes: Any) -> AsyncIterator[ControlledServer]:
    """A server whose services are open and whose calls are short."""
    async with open_controlled_server(folder, call_seconds=SOON, **changes) as server:
        await server.call("get_credits")
        yield server


async def job_of(server: ControlledServer) -> str:
    """The only job of an account, once A2E has given it an id."""
    async with asyncio.timeout(IN_TIME):
        while True:
            jobs = list(await server.listed())
            if jobs and not parse_job_id(jobs[0], sandbox=True).own:
                (job_id,) = jobs
                return job_id


async def test_a_start_is_answered_in_time_while_another_program_has_the_ledger_locked(tmp_path: Path) -> None:
    async with hurried_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        await server.call("quote_job", tool="start_image_to_video", arguments=arguments)
        with locked(tmp_path / "data" / "ledger.sqlite3"):
            start = asyncio.create_task(server.refuse("start_image_to_video", **arguments))
            await asyncio.sleep(0)
            # These only read, and stand behind the one that waits.
            others = [server.call(tool) for tool in ("list_jobs", "get_credits", "list_spending")]
            sentence, _ = await in_time(asyncio.gather(start, asyncio.gather(*others)))
        assert TIMED_OUT in sentence
        assert "A2E may have charged for this." in sentence
        assert "list_jobs" in sentence
        # What was begun was not cut: it is made once, and found.
        job_id = await job_of(server)
        again = await server.ask("start_image_to_video", **arguments)
        assert again.data["job_id"] == job_id
        assert (server.spent, server.transport.attempts[CLIP]) == (100, 1)


async def test_a_start_under_way_is_answered_with_its_job_id_when_the_ledger_is_locked_meanwhile(
    tmp_path: Path,
) -> None:
    gate = Gate()
    async with hurried_server(tmp_path) as server:
        server.transport.on(CLIP, gate.before)
        start = asyncio.create_task(server.ask("start_image_to_video", **await server.clip_arguments()))
        await gate.held()
        with locked(tmp_path / "data" / "ledger.sqlite3"):
            gate.opened.set()
            answer = await in_time(start)
        assert "Still starting; it continues in the background" in answer.text
        await job_of(server)
        assert server.spent == 100


async def test_a_call_whose_step_cannot_be_stopped_is_answered_all_the_same(tmp_path: Path) -> None:
    async with hurried_server(tmp_path) as server:
        with Unstoppable() as gate:
            server.transport.on(CREDITS, gate.hold)
            sentence = await in_time(server.refuse("get_credits"))
            assert gate.reached.is_set()
            assert TIMED_OUT in sentence
            assert "charged" not in sentence
            gate.opened.set()
            assert (await server.ask("get_credits")).data["credits"] == server.credits


async def test_what_may_have_been_charged_is_said_when_a_step_cannot_be_stopped(tmp_path: Path) -> None:
    async with hurried_server(tmp_path) as server:
        with Unstoppable() as gate:
            server.transport.on("POST /api/v1/userFaceSwapImage/add", gate.hold)
            picture = server.local_picture("a.png")
            sentence = await in_time(server.refuse("add_face_image", image=picture, consent=CONSENT))
            assert gate.reached.is_set()
            assert "A2E may have charged for this." in sentence
            gate.opened.set()


@pytest.mark.parametrize("call", [CREDITS, AVATARS])
async def test_a_call_that_is_cancelled_by_mistake_costs_that_call_alone(tmp_path: Path, call: str) -> None:
    tool = "get_credits" if call == CREDITS else "list_avatars"
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(call, stray_cancellation)
        sentence = await in_time(server.refuse(tool))
        assert "was interrupted" in sentence
        assert not (await in_time(server.call(tool))).failed


async def test_a_host_that_gives_up_is_let_go_at_once_and_the_server_stays(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        with Unstoppable() as gate:
            server.transport.on(CREDITS, gate.hold)
            call = asyncio.create_task(server.ask("get_credits"))
            await gate.held()
            call.cancel()
            await in_time(asyncio.wait({call}))
            assert call.cancelled()
            gate.opened.set()
            assert (await server.ask("get_credits")).data["credits"] == server.credits


async def test_a_resource_is_answered_in_time(tmp_path: Path) -> None:
    async with hurried_server(tmp_path) as server:
        with Unstoppable() as gate:
            server.transport.on(AVATARS, gate.hold)
            with pytest.raises(MCPError, match=TIMED_OUT):
                await in_time(server.client.read_resource("a2e://avatars"))
            gate.opened.set()
            assert (await server.client.read_resource("a2e://avatars")).contents


async def test_a_completion_is_answered_in_time(tmp_path: Path) -> None:
    async with hurried_server(tmp_path) as server:
        with Unstoppable() as gate:
            server.transport.on(AVATARS, gate.hold)
            resource = ResourceTemplateReference(type="ref/resource", uri="a2e://avatars/{avatar_id}")
            found = await in_time(server.client.complete(resource, {"name": "avatar_id", "value": "A"}))
            assert found.completion.values == []
            gate.opened.set()
