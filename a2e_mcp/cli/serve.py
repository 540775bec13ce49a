"""`a2e-mcp serve`: MCP on stdio for the client that started it, or over HTTP."""

from __future__ import annotations

import asyncio
import logging
import sys
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from a2e_mcp import __version__
from a2e_mcp.cli.log_lines import begin_logging
from a2e_mcp.cli.signals import call_on_signals
from a2e_mcp.errors import SettingsError
from a2e_mcp.operations.garbage import keep_what_is_loaded, no_search
from a2e_mcp.operations.operation import Operation
from a2e_mcp.setting_values import listening_address
from a2e_mcp.settings import Settings, read_settings

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from a2e_mcp.client.connection import Connect, Connection
    from a2e_mcp.server.server import A2EServer
    from a2e_mcp.users.authenticator import Authenticator

_log = logging.getLogger(__name__)
_MODES = {
    "live": "live mode: starts cost credits",
    "sandbox": "sandbox: free, nothing leaves this computer",
    "unset": "no A2E_API_TOKEN: calls look in the system's keyring, or explain how to set one",
}
_EACH_PAYS = "live mode: users pay with A2E keys of their own"


def serve(*, http: str | None, **flags: str | bool | None) -> int:
    """Serve until the client disconnects or Ctrl-C; `flags` are settings. Raises SettingsError."""
    settings = read_settings(None, **flags)
    begin_logging(settings)
    address = _address(http, settings) if http is not None else None
    authenticator = None
    if address is not None:
        # A server on stdio knows no users, and need not import what does.
        from a2e_mcp.cli.authentication import authentication

        authenticator = authentication(settings)
    with no_search():
        from a2e_mcp.server.server import A2EServer

    keep_what_is_loaded()
    server = A2EServer(
        settings,
        _connection_of(settings),
        finds_token=settings.looks_in_keyring,
        operation=Operation(on_open=keep_what_is_loaded) if address is None else _measured(),
        authenticator=authenticator,
    )
    if address is None:
        anyio.run(_over_stdio, server, settings)
        return 0
    return anyio.run(_over_http, server, settings, authenticator, *address)


def _connection_of(settings: Settings) -> Connect:
    """The connection that the settings ask for."""

    @cache
    def chosen() -> Connect:
        # Imported with the first call, not with the server: a person waits for the start.
        from a2e_mcp.cli.connection import connect, token_in_keyring

        return connect(settings, token_in_keyring(settings))

    def connect_now() -> AbstractAsyncContextManager[Connection]:
        return chosen()()

    return connect_now


def _measured() -> Operation:
    # Nothing of it is imported on stdio.
    from a2e_mcp.operations.instruments import measured_operation

    return measured_operation("a2e-mcp", is_web=True, on_open=keep_what_is_loaded)


async def _over_stdio(server: A2EServer, settings: Settings) -> None:
    """Serve until the client disconnects; a signal counts as that, so that the server shuts down in order."""
    loop, ended = asyncio.get_running_loop(), anyio.Event()
    call_on_signals(lambda: loop.call_soon_threadsafe(ended.set), "SIGINT", "SIGTERM", "SIGHUP")
    if sys.stdin.isatty():
        # Not before: Ctrl-C would end the start in the middle of an import, with a traceback.
        _say_hello(settings)
    await server.run_stdio_async(ended)


async def _over_http(
    server: A2EServer, settings: Settings, authenticator: Authenticator | None, host: str, port: int
) -> int:
    from a2e_mcp.cli.web_server import web_server
    from a2e_mcp.loopback import listen
    from a2e_mcp.server.http.app import web_app

    # It listens before the URL is printed, so that a reader can connect at once.
    listener = listen(host, port, hint="Another server may be running there; choose another port with --http")
    app = web_app(server, settings, host, None if authenticator is None else authenticator.caller)
    shown = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/mcp"
    mode = _EACH_PAYS if settings.is_without_account else _MODES[settings.mode]
    greeting = f"a2e-mcp {__version__} at {shown} ({mode})"
    if settings.log == "json":
        _log.info(greeting)
    else:
        print(greeting, file=sys.stderr, flush=True)
    web = web_server(app, settings, server.operation.drain)
    call_on_signals(lambda: setattr(web, "should_exit", True), "SIGHUP")
    with listener:
        try:
            await web.serve(sockets=[listener])
        finally:
            if authenticator is not None:
                await authenticator.close()
    return 0


def _address(text: str, settings: Settings) -> tuple[str, int]:
    """Where to listen. Raises SettingsError for one that others can reach without saying who they are."""
    from a2e_mcp.network import is_loopback

    try:
        host, port = listening_address(text)
    except ValueError as problem:
        raise SettingsError(f"--http is invalid: {problem}") from None
    if is_loopback(host):
        _check_public_name(settings)
        return host, port
    if not settings.has_users:
        raise SettingsError(
            "Without users, --http serves loopback addresses only, since everyone who can reach it can spend your"
            " credits",
            hint="Use --http 127.0.0.1:8000, or give users keys: see docs/company.md",
        )
    if settings.public_url is None:
        raise SettingsError(
            "Beyond this computer the server must know its own name, or pages of other sites could reach it",
            hint="Set A2E_PUBLIC_URL, such as https://a2e.example.com; 127.0.0.1:8000 needs none",
        )
    return host, port


def _check_public_name(settings: Settings) -> None:
    """Raises SettingsError for a server that a proxy makes public, while it lets everyone in."""
    from a2e_mcp.network import is_loopback

    name = urlsplit(settings.public_url or "").hostname
    if name is None or is_loopback(name) or settings.has_users or settings.http_secret is not None:
        return
    raise SettingsError(
        "With A2E_PUBLIC_URL others reach this server through a proxy, and each of them could spend your credits",
        hint="Give users keys (docs/company.md) or set A2E_HTTP_SECRET, or remove A2E_PUBLIC_URL",
    )


def _say_hello(settings: Settings) -> None:
    print(
        f"a2e-mcp {__version__}, {_MODES[settings.mode]}.\n"
        "This server is started by an MCP client; typing here does nothing.\n"
        "  a2e-mcp demo                      make a video now, free\n"
        "  a2e-mcp install claude-desktop    add it to Claude Desktop (--sandbox to try it free)\n"
        "  a2e-mcp doctor                    check this installation\n"
        "Stop it with Ctrl-C.",
        file=sys.stderr,
    )
