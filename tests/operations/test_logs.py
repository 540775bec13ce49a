"""Logs as JSON lines, from the program itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from mcp import Client

from a2e_mcp import __version__
from tests.support.paths import CHECKOUT
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


ODD = "a\x1b[2J\u202eb"


@pytest.mark.parametrize("log", ["json", "plain"])
async def test_nothing_in_a_log_moves_the_cursor_or_holds_a_token(tmp_path: Path, log: str) -> None:
    # A folder where the trace should be: what cannot be written is a warning that names the path.
    trace = tmp_path / f"{ODD} Bearer {TOKEN} {TOKEN}"
    trace.mkdir()
    given = {"A2E_LOG": "json"} if log == "json" else {}
    async with start_program("--sandbox", folder=tmp_path, A2E_TRACE=str(trace), **given) as server:
        await server.initialize()
        await server.call("get_credits")
        assert server.process.stdin is not None
        server.process.stdin.close()
        _, _, errors = await server.ended(within=10)
    (line,) = [line for line in errors.splitlines() if "cannot be written" in line]
    assert "ab Bearer [token] [token]" in line
    assert "\x1b" not in line
    assert "\u202e" not in line


UNFORESEEN = """
import sys, logging
sys.path.insert(0, sys.argv[1])
from a2e_mcp.operations.{module} import {function}
{function}(sys.argv[2])
try:
    raise LookupError("Illegal header value b'Bearer " + sys.argv[2] + "' \\x1b]0;ti" + "tle\\x07")
except LookupError:
    logging.getLogger("a2e_mcp.server").exception("get_credits failed")
logging.getLogger("x").warning("sent %s to https://me:pass@a.example/x?X-Amz-Signature=77", sys.argv[2])
logging.getLogger("x").warning("of another form: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln and sk_another-0123456789")
"""


@pytest.mark.parametrize(("module", "function"), [("logs", "write_json_lines"), ("plain_lines", "write_plain_lines")])
def test_an_unforeseen_error_is_logged_without_what_its_text_may_hold(module: str, function: str) -> None:
    odd_token = "a token of no known form 7f"
    for token in (TOKEN, odd_token):
        program = [sys.executable, "-c", UNFORESEEN.format(module=module, function=function), str(CHECKOUT), token]
        done = subprocess.run(program, capture_output=True, text=True, check=True)
        assert "LookupError" in done.stderr
        assert "get_credits failed" in done.stderr
        for secret in (token, "me:pass", "Signature", "eyJzdWIi", "another-0123456789", "\x1b", "\\u001b", "title"):
            assert secret not in done.stderr, secret
