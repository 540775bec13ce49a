"""The connections to a database: a small pool, whose work is done again when the database was away for a moment."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from a2e_mcp.errors import DatabaseAway, SettingsError
from a2e_mcp.ledger.cancellation import finish

T = TypeVar("T")
Connection = psycopg.AsyncConnection[DictRow]
Work = Callable[[Connection], Awaitable[T]]

_MOST = 8
_SECONDS_TO_READ = 5.0
_SECONDS_TO_WRITE = 25.0
"""How long work waits for a database that is away. What was paid is written down late rather than not at all."""
_SECONDS_TO_CONNECT = 1.0
_PASSING = ("08", "40", "57P")
"""Classes of errors after which the same work can succeed: of the connection, of two that wait for each other, of a
database that is shut down or not up yet."""
_TOO_MANY_CONNECTIONS = "53300"
_NO_TABLES = ("42P01", "42703", "42883", "3F000")
"""A table, a column, a function or a schema is missing."""
_SETTINGS: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "application_name": "a2e-mcp",
    "connect_timeout": 5,
    # A host that has vanished is noticed by these.
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}


# It reports every attempt to connect; what comes of them all is said in one sentence where it matters.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


async def connect(address: str) -> Connection:
    """One connection of its own. Raises SettingsError."""
    try:
        return await psycopg.AsyncConnection[DictRow].connect(address, **_SETTINGS)
    except psycopg.Error as problem:
        raise cannot_reach(problem) from None


class Database:
    """The pool of one process; work is given an open connection that commits each statement by itself."""

    def __init__(self, address: str) -> None:
        self._pool = AsyncConnectionPool[Connection](
            address,
            kwargs=_SETTINGS,
            min_size=1,
            max_size=_MOST,
            open=False,
            reconnect_timeout=_SECONDS_TO_CONNECT,
            name="a2e-mcp",
        )

    async def open(self) -> None:
        """Begin to connect."""
        await self._pool.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    async def read(self, work: Work[T]) -> T:
        """Read; who is cancelled is let go at once, for nothing was changed. Raises SettingsError."""
        return await self._attempt(work, _SECONDS_TO_READ)

    async def run(self, work: Work[T]) -> T:
        """Change something; a cancellation waits until the outcome is there and comes after it. Raises SettingsError.

        After a lost connection the work is done again, and must find out by itself whether it has been done already.
        """
        future = asyncio.ensure_future(self._attempt(work, _SECONDS_TO_WRITE))
        await finish(future)
        return future.result()

    async def _attempt(self, work: Work[T], seconds: float) -> T:
        until, is_untouched = time.monotonic() + seconds, True
        while True:
            try:
                async with self._pool.connection(timeout=_SECONDS_TO_CONNECT) as connection:
                    is_untouched = False
                    return await work(connection)
            except PoolClosed:
                raise SettingsError("The ledger is closed", charged=None) from None
            except psycopg.Error as problem:
                if not _is_passing(problem):
                    raise _refused(problem) from None
                if time.monotonic() >= until:
                    raise cannot_reach(problem, is_untouched=is_untouched) from None
                await asyncio.sleep(0.0 if isinstance(problem, PoolTimeout) else 0.05)


def _is_passing(problem: psycopg.Error) -> bool:
    if isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError) and problem.sqlstate is None:
        return True
    code = problem.sqlstate or ""
    return code.startswith(_PASSING) or code == _TOO_MANY_CONNECTIONS


def cannot_reach(problem: psycopg.Error, *, is_untouched: bool = True) -> DatabaseAway:
    """The error for a database that does not answer; work that was begun in it may have been done."""
    reason = "no answer" if isinstance(problem, PoolTimeout) else _reason(problem)
    return DatabaseAway(
        f"The database of A2E_DATABASE cannot be reached ({reason})",
        hint="Try again in a minute; a2e-mcp database check tells the administrator more",
        is_untouched=is_untouched,
    )


def _refused(problem: psycopg.Error) -> SettingsError:
    if problem.sqlstate in _NO_TABLES:
        return SettingsError(
            "The database of A2E_DATABASE lacks tables that this a2e-mcp needs",
            charged=None,
            hint="Run a2e-mcp database upgrade with the same A2E_DATABASE",
        )
    return SettingsError(
        f"The database of A2E_DATABASE refused ({_reason(problem)})",
        charged=None,
        hint="Look in list_jobs before starting anything again; a2e-mcp database check says what is wrong",
    )


def _reason(problem: psycopg.Error) -> str:
    """The last line that says something, since the first ones name every address that was tried."""
    if problem.diag.message_primary:
        return problem.diag.message_primary[:200]
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    told = next((line for line in reversed(lines) if "Is the server running" not in line), type(problem).__name__)
    return told.rpartition("failed: ")[2][:200]
