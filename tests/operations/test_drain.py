"""A server that is about to end: nothing is started, no one waits, and other servers get the next request."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client

from a2e_mcp.sandbox import SandboxSettings
from tests.support.processes import start_http_server
from tests.support.server import tool_answer
from tests.support.web import open_web_server

UNENDING = SandboxSettings(workers=1, policy="polls:1000")
PICTURE = {"prompt": "A blue house"}


async def test_a_wait_is_answered_at_once_with_what_was_last_seen(tmp_path: Path) -> None:
    async with open_web_server(tmp_path, sandbox_settings=UNENDING) as server:
        job_id = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        seen = anyio.Event()
        waiting = asyncio.create_task(server.ask("wait_for_job", job_ids=[job_id], seconds=25))
        asyncio.get_running_loop().call_later(0.2, seen.set)
        await seen.wait()
        with anyio.fail_after(5):
            server.drain.begin()
            answer = await waiting
        assert answer.data["job_id"] == job_id
        assert answer.data["state"] in ("queued", "running")
        assert "call wait_for_job again" in answer.text
        assert "25 s" not in answer.text
        # One that begins later is answered too, after one look.
        with anyio.fail_after(5):
            later = await server.ask("wait_for_job", job_ids=[job_id], seconds=25)
        assert later.data["state"] in ("queued", "running")


async def test_nothing_is_started_and_all_else_is_answered(tmp_path: Path) -> None:
    async with open_web_server(tmp_path) as server:
        before = (await server.ask("get_credits")).data["credits"]
        server.drain.begin()
        for tool, arguments in (
            ("start_text_to_image", PICTURE),
            ("generate_speech", {"script": "Hello", "voice": "Aria"}),
        ):
            text = await server.refuse(tool, **arguments)
            assert text.startswith("This server is restarting and starts nothing new. Nothing was charged.")
            assert "Call again in a few seconds" in text
        assert (await server.ask("get_credits")).data["credits"] == before
        assert (await server.ask("list_jobs")).data["jobs"] == []


async def test_load_balancers_are_sent_elsewhere(tmp_path: Path) -> None:
    async with open_web_server(tmp_path) as server:
        assert "\na2e_mcp_ready 1.0\n" in (await server.http.get("/metrics")).text
        server.drain.begin()
        ready = await server.http.get("/readyz")
        assert (ready.status_code, ready.json()["problem"]) == (503, "The server is restarting")
        assert (await server.http.get("/healthz")).status_code == 200
        figures = (await server.http.get("/metrics")).text
        assert "\na2e_mcp_draining 1.0\n" in figures
        # Who watches the figures learns it too: they come also while the database is away.
        assert "\na2e_mcp_ready 0.0\n" in figures
        call = await server.http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert call.headers["connection"] == "close"


@pytest.mark.long
async def test_sigterm_answers_those_who_wait_and_ends_in_order(tmp_path: Path) -> None:
    async with start_http_server(tmp_path, A2E_DRAIN_SECONDS="0.5") as (server, address):
        ready = address.replace("/mcp", "/readyz")
        async with httpx2.AsyncClient(trust_env=False) as http, Client(address) as client:
            arguments = {
                "script": "This takes a while to be rendered. " * 3,
                "voice": "Aria",
                "avatar": "Ada",
            }
            started = tool_answer(await client.call_tool("start_avatar_video", arguments))
            waits = {"job_ids": [started.data["job_id"]], "seconds": 30}
            waiting = asyncio.create_task(client.call_tool("wait_for_job", waits))
            assert (await http.get(ready)).status_code == 200
            server.process.send_signal(signal.SIGTERM)
            with anyio.fail_after(10):
                answer = tool_answer(await waiting)
            assert not answer.failed, answer.text
            assert "call wait_for_job again" in answer.text
            # It still answers, and says that it is no longer to be chosen.
            assert (await http.get(ready)).status_code == 503
        code, out, errors = await server.ended(within=10)
    assert (code, out, errors) == (0, "", "")
