"""Forgetting what was said in old starts of a file: their words go, their amounts stay."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.codec import from_row, to_row
from a2e_mcp.ledger.forget import without_words
from a2e_mcp.ledger.sqlite.file import is_locked, locked, open_file

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
