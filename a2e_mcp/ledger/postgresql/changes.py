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

    def __init__(self, address: str) -> None:
        self._address = address
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None
        self.channel = ""

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @asynccontextmanager
    async def of(self, entry_id: str) -> AsyncIterator[Callable[[float], Awaitable[None]]]:
        """A way to wait, at most so many seconds, until a start has changed since the last wait ended."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen())
        bell = asyncio.Event()
        self._waiting.setdefault(entry_id, set()).add(bell)

        async def changed(seconds: float) -> None:
            try:
                async with asyncio.timeout(min(seconds, _LOOK_SECONDS)):
                    await bell.wait()
            except TimeoutError:
                return
            bell.clear()

        try:
            yield changed
        finally:
            self._waiting[entry_id].discard(bell)
            if not self._waiting[entry_id]:
                del self._waiting[entry_id]

    async def _listen(self) -> None:
        while True:
            try:
                async with await connect(self._address) as connection:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.channel)))
                    self._ring(list(self._waiting))
                    async for news in connection.notifies():
                        self._ring([news.payload])
            except (SettingsError, psycopg.Error) as problem:
                _log.info("the connection that listens for changes was lost: %s", problem)
            await asyncio.sleep(1.0)

    def _ring(self, entry_ids: list[str]) -> None:
        for entry_id in entry_ids:
            for bell in self._waiting.get(entry_id, ()):
                bell.set()
