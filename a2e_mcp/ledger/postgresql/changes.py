"""News of starts: who waits for one is woken when another server or a worker has changed it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
from psycopg import sql

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.postgresql.connections import connect

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 2.0
"""How long a wait lasts at most, for news may be lost with a connection."""


class Changes:
    """Listens on a connection of its own from the first wait on; after a lost connection everyone looks once."""

    def __init__(self, address: str, channel: str) -> None:
        self._address = address
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None
        self._channel = channel

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @asynccontextmanager
    async def of(self, word: str) -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
        """A way to wait, at most so many seconds, until there is news of a start or a family since the last wait."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen())
        bell = asyncio.Event()
        self._waiting.setdefault(word, set()).add(bell)

        async def changed(seconds: float) -> bool:
            try:
                async with asyncio.timeout(min(seconds, _LOOK_SECONDS)):
                    await bell.wait()
            except TimeoutError:
                return False
            bell.clear()
            return True

        try:
            yield changed
        finally:
            self._waiting[word].discard(bell)
            if not self._waiting[word]:
                del self._waiting[word]

    async def _listen(self) -> None:
        while True:
            try:
                async with await connect(self._address) as connection:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
                    self._ring(list(self._waiting))
                    async for news in connection.notifies():
                        self._ring(news.payload.split())
            except (SettingsError, psycopg.Error) as problem:
                _log.info("the connection that listens for changes was lost: %s", problem)
            await asyncio.sleep(1.0)

    def _ring(self, words: list[str]) -> None:
        for word in words:
            for bell in self._waiting.get(word, ()):
                bell.set()
