"""The server over its pipes: what is no request is answered, and every end of a client ends it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import ServerProcess, descendants_of, environment_in, running, start_program
from tests.support.systems import UNIX

ENVELOPE = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}


@pytest.mark.parametrize("discoveries", [1, 2])
async def test_a_client_that_only_discovered_may_still_initialize(tmp_path: Path, discoveries: int) -> None:
    async with start_program("--sandbox", folder=tmp_path) as server:
        for _ in range(discoveries):
            found = await server.ask("server/discover", **ENVELOPE)
            assert "2026-07-28" in found["result"]["supportedVersions"]
        await server.initialize()
        assert (await server.call("get_credits"))["credits"] == 10_000


async def test_a_client_that_discovered_may_continue_in_the_newer_protocol(tmp_path: Path) -> None:
    async with start_program("--sandbox", folder=tmp_path) as server:
        await server.ask("server/discover", **ENVELOPE)
        assert (await server.ask("tools/list", **ENVELOPE))["result"]["tools"]
        again = await server.ask("server/discover", **ENVELOPE)
        assert again["result"]["supportedVersions"]


@pytest.mark.parametrize("is_initialized", [True, False])
async def test_what_is_no_request_is_answered_with_an_error(tmp_path: Path, *, is_initialized: bool) -> None:
    async with start_program("--sandbox", folder=tmp_path) as server:
        if is_initialized:
            await server.initialize()
        for line, code in (
            (b"this is not JSON", -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping"', -32700),
            (b"[" * 20_000, -32700),
            (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', -32700),
            (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":"\\ud83d"}}', -32600),
            (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}', -32600),
            (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', -32600),
            (b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]', -32600),
            (b"[]", -32600),
            (b'"text"', -32600),
            (b"null", -32600),
        ):
            await server.send(line + b"\n")
            answer = await server.line()
            assert (answer["id"], answer["error"]["code"]) == (None, code), line
        await server.send(b"\n  \n\r\n")
        if not is_initialized:
            await server.initialize()
        assert (await server.ask("ping"))["result"] == {}
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert await server.ended(within=10) == (0, "", "")


async def test_a_last_line_without_an_end_is_still_answered(tmp_path: Path) -> None:
    async with start_program("--sandbox", folder=tmp_path) as server:
        await server.initialize()
        await server.send(b"\xef\xbb\xbf" + b'{"jsonrpc":"2.0","id":9,"method":"no/such"}\n')
        assert (await server.line())["id"] == 9


@UNIX
async def test_a_terminal_that_is_closed_leaves_the_room_and_the_workers_behind_in_order(tmp_path: Path) -> None:
    async with start_program("serve", "--sandbox", folder=tmp_path) as server:
        await server.initialize()
        await server.call("generate_speech", script="Hello", voice="Aria")
        workers = descendants_of(server.process.pid)
        assert workers
        server.process.send_signal(signal.SIGHUP)
        assert await server.ended(within=10) == (0, "", "")
    assert not running(workers)


@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "answering"])
async def test_a_client_that_only_closes_the_output_ends_the_server(tmp_path: Path, *, is_busy: bool) -> None:
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "a2e_mcp", "--sandbox"),
        env=environment_in(tmp_path),
        cwd=tmp_path,
        stdin=asyncio.subprocess.PIPE,
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    server = ServerProcess(process)
    hello: dict[str, Any] = {"protocolVersion": "2025-06-18", "capabilities": {}}
    hello["clientInfo"] = {"name": "test", "version": "1"}
    await server.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    with os.fdopen(reading, "rb", closefd=False) as output:
        assert json.loads(await asyncio.to_thread(output.readline))["id"] == 1
    if is_busy:
        for number in range(20):
            await server.send({"jsonrpc": "2.0", "id": number + 2, "method": "tools/list"})
    os.close(reading)
    assert process.stderr is not None
    async with asyncio.timeout(10):
        code, errors = await process.wait(), await process.stderr.read()
    assert (code, errors.decode()) == (0, "")


async def test_requests_that_come_once_serving_has_ended_end_nothing_with_a_traceback(tmp_path: Path) -> None:
    program = (
        "import anyio\n"
        "from a2e_mcp.server.stdio import serve_stdio\n"
        "async def serve(incoming, outgoing):\n"
        "    async with incoming, outgoing:\n"
        "        await incoming.receive()\n"
        "async def main():\n"
        "    await serve_stdio(serve, anyio.Event())\n"
        "anyio.run(main)\n"
    )
    ping = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n'
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, env=environment_in(tmp_path), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(ping * 50), 20)
    assert (process.returncode, errors.decode()) == (0, "")


STRAY = """
import asyncio, sys
from contextlib import asynccontextmanager
from pathlib import Path
import anyio, httpx2
from pydantic import SecretStr
from a2e_mcp.client.connection import Connection
from a2e_mcp.server.server import A2EServer
from a2e_mcp.settings import Settings

class Stray(httpx2.AsyncBaseTransport):
    async def handle_async_request(self, request):
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

@asynccontextmanager
async def connect():
    yield Connection("https://a2e.invalid", SecretStr("sk_x"), Stray())

settings = Settings(token=SecretStr("sk_x"), data=Path(sys.argv[1]), output=Path(sys.argv[1]))
anyio.run(A2EServer(settings, connect).run_stdio_async)
"""
"""A server whose requests to A2E cancel the call that makes them, as a library's mistake would."""


async def test_a_call_that_is_cancelled_by_mistake_does_not_end_the_connection(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STRAY, str(tmp_path / "data")),
        env=environment_in(tmp_path),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    server = ServerProcess(process)
    await server.initialize()
    call = {"name": "get_credits", "arguments": {}}
    await server.send({"jsonrpc": "2.0", "id": 1000, "method": "tools/call", "params": call})
    for number in range(2000, 2100):
        await server.send({"jsonrpc": "2.0", "id": number, "method": "ping"})
    answers = {answer["id"]: answer for answer in [await server.line() for _ in range(101)]}
    assert "was interrupted" in answers[1000]["result"]["content"][0]["text"]
    assert process.stdin is not None
    process.stdin.close()
    assert await server.ended(within=10) == (0, "", "")
