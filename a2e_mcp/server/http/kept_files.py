"""Kept results in a folder, at links that this server has signed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mcp.server.mcpserver.exceptions import ToolError
from starlette.responses import FileResponse, PlainTextResponse, Response

from a2e_mcp.errors import A2EError
from a2e_mcp.files.result_store import RESULTS
from a2e_mcp.files.urls import media_type_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from a2e_mcp.server.services import Services

_HEADERS = {
    # Whatever a file claims to be, a browser runs nothing of it here.
    "content-security-policy": "default-src 'none'; media-src 'self'; img-src 'self'; sandbox",
    "cache-control": "private, max-age=3600",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_GONE = "This link has expired, or never was one. check_status of the job gives a fresh one.\n"


class KeptFiles:
    """Answers below `/results/`, and gives everything else to the app behind it."""

    def __init__(self, app: ASGIApp, open_services: Callable[[], Awaitable[Services]]) -> None:
        self._app = app
        self._open_services = open_services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith(RESULTS):
            await self._app(scope, receive, send)
            return
        answer = await self._answer(scope)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Only GET is answered here\n", 405, {"allow": "GET, HEAD"})
        ticket, _, key = scope["path"].removeprefix(RESULTS).partition("/")
        try:
            kept = (await self._open_services()).kept
        except (A2EError, ToolError) as problem:
            return PlainTextResponse(f"{problem}\n", 503)
        path = None if kept is None else kept.file_of(ticket, unquote(key))
        if path is None or not path.is_file():
            return PlainTextResponse(_GONE, 404)
        return FileResponse(path, media_type=media_type_of(path.name), headers=_HEADERS)
