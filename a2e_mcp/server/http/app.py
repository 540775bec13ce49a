"""The server over HTTP: every path of toolsets, one server behind them all."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from mcp.types import INVALID_REQUEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from a2e_mcp.errors import NotFound, SettingsError
from a2e_mcp.operations.endpoints import Endpoints
from a2e_mcp.server.http.answer_forms import PlainOrStream
from a2e_mcp.server.http.gate import Authenticate, Gate, metadata_routes
from a2e_mcp.server.http.host_header import NormalHost
from a2e_mcp.server.http.kept_files import KeptFiles
from a2e_mcp.server.http.own_paths import OwnPaths
from a2e_mcp.server.http.toolset_paths import ROOT, is_ours, narrowed_to, narrowing_of
from a2e_mcp.server.http.webhooks import Webhooks
from a2e_mcp.server.uploads.app import UploadPages
from a2e_mcp.users.rate_limit import CallLimit, RateLimit, SharedRateLimit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from a2e_mcp.server.server import A2EServer
    from a2e_mcp.settings import Settings

_NOT_FOUND = 404
_RAW_ROOT = ROOT.encode()
_MOST_PATHS = 100
_PORTS = {"http": 80, "https": 443}


def web_app(server: A2EServer, settings: Settings, host: str, authenticate: Authenticate | None = None) -> ASGIApp:
    """The ASGI application for a host: stateless, closed to other hosts' names and pages, and to strangers.

    Without `authenticate` everyone who can reach it is let in.
    """
    guard = _guard(host, settings.public_url)
    app = server.streamable_http_app(streamable_http_path=ROOT, stateless_http=True, transport_security=guard)
    app.router.routes.extend(metadata_routes(settings))
    forms = PlainOrStream(server.session_manager, server.plain_manager(guard), settings.tool_prefix)
    paths = _Paths(app, forms, settings, guard)
    own = server.own_accounts
    admit = None if own is None else own.admit
    gated = (
        paths
        if authenticate is None
        else Gate(paths, authenticate, settings, limit=_limit(server, settings), admit=admit)
    )
    doors: ASGIApp = Webhooks(
        UploadPages(
            KeptFiles(gated, server.services),
            server.services,
            server.operation.drain,
            objection=server.objection_to_user,
        ),
        server.services,
    )
    endpoints = Endpoints(
        doors if own is None else OwnPaths(doors, own.services),
        check=server.check_ready,
        open_starts=server.open_starts,
        drain=server.operation.drain,
        measurements=server.operation.measurements,
        public_hosts=() if settings.public_url is None else (urlsplit(settings.public_url).hostname or "",),
    )
    return NormalHost(endpoints)


def _limit(server: A2EServer, settings: Settings) -> CallLimit:
    """How many requests a user may make: counted by all servers together, where they share a database."""
    if settings.database is None:
        return RateLimit(settings.user_calls)

    async def take_calls(user: str, wanted: int) -> tuple[int, float]:
        try:
            shared = (await server.company_services()).ledger.shared
        except ToolError as problem:
            raise SettingsError(str(problem)) from None
        if shared is None:
            raise AssertionError("a ledger in a database is shared")
        return await shared.take_calls(user, wanted, per_minute=settings.user_calls)

    return SharedRateLimit(settings.user_calls, take_calls)


def _guard(host: str, public_url: str | None) -> TransportSecuritySettings:
    # The SDK guards three names of this computer by itself; any other loopback address would stand open.
    names = dict.fromkeys(("127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host))
    hosts = [spelled for name in names for spelled in (name, f"{name}:*")]
    origins = [f"http://{each}" for each in hosts]
    if public_url is not None:
        public = urlsplit(public_url)
        # Behind a balancer the name may come with the port that is the scheme's own.
        hosts += [public.netloc] if public.port else [public.netloc, f"{public.netloc}:{_PORTS[public.scheme]}"]
        origins.append(public_url)
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


class _Paths:
    """Answers every path under `/mcp` as `/mcp`, narrowed."""

    def __init__(
        self, app: ASGIApp, protocol: PlainOrStream, settings: Settings, guard: TransportSecuritySettings
    ) -> None:
        """The `protocol` answers under `/mcp`, and the `app` everything else."""
        self._app = app
        self._protocol = protocol
        # The settings stay as they are, so each path is read once; strangers may think of any number of them.
        self._narrowing = lru_cache(_MOST_PATHS)(lambda path: narrowing_of(path, settings))
        self._guard = TransportSecurityMiddleware(guard)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_ours(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            narrowing = self._narrowing(scope["path"])
        except NotFound as problem:
            request = Request(scope)
            answer = await self._guard.validate_request(request) or _not_found(request, str(problem))
            await answer(scope, receive, send)
            return
        with narrowed_to(narrowing):
            await self._protocol({**scope, "path": ROOT, "raw_path": _RAW_ROOT}, receive, send)


def _not_found(request: Request, message: str) -> Response:
    if request.method != "POST":
        return PlainTextResponse(f"{message}\n", status_code=_NOT_FOUND)
    # As an error of the protocol the sentence reaches the person who wrote the URL into a client.
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": message}}
    return JSONResponse(error, status_code=_NOT_FOUND)
