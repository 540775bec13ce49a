"""Paths about an account of a user's own, whose callers have no key: webhooks, upload addresses, kept results."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from a2e_mcp.errors import A2EError, OwnKeyGone
from a2e_mcp.server.own_accounts import ROOT
from a2e_mcp.users.caller import paying_with

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_OF_ACCOUNT = re.compile(rf"{ROOT}(?P<account>[0-9a-f]{{16}})(?P<path>/(?:up|results|webhooks)/.*)", re.DOTALL)


class OwnPaths:
    """Lets the app behind it answer below `/own/` and an account's id for that account, as it does for the servers'."""

    def __init__(self, app: ASGIApp, open_account: Callable[[str], Awaitable[object]]) -> None:
        self._app = app
        self._open_account = open_account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whether it may be answered is for what is behind the path to say."""
        found = _OF_ACCOUNT.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        try:
            await self._open_account(found["account"])
        except A2EError as problem:
            status = 404 if isinstance(problem, OwnKeyGone) else 503
            await PlainTextResponse(f"{problem}\n", status)(scope, receive, send)
            return
        with paying_with(found["account"]):
            await self._app({**scope, "path": found["path"], "raw_path": found["path"].encode()}, receive, send)
