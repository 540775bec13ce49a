"""What was started and what it cost: one SQLite table, rows for each account and mode.

A row is written before anything that may be charged leaves, so nothing that was paid for can be forgotten. Calls are
short (a committed write takes well under a millisecond) and are made directly.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from a2e_mcp.errors import SettingsError
from a2e_mcp.handles import OWN_MARK, SANDBOX_MARK

Phase = Literal["intended", "sent", "started", "refused", "unknown"]
"""intended: nothing has left. sent: the charging request may have left. unknown: its answer was lost."""


_SCHEMA = """
CREATE TABLE IF NOT EXISTS starts (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    mode TEXT NOT NULL,
    family TEXT NOT NULL,
    title TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    phase TEXT NOT NULL,
    created REAL NOT NULL,
    sent REAL,
    consent TEXT,
    expected REAL,
    charged REAL,
    units REAL,
    handles TEXT NOT NULL DEFAULT '[]',
    steps TEXT NOT NULL DEFAULT '{}',
    results TEXT NOT NULL DEFAULT '[]',
    state TEXT,
    note TEXT,
    raw TEXT
);
CREATE INDEX IF NOT EXISTS starts_by_time ON starts (account, mode, created);
CREATE INDEX IF NOT EXISTS starts_by_fingerprint ON starts (account, mode, fingerprint, created);
"""
_UPDATE = """
UPDATE starts SET title = :title, phase = :phase, sent = :sent, expected = :expected, charged = :charged,
    handles = :handles, steps = :steps, results = :results, state = :state, note = :note, raw = :raw
WHERE id = :id
"""
_VERSION = 1
_JSON_COLUMNS = ("handles", "steps", "results")


@dataclass(frozen=True, slots=True)
class Entry:
    """One start. Times are seconds since 1970, amounts are credits."""

    id: str
    family: str
    title: str
    fingerprint: str
    phase: Phase
    created: float
    sent: float | None = None
    consent: str | None = None
    expected: float | None = None
    charged: float | None = None
    units: float | None = None
    handles: Sequence[str] = ()
    steps: Mapping[str, Any] = field(default_factory=dict)
    results: Sequence[str] = ()
    state: str | None = None
    note: str | None = None
    raw: str | None = None

    @property
    def own_handle(self) -> str:
        """The handle of a start that A2E has given no id yet, and of work that never gets one."""
        return f"{self.family}:{self.id}"

    @property
    def cost(self) -> float:
        """What it cost as far as is known: the true charge, else the expected one; nothing when refused."""
        if self.charged is not None:
            return self.charged
        return 0.0 if self.phase in ("refused", "intended") else self.expected or 0.0


class Ledger:
    """The starts of one account in one mode."""

    def __init__(self, path: Path, *, account: str, sandbox: bool, now: Callable[[], float] = time.time) -> None:
        self._account = hashlib.sha256(account.encode()).hexdigest()[:16]
        self._mode = "sandbox" if sandbox else "live"
        self._now = now
        self._database = _open(path)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now(self) -> float:
        """The ledger's clock, seconds since 1970."""
        return self._now()

    def intend(
        self,
        *,
        family: str,
        title: str,
        fingerprint: str,
        consent: str | None,
        expected: float | None,
        units: float | None,
        window: float | None,
    ) -> tuple[Entry, bool]:
        """Write an intent, or find the same start within the last `window` seconds.

        Returns the entry and whether it is new. Both happen in one transaction, so two processes cannot both win.
        """
        with self._transaction():
            if window is not None and (twin := self._twin(fingerprint, window)) is not None:
                return twin, False
            entry = Entry(
                id=self._new_id(),
                family=family,
                title=title,
                fingerprint=fingerprint,
                phase="intended",
                created=self._now(),
                consent=consent,
                expected=expected,
                units=units,
            )
            self._database.execute(
                "INSERT INTO starts (id, account, mode, family, title, fingerprint, phase, created, consent, expected,"
                " units) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.id,
                    self._account,
                    self._mode,
                    family,
                    title,
                    fingerprint,
                    entry.phase,
                    entry.created,
                    consent,
                    expected,
                    units,
                ),
            )
            return entry, True

    def update(self, entry_id: str, **changes: Any) -> Entry:
        """Change fields of one entry and return it as it is now."""
        with self._transaction():
            entry = dataclasses.replace(self.entry(entry_id), **changes)
            values = {
                each.name: json.dumps(getattr(entry, each.name), ensure_ascii=False)
                if each.name in _JSON_COLUMNS
                else getattr(entry, each.name)
                for each in dataclasses.fields(entry)
            }
            self._database.execute(_UPDATE, values)
        return entry

    def entry(self, entry_id: str) -> Entry:
        """The entry of this id. Raises KeyError when there is none."""
        row = self._database.execute(
            "SELECT * FROM starts WHERE id = ? AND account = ? AND mode = ?", (entry_id, self._account, self._mode)
        ).fetchone()
        if row is None:
            raise KeyError(entry_id)
        return _entry(row)

    def by_handle(self, handle: str) -> Entry | None:
        """The entry that a handle belongs to."""
        rows = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND (handles LIKE ? OR id = ?)",
            (self._account, self._mode, f'%"{handle}"%', handle.partition(":")[2]),
        ).fetchall()
        return next((_entry(row) for row in rows), None)

    def recent(self, *, since: float = 0.0, most: int = 1000) -> list[Entry]:
        """Entries created at or after `since`, newest first."""
        rows = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND created >= ? ORDER BY created DESC, rowid DESC"
            " LIMIT ?",
            (self._account, self._mode, since, most),
        ).fetchall()
        return [_entry(row) for row in rows]

    def spent_since(self, since: float) -> float:
        """Credits of everything started since then, as far as is known."""
        return sum(entry.cost for entry in self.recent(since=since, most=100_000))

    def _twin(self, fingerprint: str, window: float) -> Entry | None:
        row = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND fingerprint = ? AND created >= ?"
            " AND phase != 'refused' ORDER BY created DESC LIMIT 1",
            (self._account, self._mode, fingerprint, self._now() - window),
        ).fetchone()
        return None if row is None else _entry(row)

    def _new_id(self) -> str:
        mark = SANDBOX_MARK + OWN_MARK if self._mode == "sandbox" else OWN_MARK
        return mark + secrets.token_hex(12)[: 24 - len(mark)]

    def _transaction(self) -> _Transaction:
        return _Transaction(self._database)


class _Transaction:
    """BEGIN IMMEDIATE: the write lock is taken first, so that look-then-write is one step for all processes."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = sqlite3.connect(path, isolation_level=None, timeout=10.0, check_same_thread=False)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise SettingsError(
                f"The ledger {path.name} was written by a newer a2e-mcp", then="Update a2e-mcp, or set A2E_DATA_DIR"
            )
        database.executescript(_SCHEMA + f"PRAGMA user_version = {_VERSION};")
    except (OSError, sqlite3.DatabaseError) as problem:
        raise SettingsError(
            f"The ledger in {path.parent} cannot be opened ({problem})",
            then="Set A2E_DATA_DIR to a folder that can be written, or move the damaged file away",
        ) from None
    return database


def _entry(row: sqlite3.Row) -> Entry:
    values = {name: value for name, value in dict(row).items() if name not in ("account", "mode")}
    return Entry(**{**values, **{name: json.loads(values[name]) for name in _JSON_COLUMNS}})
