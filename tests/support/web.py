"""The whole web application in memory, as a load balancer and the clients behind it see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from a2e_mcp.loopback import LOOPBACK, listen, serve_until_cancelled
from a2e_mcp.operations.drain import Drain
from a2e_mcp.operations.operation import Operation
from a2e_mcp.operations.prometheus import PrometheusMeasurements
from a2e_mcp.sandbox import SandboxSettings
from a2e_mcp.server.http.app import web_app
from a2e_mcp.server.server import A2EServer
from a2e_mcp.server.timing import Timing
from tests.support.server import ServerUnderTest, Wrap, connection_to, open_account, settings_in

if TYPE_CHECKING:
    from starlette.types import ASGIApp

ORIGIN = "http://127.0.0.1"


@dataclass(frozen=True)
class WebServerUnderTest(ServerUnderTest):
    """The same over HTTP: `http` asks its other paths."""

    http: httpx2.AsyncClient
    drain: Drain
    app: ASGIApp


@asynccontextmanager
async def open_web_server(
    folder: Path,
    *,
    sandbox_settings: SandboxSettings | None = None,
    wrap: Wrap = lambda transport: transport,
    timing: Timing | None = None,
    **changes: Any,
) -> AsyncIterator[WebServerUnderTest]:
    """Open a server over HTTP and its sandbox in a folder."""
    settings = settings_in(folder, **changes)
    (folder / "inbox").mkdir(exist_ok=True)
    drain = Drain()
    operation = Operation(drain, PrometheusMeasurements(drain), is_web=True)
    wanted = replace(sandbox_settings or SandboxSettings(workers=1), folder=folder / "sandbox", draft=True)
    async with open_account(wanted) as sandbox:
        server = A2EServer(settings, connection_to(sandbox, wrap), timing, operation=operation)
        app = web_app(server, settings, "127.0.0.1")
        async with (
            server.session_manager.run(),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=ORIGIN, timeout=30) as http,
            Client(streamable_http_client(f"{ORIGIN}/mcp", http_client=http)) as client,
        ):
            yield WebServerUnderTest(client, sandbox, folder / "inbox", settings.output, http, drain, app)


@asynccontextmanager
async def on_a_port(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """The address at which an app is served."""
    with listen(LOOPBACK, port) as listener:
        serving = asyncio.create_task(serve_until_cancelled(app, listener))
        try:
            yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
