"""A server over HTTP to measure: `python -m bench.http_servers ours` or `bare`; stdout begins with its port.

The variables of `SHARED` make ours a server of a company; /processor answers with the processor seconds of its process.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import uvicorn
from starlette.responses import PlainTextResponse

from a2e_mcp.cli.authentication import authentication
from a2e_mcp.loopback import LOOPBACK, listen
from a2e_mcp.operations.garbage import keep_what_is_loaded
from a2e_mcp.operations.operation import Operation
from a2e_mcp.server.http.app import web_app
from a2e_mcp.server.server import A2EServer
from a2e_mcp.settings import Settings, read_settings
from bench import one_tool
from bench.calls import connect_to_credits, live_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

SHARED = ("A2E_DATABASE", "A2E_USER_CALLS")
PROCESSOR = "/processor"


def main() -> None:
    """Serve until killed."""
    listener = listen(LOOPBACK, 0)
    print(listener.getsockname()[1], flush=True)
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder:
        anyio.run(_serve, _app(sys.argv[1], Path(folder)), listener)


def _app(name: str, folder: Path) -> ASGIApp:
    if name == "bare":
        return one_tool.server.streamable_http_app(stateless_http=True)
    settings = _shared(live_settings(folder))
    server = A2EServer(settings, connect_to_credits(), operation=Operation(on_open=keep_what_is_loaded))
    authenticator = authentication(settings)
    return web_app(server, settings, LOOPBACK, None if authenticator is None else authenticator.caller)


def _shared(settings: Settings) -> Settings:
    given = read_settings({name: os.environ[name] for name in SHARED if name in os.environ})
    return replace(settings, database=given.database, user_calls=given.user_calls)


class _Measured:
    """The app, and how long its process has worked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PROCESSOR:
            await PlainTextResponse(str(time.process_time()))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _serve(app: ASGIApp, listener: socket.socket) -> None:
    config = uvicorn.Config(_Measured(app), log_level="warning", access_log=False, ws="none")
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    main()
