"""Forgetting what was said in old starts: their words go, their amounts stay."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.codec import from_row, to_row
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.sqlite_file import is_locked, locked, open_file

_OLD = "SELECT * FROM entries WHERE created < ? AND phase IN ('started', 'refused')"
_FORGET = """
UPDATE starts SET title = :title, fingerprint = :fingerprint, consent = NULL, steps = :steps, note = NULL, raw = NULL
WHERE id = :id
"""


def forget_before(path: Path, moment: float) -> int:
    """Forget scripts, consent and raw answers of all starts made before a moment; gives how many starts these were.

    Starts whose outcome is not known keep what is needed to find them. Raises SettingsError.
    """
    with closing(open_file(path)) as database:
        try:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("BEGIN IMMEDIATE")
            rows = database.execute(_OLD, (moment,)).fetchall()
            for row in rows:
                database.execute(_FORGET, to_row(without_words(from_row(row))))
                database.execute("DELETE FROM start_inputs WHERE id = ?", (row["id"],))
            database.execute("COMMIT")
            # What was deleted would otherwise stay readable in the file and its log.
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.DatabaseError as problem:
            if is_locked(problem):
                raise locked(None) from None
            raise SettingsError(f"The ledger cannot be written ({problem})", hint="Run a2e-mcp doctor") from None
    return len(rows)


def without_words(entry: LedgerEntry) -> LedgerEntry:
    """An entry without what was said in it."""
    details = replace(entry.details, request={}, path=None)
    title = entry.family.replace("_", " ").capitalize()
    return replace(entry, title=title, fingerprint=_digest(entry.fingerprint), details=details)


def _digest(fingerprint: str) -> str:
    """A fingerprint without words: those of purchases hold what was bought."""
    is_plain = " " not in fingerprint or fingerprint.startswith(("upload ", "download "))
    return fingerprint if is_plain else hashlib.sha256(fingerprint.encode()).hexdigest()
