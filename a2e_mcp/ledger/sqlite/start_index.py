"""What sums, lists and look-ups need of each start, in narrow tables with indexes beside the starts themselves.

Everything here follows from the entries, so that their meaning is written down once, in Python. Triggers note which
entries were changed; a server that writes an entry indexes it in the same transaction, and what a server of an earlier
version has written is indexed before the next look.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from a2e_mcp.ledger.codec import from_row
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.index_rows import index_keys, index_row
from a2e_mcp.ledger.job_ids import DOWNLOAD
from a2e_mcp.ledger.keys import job_key
from a2e_mcp.ledger.store import JobFilter, living_beats

START_INDEX = (
    """
CREATE TABLE IF NOT EXISTS start_index (
    account TEXT NOT NULL,
    mode TEXT NOT NULL,
    created REAL NOT NULL,
    id TEXT NOT NULL,
    family TEXT NOT NULL,
    cost REAL NOT NULL,
    listed INTEGER NOT NULL,
    jobs INTEGER NOT NULL,
    at_rest TEXT NOT NULL,
    under_way TEXT,
    PRIMARY KEY (account, mode, created, id)
) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX IF NOT EXISTS start_index_by_id ON start_index (id)",
    """
CREATE TABLE IF NOT EXISTS start_keys (
    account TEXT NOT NULL,
    mode TEXT NOT NULL,
    key TEXT NOT NULL,
    created REAL NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (account, mode, key, created, id)
) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS start_keys_by_id ON start_keys (id)",
    "CREATE TABLE IF NOT EXISTS unindexed (id TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS starts_by_family ON starts (account, mode, family, created)",
    "CREATE INDEX IF NOT EXISTS starts_unfinished ON starts (account, mode, created)"
    " WHERE phase IN ('intended', 'sent')",
    "CREATE INDEX IF NOT EXISTS starts_lost ON starts (account, mode, family, created)"
    " WHERE phase IN ('sent', 'unknown') AND handles = '[]'",
    "INSERT OR IGNORE INTO unindexed SELECT id FROM starts",
    "CREATE TRIGGER IF NOT EXISTS starts_inserted AFTER INSERT ON starts"
    " BEGIN INSERT OR IGNORE INTO unindexed VALUES (new.id); END",
    "CREATE TRIGGER IF NOT EXISTS starts_changed"
    " AFTER UPDATE OF family, phase, expected, charged, handles, steps, state ON starts"
    " BEGIN INSERT OR IGNORE INTO unindexed VALUES (new.id); END",
)
"""The statements that add the index to a ledger."""

_MANY = 500


def _sql(*parts: str) -> str:
    """One statement of constant parts."""
    return " ".join(parts)


_STATE = """
CASE WHEN under_way IS NULL THEN at_rest
     WHEN (SELECT beat FROM starts WHERE starts.id = start_index.id) BETWEEN :oldest AND :newest
     THEN under_way ELSE at_rest END
"""
_OF_USER = "AND (:user IS NULL OR (SELECT user_id FROM entries WHERE entries.id = start_index.id) = :user)"
_MATCHING = _sql(
    "account = :account AND mode = :mode AND listed AND (:family IS NULL OR family = :family)",
    "AND created >= :since AND created < :before",
    _OF_USER,
)
_IN_STATE = _sql("(:states IS NULL OR", _STATE, "IN (SELECT value FROM json_each(:states)))")
_COUNT = _sql("SELECT coalesce(sum(jobs), 0) FROM start_index WHERE", _MATCHING, "AND", _IN_STATE)
_COUNT_AMONG = _sql(
    "SELECT count(*) FROM (SELECT key, max(created) AS created, id FROM start_keys WHERE account = :account AND"
    " mode = :mode AND key IN (SELECT value FROM json_each(:keys)) GROUP BY key) AS known"
    " WHERE EXISTS (SELECT 1 FROM start_index WHERE start_index.id = known.id AND",
    _MATCHING,
    "AND",
    _IN_STATE,
    ")",
)
_SPENT_BY = {
    part: _sql(
        "SELECT",
        column,
        "AS part, total(cost) AS spent FROM start_index WHERE account = :account AND mode = :mode",
        "AND created >= :since AND family != :download",
        _OF_USER,
        "GROUP BY part HAVING spent > 0 ORDER BY",
        order,
        "LIMIT :most",
    )
    for part, column, order in (
        ("family", "family", "spent DESC, part"),
        ("day", "date(created, 'unixepoch')", "part DESC"),
    )
}
"""Credits of what was started since then by family, dearest first, or by day (UTC), newest first."""
_SINCE = "account = :account AND mode = :mode AND created >= :since"
_SPENT_SINCE = _sql(
    "SELECT (SELECT total(cost) FROM start_index WHERE",
    _SINCE,
    _OF_USER,
    ") + (SELECT total(max(0, coalesce(expected, 0) - cost)) FROM entries JOIN start_index USING (id)"
    " WHERE entries.account = :account AND entries.mode = :mode AND entries.created >= :since"
    " AND phase IN ('intended', 'sent') AND beat BETWEEN :oldest AND :newest"
    " AND (:user IS NULL OR user_id = :user)) AS spent",
)
"""What everything cost, and what more is expected of that which is under way; of one moment."""
_GLANCE = _sql(
    _SPENT_SINCE,
    ", EXISTS (SELECT 1 FROM unindexed) AS is_behind, EXISTS (SELECT 1 FROM starts WHERE account = :account"
    " AND mode = :mode AND family = :family AND created >= :recent) AS has_recent",
)
_SPENDING = _sql("SELECT total(cost), count(*) FROM start_index WHERE", _SINCE, "AND family != :download", _OF_USER)
_LISTED = _sql(
    "SELECT id FROM start_index WHERE",
    _MATCHING,
    "AND",
    _IN_STATE,
    "AND (created, id) < (:created, :last) ORDER BY account DESC, mode DESC, created DESC, id DESC LIMIT :most",
)


class Glance(NamedTuple):
    """What one statement tells: credits spent, whether the index is behind, and whether recent entries are there."""

    spent: float
    is_behind: bool
    has_recent: bool


class StartIndex:
    """The index of one account's starts in one mode; used in the ledger's thread alone."""

    def __init__(self, database: sqlite3.Connection, account: str, mode: str, now: Callable[[], float]) -> None:
        self._database = database
        self._whose = {"account": account, "mode": mode}
        self._now = now

    def write(self, entry: LedgerEntry, *, whose: Mapping[str, str] | None = None) -> None:
        """Index an entry; within the transaction that wrote it."""
        run, owner = self._database.execute, whose or self._whose
        run(_INSERT_INDEX, {**index_row(entry), **owner})
        run("DELETE FROM start_keys WHERE id = ?", (entry.id,))
        keys = [(owner["account"], owner["mode"], key, entry.created, entry.id) for key in index_keys(entry)]
        if keys:
            self._database.executemany("INSERT OR IGNORE INTO start_keys VALUES (?, ?, ?, ?, ?)", keys)
        run("DELETE FROM unindexed WHERE id = ?", (entry.id,))

    def catch_up(self) -> None:
        """Index what servers of an earlier version have written; within a transaction."""
        while rows := self._database.execute(
            "SELECT entries.* FROM unindexed JOIN entries USING (id) LIMIT ?", (_MANY,)
        ).fetchall():
            for row in rows:
                self.write(from_row(row), whose={"account": row["account"], "mode": row["mode"]})

    def is_behind(self) -> bool:
        """Whether some entries are not indexed yet."""
        return self._database.execute("SELECT 1 FROM unindexed LIMIT 1").fetchone() is not None

    def with_key(self, key: str, *, since: float = 0.0, most: int = 50, user: str | None = None) -> list[LedgerEntry]:
        """Entries that bear this key, newest first."""
        rows = self._database.execute(
            "SELECT entries.* FROM start_keys JOIN entries USING (id) WHERE start_keys.account = :account"
            " AND start_keys.mode = :mode AND key = :key AND start_keys.created >= :since"
            " AND (:user IS NULL OR user_id = :user)"
            " ORDER BY start_keys.created DESC, number DESC LIMIT :most",
            {**self._whose, "key": key, "since": since, "most": most, "user": user},
        ).fetchall()
        return [from_row(row) for row in rows]

    def spent_since(self, since: float, user: str | None = None) -> float:
        """Credits of everything started since then; what is under way counts as expected, if that is more."""
        wanted = {**self._whose, **living_beats(self._now()), "since": since, "user": user}
        return float(self._database.execute(_SPENT_SINCE, wanted).fetchone()[0])

    def glance(self, since: float, family: str, recent: float) -> Glance:
        """Credits spent since then, and whether there are entries of a family that were created at or after `recent`.

        A statement costs more than what it finds, so this is one.
        """
        wanted = {"since": since, "family": family, "recent": recent, "user": None}
        values = {**self._whose, **living_beats(self._now()), **wanted}
        spent, is_behind, has_recent = self._database.execute(_GLANCE, values).fetchone()
        return Glance(float(spent), bool(is_behind), bool(has_recent))

    def spending(self, since: float, user: str | None) -> tuple[float, int]:
        """Credits of everything started since then, and how many starts that were; downloads are none."""
        total, starts = self._database.execute(
            _SPENDING, {**self._whose, "since": since, "download": DOWNLOAD, "user": user}
        ).fetchone()
        return float(total), int(starts)

    def spending_by(
        self, part: Literal["family", "day"], since: float, most: int, user: str | None
    ) -> dict[str, float]:
        """Credits of what was started since then: by family, dearest first, or by day (UTC), newest first."""
        wanted = {**self._whose, "since": since, "download": DOWNLOAD, "most": most, "user": user}
        return {str(name): float(spent) for name, spent in self._database.execute(_SPENT_BY[part], wanted)}

    def count_jobs(self, wanted: JobFilter, among: Sequence[str] | None) -> int:
        """How many jobs match; `among` counts only those of these job ids."""
        if among is None:
            (found,) = self._database.execute(_COUNT, self._values(wanted)).fetchone()
            return int(found)
        total = 0
        for start in range(0, len(among), _MANY):
            keys = json.dumps([job_key(each) for each in among[start : start + _MANY]])
            (found,) = self._database.execute(_COUNT_AMONG, {**self._values(wanted), "keys": keys}).fetchone()
            total += int(found)
        return total

    def listed(self, wanted: JobFilter, *, before: tuple[float, str] | None, most: int) -> list[LedgerEntry]:
        """Entries whose jobs match, newest first; `before` continues after the last one of an earlier page."""
        created, last = before or (float("inf"), "")
        values = {**self._values(wanted), "created": created, "last": last, "most": most}
        ids = self._database.execute(_LISTED, values).fetchall()
        rows = [self._database.execute("SELECT * FROM entries WHERE id = ?", (row["id"],)).fetchone() for row in ids]
        return [from_row(row) for row in rows]

    def _values(self, wanted: JobFilter) -> dict[str, object]:
        since = float("-inf") if wanted.since is None else wanted.since
        before = float("inf") if wanted.before is None else wanted.before
        states = json.dumps(list(wanted.states)) if wanted.states else None
        wanted_ones = {"family": wanted.family, "states": states, "since": since, "before": before, "user": wanted.user}
        return {**self._whose, **living_beats(self._now()), **wanted_ones}


_INSERT_INDEX = """
INSERT OR REPLACE INTO start_index
VALUES (:account, :mode, :created, :id, :family, :cost, :listed, :jobs, :at_rest, :under_way)
"""
