"""The header Host in one form: names of hosts are the same in capitals, and with a dot at their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a2e_mcp.hosts import normal_host

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class NormalHost:
    """Gives requests to an app that need not know how the name of a host may be spelled."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            headers = [(name, _normal(value) if name == b"host" else value) for name, value in scope["headers"]]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


def _normal(value: bytes) -> bytes:
    return normal_host(value.decode("latin-1")).encode("latin-1")
