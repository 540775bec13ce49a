"""The ledger of a test: what it holds, and entries for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from a2e_mcp.ledger.details import Details
from a2e_mcp.ledger.entry import LedgerEntry, NewEntry
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.ledger.store import Inserted, Ledger, Limits

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep a database locked for the length of a `with`, as a backup program does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


async def entries_of(sandbox: Sandbox, folder: Path) -> list[LedgerEntry]:
    """What the ledger of a server in front of this sandbox holds, newest first."""
    path = folder / "data" / "ledger.sqlite3"
    async with open_ledger(path, account=sandbox.token, sandbox=True) as ledger:
        return await ledger.recent()


async def intend(
    ledger: Ledger,
    fingerprint: str = "print",
    *,
    family: str = "image_to_video",
    title: str = "Waves",
    expected: float | None = 100.0,
    units: float | None = 5.0,
    passed: Collection[str] | None = None,
    details: Details | None = None,
    limits: Limits | None = None,
) -> LedgerEntry:
    """A new entry."""
    new = NewEntry(
        family=family,
        title=title,
        fingerprint=fingerprint,
        expected=expected,
        units=units,
        details=details or Details(),
    )
    outcome = await ledger.insert_or_get_existing(new, passed=passed, limits=limits or Limits())
    assert isinstance(outcome, Inserted)
    return outcome.entry
