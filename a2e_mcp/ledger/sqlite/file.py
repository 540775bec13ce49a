"""The file of a SQLite ledger: its tables, and how one of an earlier version is brought up to date."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from itertools import count
from pathlib import Path

from a2e_mcp.errors import Charged, SettingsError
from a2e_mcp.ledger.sqlite.start_index import START_INDEX
from a2e_mcp.private_files import link_problem, make_private_database, make_private_folder

_VERSION = 4
_PATIENCE = 10.0
"""Seconds to wait while others have the file locked."""
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
    raw TEXT,
    beat REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS starts_by_time ON starts (account, mode, created);
CREATE INDEX IF NOT EXISTS starts_by_fingerprint ON starts (account, mode, fingerprint, created);
"""
_FROM_VERSION_1 = "ALTER TABLE starts ADD COLUMN beat REAL NOT NULL DEFAULT 0"
# What a start is made from may be long and is seldom read, so it is kept beside the rows that are read all the time. It
# is a table and not a column because servers of version 2 read every column of `starts` and stumble over a new one.
_FROM_VERSION_2 = "CREATE TABLE IF NOT EXISTS start_inputs (id TEXT PRIMARY KEY, start TEXT NOT NULL)"
# A table for the same reason, and no new version of the file: servers of version 4 need not know of it. Entries without
# a user have no row in it.
_USERS = (
    "CREATE TABLE IF NOT EXISTS start_users (id TEXT PRIMARY KEY, user_id TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS start_users_by_user ON start_users (user_id)",
)
# Beside them for the same reason: the keys of A2E that users bring, sealed.
_OWN_KEYS = """
CREATE TABLE IF NOT EXISTS own_keys (
    account TEXT NOT NULL,
    mode TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    brought REAL NOT NULL,
    used REAL NOT NULL,
    PRIMARY KEY (account, mode, user_id)
) WITHOUT ROWID
"""
_ENTRIES = """
CREATE TEMP VIEW entries AS
SELECT starts.*, starts.rowid AS number,
    coalesce((SELECT user_id FROM start_users WHERE start_users.id = starts.id), '') AS user_id
FROM starts
"""
"""The starts with their users; `number` is the order in which they were written."""


def open_file(path: Path) -> sqlite3.Connection:
    """Open a ledger's file, make it if need be, and bring it up to date. Raises SettingsError."""
    try:
        make_private_folder(path.parent)
        make_private_database(path)
        database = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE, check_same_thread=False)
    except (OSError, sqlite3.DatabaseError) as problem:
        raise _cannot_open(path, problem) from None
    try:
        database.row_factory = sqlite3.Row
        _write_ahead(database)
        database.execute("PRAGMA synchronous = FULL")
        _bring_up_to_date(database, path)
        for statement in (*_USERS, _OWN_KEYS, _ENTRIES):
            database.execute(statement)
    except BaseException as problem:
        database.close()
        if isinstance(problem, sqlite3.DatabaseError | OSError):
            raise _cannot_open(path, problem) from None
        raise
    return database


def _write_ahead(database: sqlite3.Connection) -> None:
    """Turn write-ahead logging on; several servers may open a new file at the same moment.

    SQLite waits for the locks of others everywhere but here, so the wait is for a lock of our own.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if not is_locked(problem) or time.monotonic() >= until:
                raise
        else:
            return
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")


def file_identity(path: Path) -> tuple[int, int] | None:
    """Which file a path leads to; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _bring_up_to_date(database: sqlite3.Connection, path: Path) -> None:
    version = _version_of(database)
    if version > _VERSION:
        raise SettingsError(
            f"The ledger {path.name} was written by a newer a2e-mcp", hint="Update a2e-mcp, or set A2E_DATA_DIR"
        )
    if version == _VERSION:
        return
    # Two servers may open an older file at the same moment: the second finds it done.
    database.execute("BEGIN IMMEDIATE")
    version = _version_of(database)
    if 0 < version < _VERSION:
        _back_up(path, version)
    if version == 0:
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
    if version == 1:
        database.execute(_FROM_VERSION_1)
    if version < 3:
        database.execute(_FROM_VERSION_2)
    if version < _VERSION:
        for statement in START_INDEX:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {_VERSION}")
    database.execute("COMMIT")


def _version_of(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _back_up(path: Path, version: int) -> None:
    """Copy the ledger as it is beside itself, readable by its owner only; an earlier copy is never overwritten."""
    names = (f"{path.stem}-version-{version}{f'-{number}' if number > 1 else ''}.backup" for number in count(1))
    copy = next(each for each in (path.with_name(name) for name in names) if not each.exists())
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    # A connection of its own: what this one has begun is not part of the copy, and no one else can write meanwhile.
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def is_locked(problem: Exception) -> bool:
    """Whether a problem is that another process keeps the ledger to itself."""
    return isinstance(problem, sqlite3.Error) and getattr(problem, "sqlite_errorname", "").startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED")
    )


def locked(charged: Charged | None) -> SettingsError:
    """The error for a ledger that another process has locked."""
    return SettingsError(
        "The ledger is locked by another program",
        charged=charged,
        hint="Close the program that has the file open or wait for it, then retry",
    )


def _cannot_open(path: Path, problem: Exception) -> SettingsError:
    if is_locked(problem):
        return locked(Charged.NOTHING)
    reason = link_problem(path) or (problem.strerror if isinstance(problem, OSError) else None) or str(problem)
    return SettingsError(
        f"The ledger in {path.parent} cannot be opened ({reason})",
        hint="Set A2E_DATA_DIR to a folder that can be written, or move the damaged file away",
    )
