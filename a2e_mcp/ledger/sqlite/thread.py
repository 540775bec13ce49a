"""The connection to a ledger's file, and the thread that alone works on it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from a2e_mcp.errors import Charged, SettingsError
from a2e_mcp.ledger.cancellation import finish
from a2e_mcp.ledger.sqlite.file import file_identity, is_locked, locked, open_file
from a2e_mcp.ledger.sqlite.work_thread import WorkThread

T = TypeVar("T")

_PATIENCE = 10.0
"""Seconds that a change waits while another process has the ledger locked."""


class SqliteThread:
    """One file and one thread, so that a lock or a slow disk stops nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = WorkThread("a2e-ledger", lambda: SettingsError("The ledger is closed", charged=None))
        self._opened: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._asked = 0.0

    async def open(self) -> None:
        """Open the file and bring it up to date. Raises SettingsError."""

        def work() -> tuple[sqlite3.Connection, tuple[int, int] | None]:
            return open_file(self._path), file_identity(self._path)

        self._opened, self._identity = await self.run(work)

    async def close(self) -> None:
        """Close the file."""
        opened = self._opened
        if opened is not None:
            await self.run(opened.close)
        self._opened = None
        self._thread.close()

    @property
    def database(self) -> sqlite3.Connection:
        """The open connection; for work that `run` was given."""
        if self._opened is None:
            raise SettingsError("The ledger is closed", charged=None)
        return self._opened

    async def read(self, work: Callable[[], T]) -> T:
        """Read in the ledger's thread; who is cancelled is let go at once, for nothing was changed."""
        with _explained():
            return await self._begin(work)

    async def run(self, work: Callable[[], T]) -> T:
        """Work in the ledger's thread; a cancellation waits until the outcome is there and comes after it."""
        future = self._begin(work)
        await finish(future)
        with _explained():
            return future.result()

    def _begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        asked = time.monotonic()

        def in_turn() -> T:
            self._asked = asked
            return work()

        return self._thread.begin(in_turn)

    def check_identity(self) -> None:
        """Refuse to begin anything that another server would not find: the file may have been removed."""
        if file_identity(self._path) != self._identity:
            raise SettingsError(
                "The ledger's file was removed or replaced while this server was running, so nothing was started",
                charged=Charged.NOTHING,
                hint=f"Put {self._path.name} back or restart this server, and look in list_jobs before starting again",
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE: the write lock is taken first, so that look-then-write is one step for all servers."""
        try:
            # Counted from the question: of many that wait for one lock, none waits for the patience of all the others.
            left = max(0.0, _PATIENCE - (time.monotonic() - self._asked))
            self.database.execute(f"PRAGMA busy_timeout = {round(left * 1000)}")
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.database.execute("COMMIT")
            finally:
                if self.database.in_transaction:
                    self.database.execute("ROLLBACK")
        except sqlite3.DatabaseError as problem:
            if is_locked(problem):
                raise locked(None) from None
            raise SettingsError(
                f"The ledger cannot be written ({problem})",
                charged=None,
                hint="Make room on the disk or set A2E_DATA_DIR, then look in list_jobs before starting anything again",
            ) from None


@contextmanager
def _explained() -> Iterator[None]:
    """What a database's error means."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        if is_locked(problem):
            raise locked(None) from None
        raise SettingsError(
            f"The ledger cannot be read ({problem})", charged=None, hint="Run a2e-mcp doctor, or move the file away"
        ) from None
