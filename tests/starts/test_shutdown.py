"""Servers that end, cleanly or not, forget nothing that was paid."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.support.faulty_transport import (
    CLIP,
    CREDITS,
    PATIENT,
    RENDERS,
    SPEECH,
    VIDEO,
    Clock,
    Gate,
    connect_server,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)
from tests.support.ledger import entries_of
from tests.support.server import tool_answer
from tests.support.systems import UNIX

SILENT = 31.0
"""Seconds after which a server that said nothing is taken for dead."""


async def test_a_request_in_flight_when_the_server_closes_is_found_by_the_next_one(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox) as first:
            arguments = await first.clip_arguments()
            first.transport.on(CLIP, gate.after)
            call = asyncio.create_task(first.call("start_image_to_video", **arguments))
            await gate.held()
        await asyncio.gather(call, return_exceptions=True)
        (entry,) = await entries_of(sandbox, tmp_path)
        assert entry.phase == "sent"
        async with connect_server(tmp_path, sandbox) as second:
            (job_id,) = await second.listed()
            assert job_id != entry.own_job_id
            assert (await second.ask("check_status", job_id=entry.own_job_id)).data["job_id"] == job_id
            again = await second.ask("start_image_to_video", **arguments)
            assert again.data["job_id"] == job_id
            assert (second.spent, second.transport.attempts[CLIP]) == (100, 0)
            assert (await second.ask("list_spending")).data["total"] == 100


async def test_an_answer_that_comes_while_the_server_closes_is_still_written_down(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox, closing_seconds=PATIENT) as first:
            first.transport.on(CLIP, gate.after)
            call = asyncio.create_task(first.call("start_image_to_video", **await first.clip_arguments()))
            # A client that closes ends its calls before its server has come to an end.
            call.add_done_callback(lambda _: gate.opened.set())
            await gate.held()
        await asyncio.gather(call, return_exceptions=True)
        (entry,) = await entries_of(sandbox, tmp_path)
        assert entry.phase == "started"
        assert entry.charged == 100


async def test_a_server_that_is_ended_by_a_signal_writes_down_what_it_had_sent(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:

        async def serve() -> None:
            async with connect_server(tmp_path, sandbox, closing_seconds=PATIENT) as server:
                server.transport.on(CLIP, gate.after)
                try:
                    await server.call("start_image_to_video", **await server.clip_arguments())
                finally:
                    # The server has not come to an end yet.
                    gate.opened.set()

        serving = asyncio.create_task(serve())
        await gate.held()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        assert serving.cancelled()
        (entry,) = await entries_of(sandbox, tmp_path)
        assert entry.phase == "started"


async def test_a_start_that_had_not_left_when_the_server_closed_may_be_made_at_once(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox) as first:
            first.transport.on(CREDITS, gate.before)
            call = asyncio.create_task(first.call("start_image_to_video", **await first.clip_arguments()))
            await gate.held()
        await asyncio.gather(call, return_exceptions=True)
        async with connect_server(tmp_path, sandbox) as second:
            (row,) = (await second.ask("list_jobs")).data["jobs"]
            assert (row["state"], row["error"]) == ("failed", "It was interrupted before it was sent.")
            answer = await second.ask("start_image_to_video", **await second.clip_arguments())
            assert "nothing was charged. Ask the user before again=true" not in answer.text
            assert second.spent == 100


async def test_a_server_that_died_before_sending_does_not_stop_the_next_one(tmp_path: Path) -> None:
    gate = Gate()
    late = Clock(ahead=SILENT)
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox, late) as two,
    ):
        arguments = await one.clip_arguments()
        one.transport.on(CREDITS, gate.before)
        first = asyncio.create_task(one.call("start_image_to_video", **arguments))
        await gate.held()
        await two.ask("start_image_to_video", **arguments)
        gate.opened.set()
        # It was not dead after all, only silent: it must not send a second one now.
        answer = await first
        assert answer.failed
        assert "taken this start over" in answer.text
        assert (one.spent, one.transport.attempts[CLIP], two.transport.attempts[CLIP]) == (100, 0, 1)


@pytest.mark.parametrize("slow", [SPEECH, VIDEO])
async def test_what_a_dead_server_had_sent_is_not_sent_again(tmp_path: Path, slow: str) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox, Clock(ahead=SILENT)) as two,
    ):
        one.transport.on(slow, gate.before)
        first = asyncio.create_task(one.call("start_avatar_video", **video_arguments()))
        await gate.held()
        assert "A2E may have charged" in await two.refuse("start_avatar_video", **video_arguments())
        (row,) = (await two.ask("list_jobs")).data["jobs"]
        assert row["state"] == "unknown"
        assert two.charging_requests == {}
        gate.opened.set()
        assert not (await first).failed


async def test_a_server_that_is_slow_but_alive_is_waited_for_and_not_overtaken(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox, Clock(ahead=SILENT - 11), call_seconds=0.5) as two,
    ):
        arguments = await one.clip_arguments()
        one.transport.on(CREDITS, gate.before)
        first = asyncio.create_task(one.ask("start_image_to_video", **arguments))
        await gate.held()
        assert (
            "Still starting; it continues in the background"
            in (await two.ask("start_image_to_video", **arguments)).text
        )
        gate.opened.set()
        await first
        assert (one.spent, two.transport.attempts[CLIP]) == (100, 0)


async def test_a_start_that_takes_long_is_not_taken_for_dead(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, clock := Clock(), beat_seconds=0.02) as one,
        connect_server(tmp_path, sandbox, clock, call_seconds=0.5) as two,
    ):
        arguments = await one.clip_arguments()
        one.transport.on(CREDITS, gate.before)
        first = asyncio.create_task(one.ask("start_image_to_video", **arguments))
        await gate.held()
        clock.ahead += SILENT
        async with asyncio.timeout(10):
            while set((await two.listed()).values()) != {"queued"}:
                assert not first.done()
        assert (
            "Still starting; it continues in the background"
            in (await two.ask("start_image_to_video", **arguments)).text
        )
        gate.opened.set()
        await first
        assert (one.spent, two.transport.attempts[CLIP]) == (100, 0)


async def test_nothing_is_lost_when_server_and_sandbox_start_again(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        started = await server.ask("start_image_to_video", **await server.clip_arguments())
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        assert (await server.finish(started.data["job_id"])).data["state"] == "succeeded"
        assert server.spent == 100


# The process keeps its number when it becomes the server.
BECOME_SERVER = """
import os, sys
with open(sys.argv[1], "w") as file:
    file.write(str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "a2e_mcp", "serve", "--sandbox"])
"""


def real_server(folder: Path) -> StdioServerParameters:
    """The server as a client starts it, on stdio, with everything in one folder."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-c", BECOME_SERVER, str(folder / "pid")],
        env={"A2E_DATA_DIR": str(folder / "data"), "A2E_OUTPUT_DIR": str(folder / "out")},
    )


async def asked(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured answer of a tool that must succeed."""
    answer = tool_answer(await client.call_tool(tool, arguments))
    assert not answer.failed, answer.text
    return dict(answer.data)


@UNIX
async def test_a_job_survives_kill_9_of_its_server_during_the_render(tmp_path: Path) -> None:
    async with Client(real_server(tmp_path)) as client:
        started = await asked(client, "start_avatar_video", **video_arguments(script="This is one sentence."))
        assert started["state"] in ("queued", "running")
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    async with Client(real_server(tmp_path)) as client, asyncio.timeout(60):
        (row,) = (await asked(client, "list_jobs"))["jobs"]
        assert row["job_id"] == started["job_id"]
        assert row["state"] in ("queued", "running")
        again = await asked(client, "start_avatar_video", **video_arguments(script="This is one sentence."))
        assert again["job_id"] == started["job_id"]
        job = again
        while job["state"] not in ("succeeded", "failed"):
            job = await asked(client, "wait_for_job", job_ids=[started["job_id"]])
        assert job["state"] == "succeeded"
        assert job["results"]
