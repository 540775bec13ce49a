"""A server over HTTP to measure: `python -m bench.http_servers ours` or `bare`; stdout begins with its port."""

from __future__ import annotations

import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import uvicorn

from a2e_mcp.loopback import LOOPBACK, listen
from a2e_mcp.operations.garbage import keep_what_is_loaded
from a2e_mcp.operations.operation import Operation
from a2e_mcp.server.http.app import web_app
from a2e_mcp.server.server import A2EServer
from bench import one_tool
from bench.calls import connect_to_credits, live_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp


def main() -> None:
    """Serve until killed."""
    listener = listen(LOOPBACK, 0)
    print(listener.getsockname()[1], flush=True)
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder:
        anyio.run(_serve, _app(sys.argv[1], Path(folder)), listener)


def _app(name: str, folder: Path) -> ASGIApp:
    if name == "bare":
        return one_tool.server.streamable_http_app(stateless_http=True)
    settings = live_settings(folder)
    server = A2EServer(settings, connect_to_credits(), operation=Operation(on_open=keep_what_is_loaded))
    return web_app(server, settings, LOOPBACK)


async def _serve(app: ASGIApp, listener: socket.socket) -> None:
    config = uvicorn.Config(app, log_level="warning", access_log=False, ws="none")
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    main()
