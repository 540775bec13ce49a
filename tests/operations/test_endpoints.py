"""What load balancers, orchestrators and Prometheus get from a server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from a2e_mcp import __version__
from a2e_mcp.client.connection import live
from a2e_mcp.ledger.entry import NewEntry, Phase
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.ledger.store import Limits
from a2e_mcp.sandbox import SandboxSettings
from a2e_mcp.server.http.app import web_app
from a2e_mcp.server.server import A2EServer
from a2e_mcp.settings import Settings
from tests.support.server import connection_to, open_account, settings_in
from tests.support.web import ORIGIN, open_web_server

FORWARDED = {"x-forwarded-for": "203.0.113.7"}


def value_of(page: str, name: str, **labels: str) -> float:
    """One figure of a page of metrics; 0 where it has not happened."""
    shown = ",".join(f'{label}="{text}"' for label, text in sorted(labels.items()))
    line = re.search(rf"^{re.escape(name)}(?:{{{re.escape(shown)}}})? (\S+)$", page, re.MULTILINE)
    return float(line[1]) if line else 0.0


async def test_a_server_with_its_data_at_hand_is_ready(tmp_path: Path) -> None:
    async with open_web_server(tmp_path) as server:
        alive = await server.http.get("/healthz")
        assert (alive.status_code, alive.json()) == (200, {"status": "ok", "version": __version__})
        ready = await server.http.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
        assert ready.headers["cache-control"] == "no-store"


async def test_a_server_whose_data_cannot_be_opened_is_alive_and_not_ready_until_it_can(tmp_path: Path) -> None:
    async with open_account(SandboxSettings(workers=1, folder=tmp_path / "sandbox", draft=True)) as sandbox:
        settings = settings_in(tmp_path)
        settings.data.write_text("a file where the folder should be")
        server = A2EServer(settings, connection_to(sandbox))
        app = web_app(server, settings, "127.0.0.1")
        transport = httpx2.ASGITransport(app=app)
        async with server.session_manager.run(), httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as http:
            assert (await http.get("/healthz")).status_code == 200
            refused = await http.get("/readyz")
            assert refused.status_code == 503
            assert str(settings.data) in refused.json()["problem"]
            # What passes a load balancer is for strangers.
            assert (await http.get("/readyz", headers=FORWARDED)).json() == {"status": "not ready"}
            settings.data.unlink()
            assert (await http.get("/readyz")).status_code == 200


async def test_a_server_without_a_token_is_not_ready(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", output=tmp_path / "output", files=())
    server = A2EServer(settings, live(settings))
    transport = httpx2.ASGITransport(app=web_app(server, settings, "127.0.0.1"))
    async with server.session_manager.run(), httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        refused = await http.get("/readyz")
    assert refused.status_code == 503
    assert "A2E_API_TOKEN" in refused.json()["problem"]


class Broken(httpx2.AsyncBaseTransport):
    """A2E behind a mistake of ours."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise KeyError("a mistake")


async def test_metrics_tell_a_mistake_in_the_program_from_a_refusal(tmp_path: Path) -> None:
    async with open_web_server(tmp_path, wrap=lambda _: Broken()) as server:
        assert "Internal error" in await server.refuse("get_credits")
        await server.refuse("check_status", job_id="no such job")
        page = (await server.http.get("/metrics")).text
    assert value_of(page, "a2e_mcp_tool_calls_total", tool="get_credits", outcome="failed") == 1
    assert value_of(page, "a2e_mcp_tool_calls_total", tool="check_status", outcome="refused") == 1


class Silent(httpx2.AsyncBaseTransport):
    """A2E that never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.set()
        return await asyncio.Future()


async def test_metrics_count_a_cancelled_call_as_no_answer(tmp_path: Path) -> None:
    silent = Silent()
    async with open_web_server(tmp_path, wrap=lambda _: silent) as server:
        call = asyncio.create_task(server.call("get_credits"))
        await silent.asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(20):
            while "a2e_mcp_tool_calls_total{" not in (page := (await server.http.get("/metrics")).text):
                pass
    assert value_of(page, "a2e_mcp_tool_calls_total", tool="get_credits", outcome="cancelled") == 1


async def test_metrics_count_calls_and_requests_and_name_no_one(tmp_path: Path) -> None:
    async with open_web_server(tmp_path) as server:
        await server.ask("get_credits")
        await server.refuse("check_status", job_id="avatar_video:000000006720d1f0a1b2c3d4")
        await server.refuse("no_such_tool_7f")
        answer = await server.http.get("/metrics")
        page = answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert value_of(page, "a2e_mcp_tool_calls_total", tool="get_credits", outcome="answered") == 1
    assert value_of(page, "a2e_mcp_tool_calls_total", tool="check_status", outcome="refused") == 1
    assert value_of(page, "a2e_mcp_tool_calls_total", tool="unknown", outcome="refused") == 1
    assert value_of(page, "a2e_mcp_tool_call_seconds_count", tool="get_credits") == 1
    assert value_of(page, "a2e_mcp_a2e_requests_total", call="get_remaining_credits", status="200") == 1
    assert value_of(page, "a2e_mcp_info", version=__version__) == 1
    assert not {"6720d1f0a1b2c3d4", "7f", server.sandbox.token} & set(re.findall(r"\w+", page))


async def test_starts_that_are_not_settled_are_counted_with_their_age(tmp_path: Path) -> None:
    async with open_web_server(tmp_path, public_url="https://a2e.example.com") as server:
        async with open_ledger(
            tmp_path / "data" / "ledger.sqlite3", account=server.sandbox.token, sandbox=True
        ) as ledger:
            phases: tuple[Phase, ...] = ("intended", "sent", "unknown", "refused")
            for number, phase in enumerate(phases):
                new = NewEntry(family="speech", title="Hello", fingerprint=f"{number}")
                outcome = await ledger.insert_or_get_existing(new, limits=Limits())
                await ledger.update(outcome.entry.id, phase=phase, sent=ledger.now() - 90, beat=0.0)
        # A file that its user has not sent yet is no alarm.
        await server.ask("upload_file", path="sea.png")
        page = (await server.http.get("/metrics")).text
        for phase in ("intended", "sent", "unknown"):
            assert value_of(page, "a2e_mcp_starts", phase=phase) == 1
        assert 90 <= value_of(page, "a2e_mcp_oldest_sent_seconds") < 150


async def test_metrics_are_not_for_those_outside(tmp_path: Path) -> None:
    async with open_web_server(tmp_path) as server:
        for headers in (FORWARDED, {"forwarded": "for=203.0.113.7"}, {"via": "1.1 proxy"}):
            assert (await server.http.get("/metrics", headers=headers)).status_code == 404
        assert (await server.http.post("/metrics")).status_code == 404


@pytest.mark.parametrize("path", ["/healthz/", "/ready", "/"])
async def test_other_paths_are_not_found(path: str, tmp_path: Path) -> None:
    async with open_web_server(tmp_path) as server:
        assert (await server.http.get(path)).status_code == 404


async def test_who_hangs_up_in_the_middle_of_a_request_is_no_mistake(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with open_account(SandboxSettings(workers=1, folder=tmp_path / "sandbox", draft=True)) as sandbox:
        server = A2EServer(settings, connection_to(sandbox))
        app = web_app(server, settings, "127.0.0.1")
        headers = [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/json"),
            (b"accept", b"application/json, text/event-stream"),
            (b"content-length", b"100"),
            (b"mcp-protocol-version", b"2026-07-28"),
        ]
        scope = {"type": "http", "method": "POST", "path": "/mcp", "raw_path": b"/mcp", "query_string": b""}
        messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": b"{", "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive() -> dict[str, Any]:
            return messages.pop(0) if len(messages) > 1 else messages[0]

        async def send(_: Any) -> None:
            """No one reads it."""

        async with server.session_manager.run():
            await app({**scope, "headers": headers, "client": None, "http_version": "1.1"}, receive, send)


@pytest.mark.parametrize("host", ["a2e.example.com", "A2E.Example.COM", "a2e.example.com.", "A2E.example.com.:443"])
async def test_a_public_name_is_the_same_however_it_is_spelled(tmp_path: Path, host: str) -> None:
    takes = {"accept": "application/json, text/event-stream", "host": host}
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with open_web_server(tmp_path, public_url="https://a2e.example.com") as server:
        assert (await server.http.get("/metrics", headers=takes)).status_code == 404
        assert (await server.http.post("/mcp", json=ping, headers=takes)).status_code == 200
        other = await server.http.post("/mcp", json=ping, headers={**takes, "host": f"evil.{host}"})
        assert other.status_code == 421
