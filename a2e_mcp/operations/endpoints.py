"""/healthz, /readyz and /metrics: the questions of load balancers, orchestrators and Prometheus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response

from a2e_mcp import __version__
from a2e_mcp.errors import A2EError
from a2e_mcp.operations.drain import Drain
from a2e_mcp.operations.measurements import Measurements

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

READY_SECONDS = 1.0
"""How long a server that is ready may take to say so."""

_UNAVAILABLE = 503
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_NO_STORE = {"cache-control": "no-store"}
_NO_METRICS = "Metrics need the package prometheus-client: pip install 'a2e-mcp[company]'\n"

Check = Callable[[], Awaitable[None]]
"""Raises A2EError when a call could not be answered now."""
OpenStarts = Callable[[], Awaitable[Mapping[str, Sequence[float]]]]
"""For how many seconds each start has been in a phase that it must leave."""


class Endpoints:
    """Answers the three paths, and gives everything else to the app behind it.

    Details and metrics are for those inside: not for requests to a public name, and not for those that a proxy or a
    load balancer passes on. A2E is never asked: its outage would take all servers away at once.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        check: Check,
        open_starts: OpenStarts,
        drain: Drain,
        measurements: Measurements,
        public_hosts: Collection[str] = (),
    ) -> None:
        self._app = app
        self._check = check
        self._open_starts = open_starts
        self._drain = drain
        self._measurements = measurements
        self._public_hosts = frozenset(public_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = await self._answer(scope) if scope["method"] in ("GET", "HEAD") else None
        if answer is not None:
            await answer(scope, receive, send)
        else:
            with suppress(ClientDisconnect):
                # Who hangs up in the middle of a request wants no answer, and no line in the log.
                await self._app(scope, receive, _closing(send) if self._drain.has_begun else send)

    async def _answer(self, scope: Scope) -> Response | None:
        match scope["path"]:
            case "/healthz":
                return JSONResponse({"status": "ok", "version": __version__}, headers=_NO_STORE)
            case "/readyz":
                problem = await self._problem()
                if problem is None:
                    return JSONResponse({"status": "ready"}, headers=_NO_STORE)
                shown = {"status": "not ready", **({"problem": problem} if self._is_inside(scope) else {})}
                return JSONResponse(shown, _UNAVAILABLE, headers=_NO_STORE)
            case "/metrics" if self._is_inside(scope):
                return await self._metrics()
            case _:
                return None

    async def _metrics(self) -> Response:
        with anyio.move_on_after(READY_SECONDS), suppress(A2EError):
            # What is counted in this process is worth reading while the database is away.
            self._measurements.starts_open(await self._open_starts())
        self._measurements.readiness(is_ready=await self._problem() is None)
        page = self._measurements.page()
        if page is None:
            return PlainTextResponse(_NO_METRICS, _UNAVAILABLE)
        content, kind = page
        return Response(content, headers={**_NO_STORE, "content-type": kind})

    async def _problem(self) -> str | None:
        if self._drain.has_begun:
            return "The server is restarting"
        with anyio.move_on_after(READY_SECONDS):
            try:
                await self._check()
            except A2EError as problem:
                return problem.with_outcome("")
            return None
        return (
            f"The ledger is being opened, or did not answer within {READY_SECONDS:g} s: look at the database of"
            " A2E_DATABASE, or without one at the disk of A2E_DATA_DIR"
        )

    def _is_inside(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        is_public = host in self._public_hosts or host.rpartition(":")[0] in self._public_hosts
        return not is_public and not any(name in headers for name in _FORWARDED)


def _closing(send: Send) -> Send:
    """Answers that end their connection, so that a load balancer's next request opens one to another server."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(raw=message["headers"])["connection"] = "close"
        await send(message)

    return closing
