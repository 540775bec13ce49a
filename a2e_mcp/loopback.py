"""Web servers on the loopback interface, which only this computer can reach."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel
import uvicorn
from anyio.abc import TaskGroup
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from a2e_mcp.errors import SettingsError

LOOPBACK = "127.0.0.1"


class LoopbackServer:
    """Starts when its first URL is requested; the URL is valid at once."""

    def __init__(
        self,
        tasks: TaskGroup,
        *,
        port: int = 0,
        earlier: int = 0,
        on_open: Callable[[int], None] = lambda _: None,
        origin: str | None = None,
    ) -> None:
        """Without a `port` the `earlier` one is taken where it is free, else any; `on_open` is called with it.

        With an `origin`, the app is already served there and no port is opened.
        """
        self._tasks = tasks
        self._earlier = earlier
        self._on_open = on_open
        self._port = port
        self._origin = origin
        self._app: ASGIApp = PlainTextResponse("Not ready yet", 503)
        self._serving = anyio.CancelScope()
        self._listener: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether a URL has been issued."""
        return self._origin is not None

    def mount(self, app: ASGIApp) -> None:
        """Set the app to serve."""
        self._app = app

    def origin(self) -> str:
        """Scheme, host and port; starts the server. Raises SettingsError when the port is taken."""
        if self._origin is None:
            listener = self._listen()
            port = listener.getsockname()[1]
            self._origin = f"http://{LOOPBACK}:{port}"
            self._on_open(port)
            self._tasks.start_soon(self._serve, self._app, listener)
        return self._origin

    def reopen(self) -> None:
        """Start the server on its earlier port, where that is free, so that the URLs of then work again."""
        if self._origin is None and self._earlier and not self._port:
            with suppress(SettingsError):
                self._listener = listen(LOOPBACK, self._earlier)
                self.origin()

    def _listen(self) -> socket.socket:
        listener, self._listener = self._listener, None
        return listener or listen(LOOPBACK, self._port)

    def close(self) -> None:
        """Stop serving at once."""
        self._serving.cancel()

    async def _serve(self, app: ASGIApp, listener: socket.socket) -> None:
        with self._serving:
            await serve_until_cancelled(app, listener)


class LocalOnly:
    """Answers only requests addressed to this computer by name, as protection against DNS rebinding."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 403."""
        if scope["type"] == "http" and not is_local(Headers(scope=scope).get("host", "localhost")):
            answer = PlainTextResponse("Only requests to localhost are answered", 403)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_local(host_and_port: str) -> bool:
    """Whether a host, with or without a port, names this computer."""
    try:
        host = urlsplit(f"//{host_and_port}").hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve_until_cancelled(app: ASGIApp, listener: socket.socket) -> None:
    """Serve an app on a listening socket; cancelling closes it and all connections at once.

    The program's signal handlers and logging are not changed.
    """
    ends = False

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            # uvicorn would log it as a fault of the app.
            if not ends:
                raise

    config = uvicorn.Config(served, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Interrupted halfway, the loop would keep watching a closed socket and mistake the next of its number for it.
    with anyio.CancelScope(shield=True):
        await server.startup(sockets=[listener])
    try:
        await server.main_loop()
    finally:
        ends = True
        for listening in server.servers:
            listening.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        for answering in list(server.server_state.tasks):
            answering.cancel()
        # A transport is closed one iteration of the loop later.
        with anyio.CancelScope(shield=True):
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()


def listen(
    host: str, port: int, *, hint: str = "Choose another port, or stop the program that uses it"
) -> socket.socket:
    """A listening socket. Raises SettingsError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off on each connection; without, each answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as problem:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {host}:{port}: {problem.strerror or problem}",
            hint=hint,
        ) from None
    listener.setblocking(False)
    return listener
