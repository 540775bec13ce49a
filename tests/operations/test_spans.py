"""Traces: what a server does for a call is in the caller's trace, and leaves only for a collector that is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from a2e_mcp.loopback import LOOPBACK, listen, serve_until_cancelled
from tests.support.processes import start_http_server
from tests.support.token_watch import TOKEN

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {
        "name": "get_credits",
        "arguments": {},
        "_meta": {
            "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    },
}
HEADERS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "get_credits",
}


class Collector:
    """Takes what is sent by OTLP, as it is."""

    def __init__(self) -> None:
        self.received = b""
        self.has_all = anyio.Event()
        self.wanted: tuple[bytes, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.received += await Request(scope, receive).body()
        if all(each in self.received for each in self.wanted):
            self.has_all.set()
        await Response(status_code=200)(scope, receive, send)


@asynccontextmanager
async def open_collector() -> AsyncIterator[tuple[Collector, str]]:
    collector, listener = Collector(), listen(LOOPBACK, 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve_until_cancelled, collector, listener)
        yield collector, f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        tasks.cancel_scope.cancel()


async def test_a_request_to_a2e_is_in_the_trace_of_the_call(tmp_path: Path) -> None:
    async with open_collector() as (collector, endpoint):
        collector.wanted = (bytes.fromhex(TRACE), b"tools/call get_credits", b"A2E get_remaining_credits")
        exported = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        }
        async with (
            start_http_server(tmp_path, **exported) as (_, address),
            httpx2.AsyncClient(trust_env=False, headers=HEADERS, timeout=30) as http,
        ):
            answer = await http.post(address, json=CALL)
            assert answer.status_code == 200, answer.text
            with anyio.fail_after(15):
                await collector.has_all.wait()
    # Of this trace are both the call and the request inside it.
    assert collector.received.count(bytes.fromhex(TRACE)) >= 2
    assert b"/api/v1/user/remainingCoins" in collector.received
    assert TOKEN.encode() not in collector.received
