"""What the sandbox remembers: one SQLite file in its folder, shared by every process that opens it."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from a2e_mcp.errors import SettingsError
from a2e_mcp.private_files import make_private_database
from a2e_mcp.sandbox.errors import insufficient_coins, not_found

SANDBOX_ID_PREFIX = "00000000"
"""How every sandbox id begins: an ObjectId of 1970, which A2E cannot issue."""

_VERSION = 1
_BUSY_SECONDS = 10.0
_SECONDS_BETWEEN_TRIES = 0.05

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE transactions (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, amount INTEGER NOT NULL, reason TEXT NOT NULL, record_id TEXT
);
CREATE TABLE records (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, family TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL
);
CREATE INDEX records_by_family ON records (family, number);
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record_id TEXT NOT NULL, family TEXT NOT NULL,
    job_order TEXT, results TEXT NOT NULL, price INTEGER NOT NULL, policy TEXT NOT NULL, traits TEXT NOT NULL,
    created REAL NOT NULL, polls INTEGER NOT NULL DEFAULT 0, phase TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0,
    owner TEXT, lease_until REAL, failure_code TEXT, failure_message TEXT, note TEXT NOT NULL DEFAULT '',
    finished REAL
);
CREATE INDEX jobs_by_record ON jobs (record_id, number);
CREATE INDEX jobs_by_phase ON jobs (phase, number);
CREATE TABLE files (
    key TEXT PRIMARY KEY, media_type TEXT NOT NULL, kind TEXT, seconds REAL, width INTEGER, height INTEGER,
    has_audio INTEGER, track TEXT, traits TEXT NOT NULL DEFAULT '[]'
);
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the account: what A2E would keep, in A2E's spelling; `created` is in the sandbox's time."""

    id: str
    family: str
    created: float
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One change of the balance; negative amounts were spent."""

    number: int
    at: float
    amount: int
    reason: str
    record_id: str | None


class Store:
    """Facts, money and records; jobs and files have their own classes over the same connection."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises SettingsError when it cannot be used."""
        try:
            make_private_database(path)
            self.connection = _open(path)
        except (sqlite3.Error, OSError) as problem:
            if getattr(problem, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise SettingsError(
                    f"The sandbox's data in {path} is locked by another program", hint="Close that program, then retry"
                ) from None
            reason = (problem.strerror if isinstance(problem, OSError) else None) or str(problem)
            raise SettingsError(
                f"The sandbox cannot use {path} ({reason})", hint="Choose another folder, or move this file away"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing, alone among all processes; blocks may be nested."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def is_free(self) -> bool:
        """Whether something could be written right now: no other process has the file locked."""
        if self.connection.in_transaction:
            return True
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {round(_BUSY_SECONDS * 1000)}")
        return True

    async def until_free(self, seconds: float = _BUSY_SECONDS) -> bool:
        """Wait for another process that has the file locked, while everything else continues; False when it keeps it.

        SQLite's own waiting would stop the whole process.
        """
        with anyio.move_on_after(seconds):
            while True:
                if self.is_free():
                    return True
                await anyio.sleep(_SECONDS_BETWEEN_TRIES)
        return False

    def fact(self, name: str) -> str | None:
        """A remembered value."""
        row = self.connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Remember a value."""
        self.connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def secret(self, name: str) -> str:
        """A random word that belongs to this folder, made when first asked for."""
        with self.transaction():
            known = self.fact(name)
            if known is None:
                known = secrets.token_urlsafe(18)
                self.set_fact(name, known)
            return known

    @property
    def balance(self) -> int:
        """Credits left."""
        return int(self.connection.execute("SELECT COALESCE(SUM(amount), 0) FROM transactions").fetchone()[0])

    def grant_once(self, amount: int, at: float) -> None:
        """Give a new account its first credits."""
        with self.transaction():
            if not self.transactions():
                self.book(amount, "sandbox grant", at)

    def charge(self, amount: int, reason: str, at: float, record_id: str | None = None) -> None:
        """Spend credits. Raises Refusal when there are not enough."""
        with self.transaction():
            if amount > self.balance:
                raise insufficient_coins(amount, self.balance)
            self.book(-amount, reason, at, record_id)

    def book(self, amount: int, reason: str, at: float, record_id: str | None = None) -> None:
        """Write down a change of the balance; nothing for nothing."""
        if amount:
            self.connection.execute(
                "INSERT INTO transactions (at, amount, reason, record_id) VALUES (?, ?, ?, ?)",
                (at, amount, reason, record_id),
            )

    def transactions(self) -> list[Transaction]:
        """Every change of the balance, newest first."""
        rows = self.connection.execute("SELECT * FROM transactions ORDER BY number DESC")
        return [Transaction(*row) for row in rows]

    def add_record(self, family: str, body: dict[str, Any], at: float, record_id: str | None = None) -> Record:
        """Keep a new record."""
        record = Record(record_id or new_id(), family, at, body)
        self.connection.execute(
            "INSERT INTO records (id, family, created, body) VALUES (?, ?, ?, ?)",
            (record.id, family, at, json.dumps(body)),
        )
        return record

    def record(self, family: str, record_id: str) -> Record | None:
        """One record of a family."""
        query = "SELECT * FROM records WHERE family = ? AND id = ?"
        row = self.connection.execute(query, (family, record_id.lower())).fetchone()
        return None if row is None else _record(row)

    def remove_found(self, family: str, record_id: str, what: str) -> None:
        """Forget a record that needs no other work. Raises Refusal when there is none."""
        record = self.record(family, record_id)
        if record is None:
            raise not_found(f"{what} {record_id}")
        self.remove_record(record.id)

    def records(self, family: str) -> list[Record]:
        """Every record of a family, newest first."""
        rows = self.connection.execute("SELECT * FROM records WHERE family = ? ORDER BY number DESC", (family,))
        return [_record(row) for row in rows]

    def set_body(self, record_id: str, body: dict[str, Any]) -> None:
        """Change what a record says."""
        self.connection.execute("UPDATE records SET body = ? WHERE id = ?", (json.dumps(body), record_id))

    def remove_record(self, record_id: str) -> None:
        """Forget a record and its jobs; a render under way notices and stops."""
        with self.transaction():
            self.connection.execute("DELETE FROM jobs WHERE record_id = ?", (record_id,))
            self.connection.execute("DELETE FROM records WHERE id = ?", (record_id,))

    def count_by_family(self) -> dict[str, int]:
        """How many records there are."""
        rows = self.connection.execute("SELECT family, COUNT(*) FROM records GROUP BY family ORDER BY family")
        return {row[0]: row[1] for row in rows}

    def clear(self) -> None:
        """Forget everything but the folder's secrets."""
        with self.transaction():
            self.connection.execute("DELETE FROM transactions")
            self.connection.execute("DELETE FROM records")
            self.connection.execute("DELETE FROM jobs")
            self.connection.execute("DELETE FROM files")


def new_id() -> str:
    """An id that shows that it is the sandbox's."""
    return SANDBOX_ID_PREFIX + secrets.token_hex(8)


def _record(row: sqlite3.Row) -> Record:
    return Record(row["id"], row["family"], row["created"], json.loads(row["body"]))


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")
        if version not in {0, _VERSION}:
            raise sqlite3.DatabaseError(f"it was made by another version of a2e-mcp (schema {version})")
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for its busy timeout here when another process is just doing the same, so a transaction does.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        else:
            return
