"""How A2E is reached: choosing the sandbox is choosing another connection."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from pydantic import SecretStr

from a2e_mcp.catalogue.media_hosts import MEDIA_ORIGINS
from a2e_mcp.settings import Settings


@dataclass(frozen=True, slots=True)
class Connection:
    """Where A2E is and how to reach it.

    `trusted` recognises URLs that this connection itself issues; `fresh` updates a URL that was kept from earlier;
    `on_disk` is the file behind one that is on this computer; `media` are the origins that results are loaded from.
    `transport` leads to A2E, `storage` to uploads and results; None is the network.
    """

    base_url: str
    token: SecretStr
    transport: httpx2.AsyncBaseTransport | None = None
    storage: httpx2.AsyncBaseTransport | None = None
    trusted: Callable[[str], bool] = lambda _: False
    fresh: Callable[[str], str] = lambda url: url
    on_disk: Callable[[str], Path | None] = lambda _: None
    media: Callable[[], Sequence[str]] = lambda: MEDIA_ORIGINS


Connect = Callable[[], AbstractAsyncContextManager[Connection]]


def live(settings: Settings) -> Connect:
    """A connection to the real A2E with the token of the settings; without one, for users who bring theirs."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        token = settings.token
        if settings.is_without_account:
            # Nothing is asked with it, and what it signs cannot be forged.
            token = SecretStr(secrets.token_urlsafe(32))
        if token is None:
            raise AssertionError("a live connection needs a token")
        yield Connection(settings.base_url, token)

    return connect
