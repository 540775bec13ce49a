"""Traces: what a server does for a call is in the caller's trace, and leaves only for a collector that is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from a2e_mcp.loopback import LOOPBACK, listen, serve_until_cancelled
from tests.support.processes import run, start_http_server, start_program
from tests.support.token_watch import TOKEN
from tests.support.workers import health_of, until_ready

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
EXPORTED = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}


async def call(http: httpx2.AsyncClient, address: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """The answer of a tool that is called from inside a trace."""
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": tool,
    }
    meta = {
        "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
        "baggage": "userId=ada",
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = await http.post(address, json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["result"]
    assert not result.get("isError"), result
    return result


@dataclass(frozen=True)
class SeenSpan:
    """A span as a collector gets it."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, str]


class Collector:
    """Takes what is sent by OTLP."""

    def __init__(self) -> None:
        self.received = b""
        self.spans: list[SeenSpan] = []
        self._changed = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        self.received += body
        self.spans += spans_in(body)
        self._changed.set()
        self._changed = anyio.Event()
        await Response(status_code=200)(scope, receive, send)

    async def has(self, is_all: Callable[[Sequence[SeenSpan]], bool]) -> None:
        """Wait until these spans are what is wanted."""
        with anyio.fail_after(30):
            while not is_all(self.spans):
                await self._changed.wait()


def spans_in(body: bytes) -> list[SeenSpan]:
    return [
        SeenSpan(
            service=next(each.value.string_value for each in sent.resource.attributes if each.key == "service.name"),
            name=span.name,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            attributes={each.key: each.value.string_value for each in span.attributes},
        )
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in sent.scope_spans
        for span in scope.spans
    ]


@asynccontextmanager
async def open_collector() -> AsyncIterator[tuple[Collector, str]]:
    collector, listener = Collector(), listen(LOOPBACK, 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve_until_cancelled, collector, listener)
        yield collector, f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        tasks.cancel_scope.cancel()


async def test_a_request_to_a2e_is_in_the_trace_of_the_call(tmp_path: Path) -> None:
    async with (
        open_collector() as (collector, endpoint),
        start_http_server(tmp_path, **EXPORTED, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as (_, address),
        httpx2.AsyncClient(trust_env=False, timeout=30) as http,
    ):
        await call(http, address, "get_credits")
        await collector.has(lambda spans: "tools/call get_credits" in {each.name for each in spans})
        (asked,) = [each for each in collector.spans if each.name == "tools/call get_credits"]
        inside = {each.name for each in collector.spans if each.trace == TRACE and each.parent == asked.id}
        assert (asked.service, asked.trace, inside) == ("a2e-mcp", TRACE, {"A2E get_remaining_credits"})
        assert b"/api/v1/user/remainingCoins" in collector.received
        assert TOKEN.encode() not in collector.received


async def test_what_a_worker_does_for_a_start_is_in_the_trace_of_the_call_that_left_it(
    tmp_path: Path, database_address: str
) -> None:
    where = {"A2E_DATABASE": database_address}
    key = run("users", "add", "ada", folder=tmp_path, **where).stdout.strip()
    async with open_collector() as (collector, endpoint):
        exported = {**where, **EXPORTED, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        async with (
            start_program("worker", "--sandbox", "--health", "127.0.0.1:0", folder=tmp_path, **exported) as worker,
            start_http_server(tmp_path, **exported, OTEL_SERVICE_NAME="ours") as (_, address),
            httpx2.AsyncClient(trust_env=False, timeout=30, headers={"authorization": f"Bearer {key}"}) as http,
        ):
            await until_ready(http, await health_of(worker))
            made = await call(http, address, "start_text_to_image", prompt="A blue house")
            await collector.has(
                lambda spans: {"tools/call start_text_to_image", "start text_to_image"} <= {each.name for each in spans}
            )
            (asked,) = [each for each in collector.spans if each.name == "tools/call start_text_to_image"]
            (done,) = [each for each in collector.spans if each.name == "start text_to_image"]
            assert (asked.service, asked.trace) == ("ours", TRACE)
            assert (done.service, done.trace, done.parent) == ("a2e-mcp-worker", TRACE, asked.id)
            assert made["structuredContent"]["job_id"].startswith("text_to_image:")
            sent = [each.name for each in collector.spans if each.parent == done.id]
            assert "A2E start_text_to_image" in sent
            # What callers send along besides may name people.
            assert b"userId" not in collector.received
