"""What answers when A2E says that a job has ended: it is looked at at once, and nothing that was said is believed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from mcp.server.mcpserver.exceptions import ToolError
from starlette.datastructures import Headers
from starlette.responses import Response

from a2e_mcp.errors import A2EError
from a2e_mcp.starts.webhooks import ROOT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from a2e_mcp.server.services import Services

_ENTRY_ID = re.compile(r"[0-9a-f]{24}")
_KNOWN_BY = "x-a2e-webhook-token"


class Webhooks:
    """Answers below `/webhooks/`, and gives everything else to the app behind it."""

    def __init__(self, app: ASGIApp, open_services: Callable[[], Awaitable[Services]]) -> None:
        self._app = app
        self._open_services = open_services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its body is not read."""
        if scope["type"] != "http" or not scope["path"].startswith(ROOT):
            await self._app(scope, receive, send)
            return
        try:
            status = await self._status(scope)
        except (A2EError, ToolError):
            # A2E does not try again, and who waits looks at the usual pace.
            status = 503
        await Response(status_code=status)(scope, receive, send)

    async def _status(self, scope: Scope) -> int:
        entry_id = scope["path"].removeprefix(ROOT)
        token = Headers(scope=scope).get(_KNOWN_BY, "")
        if scope["method"] != "POST" or not _ENTRY_ID.fullmatch(entry_id):
            return 404
        services = await self._open_services()
        if services.webhooks is None or not services.webhooks.is_genuine(entry_id, token):
            return 404
        try:
            entry = await services.ledger.entry(entry_id)
        except KeyError:
            return 404
        await services.waiting.look_now(entry.family)
        return 204
