"""Serving MCP: on stdio for a client that started us, or over HTTP on this computer."""

from __future__ import annotations

import ipaddress
import signal
import sys
from typing import TYPE_CHECKING

import anyio

from a2e_mcp import __version__
from a2e_mcp.cli.connecting import connect
from a2e_mcp.errors import SettingsError
from a2e_mcp.settings import Settings, read_settings

if TYPE_CHECKING:
    from a2e_mcp.server.server import A2EServer

_MODES = {
    "live": "live: starts cost credits",
    "sandbox": "sandbox: free, nothing leaves this computer",
    "unset": "no token: tools are listed, and each call says how to set one",
}


def serve(*, sandbox: bool | None, http: str | None) -> int:
    """Serve until the client goes away, or until Ctrl-C. Raises SettingsError."""
    settings = read_settings(sandbox=sandbox)
    address = _loopback(http) if http is not None else None
    from a2e_mcp.server.server import A2EServer

    server = A2EServer(settings, connect(settings))
    if address is None:
        if sys.stdin.isatty():
            _say_hello(settings)
        anyio.run(_on_stdio, server)
        return 0
    return anyio.run(_over_http, server, settings, *address)


async def _on_stdio(server: A2EServer) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_leave_on_signal, group.cancel_scope)
        await server.run_stdio_async()
        group.cancel_scope.cancel()


async def _leave_on_signal(scope: anyio.CancelScope) -> None:
    # Without this, Ctrl-C waits for a line on stdin that nobody will type.
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
            return


async def _over_http(server: A2EServer, settings: Settings, host: str, port: int) -> int:
    import socket

    import uvicorn

    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as problem:
        listener.close()
        raise SettingsError(
            f"Nothing can be served on {host}:{port} ({problem.strerror})",
            then="Another server may be running there; choose another port with --http",
        ) from None
    app = server.streamable_http_app(stateless_http=True, json_response=True, host=host)
    shown = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/mcp"
    print(f"a2e-mcp {__version__} at {shown} ({_MODES[settings.mode]})", file=sys.stderr, flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, ws="none")
    with listener:
        await uvicorn.Server(config).serve(sockets=[listener])
    return 0


def _loopback(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isdigit() or int(port) > 65535:
        raise SettingsError("--http wants HOST:PORT, such as 127.0.0.1:8000")
    host = "127.0.0.1" if host == "localhost" else host
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise SettingsError(
            "HTTP is served on this computer only: anyone who reaches it could spend your credits",
            then="Use --http 127.0.0.1:8000",
        )
    return host, int(port)


def _say_hello(settings: Settings) -> None:
    print(
        f"a2e-mcp {__version__}, {_MODES[settings.mode]}.\n"
        "This is a server for an MCP client, which starts it and talks to it; typing here does nothing.\n"
        "  a2e-mcp demo                      make a video right now, free\n"
        "  a2e-mcp install claude-desktop    put it into Claude Desktop (--sandbox to try it free)\n"
        "  a2e-mcp doctor                    check this installation\n"
        "Ctrl-C ends it.",
        file=sys.stderr,
    )
