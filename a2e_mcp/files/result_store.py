"""Where results are kept for good: a bucket of S3, Google or Azure, or a folder; obstore is imported with the first."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from a2e_mcp.errors import ExtraMissing, FileRefused, SettingsError
from a2e_mcp.files.urls import media_type_of
from a2e_mcp.text import one_line

if TYPE_CHECKING:
    from obstore.store import ObjectStore

RESULTS = "/results/"
"""Below this path the server serves what it has signed itself."""
LINK_SECONDS = 86_400
"""How long a link to a kept result works; each look at its job gives a fresh one."""

_CHUNK = 8 * 2**20
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT")
_UNSIGNED = ("file", "memory")
"""Kinds of stores that cannot sign links: the server signs and serves those itself."""


def path_of(url: str) -> Path | None:
    """The folder or file on this computer that a URL means; None where it is elsewhere."""
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


class ResultStore:
    """A store by its URL. `secret` signs the links that this program serves itself, below `served`, if anywhere."""

    def __init__(self, url: str, *, secret: str, served: str | None, now: Callable[[], float]) -> None:
        self._url = url
        self._scheme = urlsplit(url).scheme
        self._secret = hashlib.sha256(f"kept results {secret}".encode()).digest()
        self._served = served
        self._now = now
        self._opened: ObjectStore | None = None

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Store what arrives, whole or not at all. Raises FileRefused."""
        import obstore
        from obstore.exceptions import BaseError

        # A folder keeps no types; the ending of the key says it there.
        attributes = None if self._scheme in _UNSIGNED else {"Content-Type": media_type_of(key)}
        try:
            await obstore.put_async(
                self._store(), key, content, attributes=attributes, chunk_size=_CHUNK, max_concurrency=2
            )
        except (BaseError, OSError, RuntimeError) as problem:
            raise _refused(problem) from problem

    async def delete(self, keys: list[str]) -> None:
        """Delete what is stored under these keys. Raises FileRefused."""
        import obstore
        from obstore.exceptions import BaseError

        try:
            await obstore.delete_async(self._store(), keys)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as problem:
            raise _refused(problem) from problem

    async def link(self, key: str) -> str:
        """A link that works for a day. Raises FileRefused when the store cannot sign."""
        if self._scheme in _UNSIGNED:
            return self._own_link(key)
        import obstore
        from obstore.exceptions import BaseError
        from obstore.store import AzureStore, GCSStore, S3Store

        store = self._store()
        if not isinstance(store, AzureStore | GCSStore | S3Store):
            raise FileRefused("The store of A2E_STORE cannot sign links", charged=None)
        try:
            return str(await obstore.sign_async(store, "GET", key, expires_in=timedelta(seconds=LINK_SECONDS)))
        except (BaseError, OSError) as problem:
            raise _refused(problem) from problem

    def file_of(self, ticket: str, key: str) -> Path | None:
        """The file behind a link of our own; None when the link is forged or has expired."""
        until, _, _ = ticket.partition("-")
        is_ours = until.isdecimal() and hmac.compare_digest(ticket, self._ticket(int(until), key))
        if not is_ours or int(until) < self._now() or self._scheme != "file":
            return None
        return self._folder / key

    def _own_link(self, key: str) -> str:
        if self._served is None:
            return (self._folder / key).as_uri()
        until = int(self._now()) + LINK_SECONDS
        return f"{self._served}{self._ticket(until, key)}/{quote(key)}"

    def _ticket(self, until: int, key: str) -> str:
        return f"{until}-{hmac.new(self._secret, f'{until} {key}'.encode(), hashlib.sha256).hexdigest()}"

    @property
    def _folder(self) -> Path:
        return path_of(self._url) or Path()

    def _store(self) -> ObjectStore:
        if self._opened is None:
            self._opened = _opened(self._url)
        return self._opened


def _opened(url: str) -> ObjectStore:
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise ExtraMissing("A2E_STORE needs the package obstore", hint="pip install 'a2e-mcp[company]'") from None
    try:
        if urlsplit(url).scheme == "file":
            return from_url(url, mkdir=True)
        return from_url(
            url,
            # An endpoint of one's own is often inside the network, without TLS.
            client_options={"allow_http": any(os.environ.get(name, "").startswith("http:") for name in _ENDPOINTS)},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        )
    except (BaseError, OSError, ValueError) as problem:
        raise SettingsError(f"A2E_STORE cannot be used ({_reason(problem)})") from problem


def _refused(problem: Exception) -> FileRefused:
    return FileRefused(f"The store of A2E_STORE refused ({_reason(problem)})", charged=None)


def _reason(problem: Exception) -> str:
    # What follows the first line is for those who debug the library.
    return one_line(str(problem).partition("\n")[0], 200)
