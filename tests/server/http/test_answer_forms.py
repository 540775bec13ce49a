"""Over HTTP what is quickly read is answered with plain JSON; what may take long, or tells progress, by a stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Message

from a2e_mcp.sandbox import SandboxSettings
from a2e_mcp.server.http.answer_forms import PlainOrStream
from a2e_mcp.server.server import A2EServer
from tests.support.server import connection_to, open_account, settings_in
from tests.support.web import open_web_server

OLDER, NEWEST = "2025-11-25", "2026-07-28"
OPEN = TransportSecuritySettings(enable_dns_rebinding_protection=False)
MCP = "io.modelcontextprotocol"
NAMED = {f"{MCP}/protocolVersion": NEWEST, f"{MCP}/clientCapabilities": {}}


def request(
    era: str, tool: str, arguments: Mapping[str, Any] | None = None, *, wants_progress: bool = False
) -> dict[str, Any]:
    """The arguments of httpx for a tool's call."""
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": era}
    params: dict[str, Any] = {"name": tool, "arguments": arguments or {}}
    meta: dict[str, Any] = {"progressToken": "here"} if wants_progress else {}
    if era == NEWEST:
        headers |= {"mcp-method": "tools/call", "mcp-name": tool}
        meta |= NAMED
    if meta:
        params["_meta"] = meta
    return {"json": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, "headers": headers}


@pytest.mark.parametrize("era", [OLDER, NEWEST])
async def test_a_quick_read_is_answered_with_plain_json(era: str, tmp_path: Path) -> None:
    async with open_web_server(tmp_path) as server:
        answer = await server.http.post("/mcp", **request(era, "get_credits"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["result"]["structuredContent"]["credits"] == 10_000


@pytest.mark.parametrize("era", [OLDER, NEWEST])
async def test_who_asks_for_progress_gets_it_as_events(era: str, tmp_path: Path) -> None:
    spoken = {"script": "Good morning.", "voice": "Aria (en-US)"}
    async with open_web_server(tmp_path) as server:
        answer = await server.http.post("/mcp", **request(era, "generate_speech", spoken, wants_progress=True))
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = [json.loads(line[5:]) for line in answer.text.splitlines() if line.startswith("data:") and len(line) > 6]
    assert [each["params"]["progressToken"] for each in told if "method" in each][:1] == ["here"]
    assert told[-1]["result"]["structuredContent"]["results"]


@pytest.mark.parametrize("tool", ["wait_for_job", "generate_speech", "no_such_tool"])
async def test_in_the_older_protocols_all_else_is_a_stream_that_keeps_the_connection_open(
    tool: str, tmp_path: Path
) -> None:
    async with open_web_server(tmp_path) as server:
        answer = await server.http.post("/mcp", **request(OLDER, tool))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"isError":true' in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"[" * 20_000, b'{"method": "tools/call", "params": 7}'])
@pytest.mark.parametrize("era", [OLDER, NEWEST])
async def test_what_is_no_request_is_refused_in_json(era: str, body: bytes, tmp_path: Path) -> None:
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": era}
    headers["content-type"] = "application/json"
    async with open_web_server(tmp_path) as server:
        answer = await server.http.post("/mcp", content=body, headers=headers)
    assert answer.status_code == 400
    assert "error" in answer.json()


class _Silent(httpx2.AsyncBaseTransport):
    """An A2E that does not answer; says when it was asked, and when it was given up."""

    def __init__(self) -> None:
        self.asked, self.given_up = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()
        raise AssertionError


async def test_in_the_newest_protocol_who_hangs_up_ends_the_work(tmp_path: Path) -> None:
    silent = _Silent()
    call = request(NEWEST, "get_credits")
    body = json.dumps(call["json"]).encode()
    headers = {**call["headers"], "content-type": "application/json", "content-length": str(len(body))}
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    messages = iter([{"type": "http.request", "body": body}])

    async def receive() -> Message:
        if (message := next(messages, None)) is not None:
            return message
        await silent.asked.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async with open_account(SandboxSettings(folder=tmp_path / "sandbox", workers=1)) as sandbox:
        server = A2EServer(settings_in(tmp_path), connection_to(sandbox, lambda _: silent))
        server.streamable_http_app(stateless_http=True)
        forms = PlainOrStream(server.session_manager, server.plain_manager(OPEN), "", patience=0.0)
        async with server.session_manager.run(), asyncio.timeout(20):
            await forms(scope, receive, send)
            await silent.given_up.wait()
