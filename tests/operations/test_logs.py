"""Logs as JSON lines, from the program itself."""

from __future__ import annotations

import json
import signal
from datetime import datetime
from pathlib import Path

import httpx2
from mcp import Client

from a2e_mcp import __version__
from tests.support.processes import start_program
from tests.support.token_watch import TOKEN


async def test_every_line_is_an_object_with_its_time_level_and_call(tmp_path: Path) -> None:
    # A port of the system's choice is read from the first line.
    async with start_program("--sandbox", "--http", "127.0.0.1:0", folder=tmp_path, A2E_LOG="json") as server:
        assert server.process.stderr is not None
        greeting = json.loads(await server.process.stderr.readline())
        assert greeting["message"].startswith(f"a2e-mcp {__version__} at http://")
        address = greeting["message"].split(" at ")[1].split(" ")[0]
        async with Client(address) as client:
            await client.call_tool("get_credits", {})
            await client.call_tool("check_status", {"job_id": "secret words"})
        async with httpx2.AsyncClient(trust_env=False) as http:
            assert (await http.get(address.replace("/mcp", "/healthz"))).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        code, out, errors = await server.ended(within=10)
    lines = [json.loads(line) for line in errors.splitlines()]
    calls = [line for line in lines if "tool" in line]
    assert [(line["tool"], line["outcome"]) for line in calls] == [
        ("get_credits", "answered"),
        ("check_status", "refused"),
    ]
    for line in [greeting, *lines]:
        assert datetime.fromisoformat(line["time"]).utcoffset() is not None
        assert line["level"] in ("info", "warning")
        assert line["logger"].startswith("a2e_mcp.")
    assert all(line["milliseconds"] >= 0 for line in calls)
    assert "secret words" not in errors
    assert TOKEN not in errors
    assert (code, out) == (0, "")


async def test_a_server_on_stdio_logs_so_too(tmp_path: Path) -> None:
    async with start_program("--sandbox", folder=tmp_path, A2E_LOG="json") as server:
        await server.initialize()
        await server.call("get_credits")
        server.process.send_signal(signal.SIGTERM)
        _, out, errors = await server.ended(within=10)
    assert out == ""
    (line,) = map(json.loads, errors.splitlines())
    assert (line["tool"], line["message"]) == ("get_credits", "get_credits was answered")
