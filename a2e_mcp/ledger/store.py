"""What was started and what it cost: one SQLite table, rows for each account and mode.

A row is written before anything that may be charged leaves, so nothing that was paid for can be forgotten. Whoever
carries a start out says so every few seconds, so that another server on the same folder can tell a start that is under
way from one whose server died. Calls are short (a committed write takes well under a millisecond) and made directly.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.job_ids import DOWNLOAD, OWN_MARK, SANDBOX_MARK

Phase = Literal["intended", "sent", "started", "refused", "unknown"]
"""intended: the job's own request has not left. sent: it may have left. unknown: the answer was lost."""

BEAT_SECONDS = 10.0
"""How often whoever carries a start out says so."""
_SILENT_SECONDS = 3 * BEAT_SECONDS

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
_INSERT = """
INSERT INTO starts (id, account, mode, family, title, fingerprint, phase, created, consent, expected, units, steps,
    beat)
VALUES (:id, :account, :mode, :family, :title, :fingerprint, :phase, :created, :consent, :expected, :units, :steps,
    :beat)
"""
_UPDATE = """
UPDATE starts SET family = :family, title = :title, phase = :phase, sent = :sent, expected = :expected,
    charged = :charged, handles = :handles, steps = :steps, results = :results, state = :state, note = :note,
    raw = :raw, beat = :beat
WHERE id = :id
"""
_VERSION = 2
_JSON_COLUMNS = ("handles", "steps", "results")


@dataclass(frozen=True, slots=True)
class Entry:
    """One start. Times are seconds since 1970, amounts are credits; `beat` is when it was last said to be under way."""

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
    beat: float = 0.0

    @property
    def own_job_id(self) -> str:
        """The handle of a start that A2E has given no id yet, and of work that never gets one."""
        return f"{self.family}:{self.id}"

    @property
    def paying(self) -> str | None:
        """The step on the way (speech, upload) that was asked for and not answered."""
        step = self.steps.get("paying")
        return step if isinstance(step, str) else None

    @property
    def answer_lost(self) -> bool:
        """Whether its job may exist at A2E without our knowing its id."""
        return self.phase in ("sent", "unknown") and self.sent is not None and not self.handles

    @property
    def measured(self) -> Mapping[str, Mapping[str, float | None]]:
        """What each step really cost, `credits` for so many `units`; None where it could not be told."""
        measured: Mapping[str, Mapping[str, float | None]] = self.steps.get("measured", {})
        return measured

    def cost_on_the_way(self) -> tuple[float, bool]:
        """What speech and uploads cost, and whether all of it was measured; else some of it is as it was priced."""
        return self._cost_of({step: lap["credits"] for step, lap in self.measured.items() if step != self.family})

    @property
    def cost(self) -> float:
        """What it cost as far as is known: the true charge, else the expected one; what never left costs nothing."""
        return self._cost_and_certainty()[0]

    @property
    def cost_is_sure(self) -> bool:
        """Whether that was told or measured."""
        return self._cost_and_certainty()[1]

    def _cost_and_certainty(self) -> tuple[float, bool]:
        if self.charged is not None:
            return self.charged, True
        if self.phase == "refused" or (self.phase == "intended" and self.paying is None):
            return self._cost_of({step: lap["credits"] for step, lap in self.measured.items()})
        return self.expected or 0.0, False

    def _cost_of(self, laps: Mapping[str, float | None]) -> tuple[float, bool]:
        priced: Mapping[str, float | None] = self.steps.get("priced", {})
        credits = [priced.get(step) or 0.0 if paid is None else paid for step, paid in laps.items()]
        return sum(credits), None not in laps.values()


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

    def insert_or_get_recent(
        self,
        *,
        family: str,
        title: str,
        fingerprint: str,
        consent: str | None,
        expected: float | None,
        units: float | None,
        window: float | None,
        steps: Mapping[str, Any] | None = None,
        permit: Callable[[], None] = lambda: None,
    ) -> tuple[Entry, bool]:
        """Write an intent, or find the same start within the last `window` seconds.

        Returns the entry and whether it is new. `permit` may raise to stop a new one. All of it is one transaction, so
        two servers can neither both win nor both use up what is left under a ceiling.
        """
        with self._transaction():
            if window is not None and (twin := self._twin(fingerprint, window)) is not None:
                return twin, False
            permit()
            now = self._now()
            entry = Entry(
                id=self._new_id(),
                family=family,
                title=title,
                fingerprint=fingerprint,
                phase="intended",
                created=now,
                consent=consent,
                expected=expected,
                units=units,
                steps=steps or {},
                beat=now,
            )
            self._database.execute(_INSERT, {**_values(entry), "account": self._account, "mode": self._mode})
            return entry, True

    def update(self, entry_id: str, **changes: Any) -> Entry:
        """Change fields of one entry and return it as it is now."""
        with self._transaction():
            return self._write(dataclasses.replace(self.entry(entry_id), **changes))

    def move(self, entry_id: str, before: Phase, **changes: Any) -> Entry | None:
        """Change an entry that is still in this phase; None when somebody else has moved it on."""
        with self._transaction():
            entry = self.entry(entry_id)
            return self._write(dataclasses.replace(entry, **changes)) if entry.phase == before else None

    def remember(self, entry_id: str, **parts: Any) -> Entry:
        """Add to what is known of an entry's steps; a mapping is added to the one that is there."""
        with self._transaction():
            entry = self.entry(entry_id)
            steps = dict(entry.steps)
            for name, part in parts.items():
                steps[name] = {**steps.get(name, {}), **part} if isinstance(part, Mapping) else part
            return self._write(dataclasses.replace(entry, steps=steps))

    def beat(self, entry_id: str) -> None:
        """Say that this start is being carried out."""
        self.update(entry_id, beat=self._now())

    def claim(self, entry_id: str) -> bool:
        """Say that it is carried out here from now on; False when somebody else is at it, or it has ended."""
        with self._transaction():
            entry = self.entry(entry_id)
            if entry.phase != "intended" or self.under_way(entry):
                return False
            self._write(dataclasses.replace(entry, beat=self._now()))
            return True

    def release(self, entry_id: str) -> None:
        """Say that nobody carries this start out any more."""
        self.update(entry_id, beat=0.0)

    def under_way(self, entry: Entry) -> bool:
        """Whether some server is carrying this start out right now."""
        return entry.phase in ("intended", "sent") and self._now() - entry.beat < _SILENT_SECONDS

    def alone_since(self, entry_id: str, moment: float) -> bool:
        """Whether no other start of this account has been under way since then, as far as this ledger knows."""
        row = self._database.execute(
            "SELECT 1 FROM starts WHERE account = ? AND mode = ? AND id != ? AND family != ?"
            " AND (created >= ? OR (phase IN ('intended', 'sent') AND beat > ?)) LIMIT 1",
            (self._account, self._mode, entry_id, DOWNLOAD, moment, self._now() - _SILENT_SECONDS),
        ).fetchone()
        return row is None

    def entry(self, entry_id: str) -> Entry:
        """The entry of this id. Raises KeyError when there is none."""
        row = self._database.execute(
            "SELECT * FROM starts WHERE id = ? AND account = ? AND mode = ?", (entry_id, self._account, self._mode)
        ).fetchone()
        if row is None:
            raise KeyError(entry_id)
        return _entry(row)

    def by_job_id(self, handle: str) -> Entry | None:
        """The newest entry that a handle belongs to."""
        row = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND (instr(handles, ?) OR id = ?)"
            " ORDER BY created DESC, rowid DESC LIMIT 1",
            (self._account, self._mode, f'"{handle}"', handle.partition(":")[2]),
        ).fetchone()
        return None if row is None else _entry(row)

    def recent(self, *, since: float = 0.0, most: int = 1000) -> list[Entry]:
        """Entries created at or after `since`, newest first."""
        rows = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND created >= ? ORDER BY created DESC, rowid DESC"
            " LIMIT ?",
            (self._account, self._mode, since, most),
        ).fetchall()
        return [_entry(row) for row in rows]

    def newest(self, beginning: str) -> Entry | None:
        """The newest entry whose fingerprint begins like this, whatever became of it."""
        row = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND fingerprint >= ? AND fingerprint < ?"
            " ORDER BY created DESC, rowid DESC LIMIT 1",
            (self._account, self._mode, beginning, f"{beginning}\U0010ffff"),
        ).fetchone()
        return None if row is None else _entry(row)

    def lost(self, family: str, *, since: float) -> list[Entry]:
        """Starts of a family whose answer was lost and which nobody is carrying out, newest first."""
        entries = self.recent(since=since, most=100_000)
        return [each for each in entries if each.family == family and each.answer_lost and not self.under_way(each)]

    def spent_since(self, since: float) -> float:
        """Credits of everything started since then, as far as is known; what is on its way counts as expected."""
        return sum(self._weight(entry) for entry in self.recent(since=since, most=100_000))

    def _weight(self, entry: Entry) -> float:
        return max(entry.cost, entry.expected or 0.0) if self.under_way(entry) else entry.cost

    def _twin(self, fingerprint: str, window: float) -> Entry | None:
        row = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND fingerprint = ? AND created >= ?"
            " AND phase != 'refused' AND state IS NOT 'deleted' ORDER BY created DESC, rowid DESC LIMIT 1",
            (self._account, self._mode, fingerprint, self._now() - window),
        ).fetchone()
        return None if row is None else _entry(row)

    def _write(self, entry: Entry) -> Entry:
        self._database.execute(_UPDATE, _values(entry))
        return entry

    def _new_id(self) -> str:
        mark = SANDBOX_MARK + OWN_MARK if self._mode == "sandbox" else OWN_MARK
        return mark + secrets.token_hex(12)[: 24 - len(mark)]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE: the write lock is taken first, so that look-then-write is one step for all servers."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            finally:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
        except sqlite3.DatabaseError as problem:
            raise SettingsError(
                f"The ledger cannot be written ({problem})",
                charged=None,
                hint="Make room on the disk or set A2E_DATA_DIR, then look in list_jobs before starting anything again",
            ) from None


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = sqlite3.connect(path, isolation_level=None, timeout=10.0, check_same_thread=False)
    except (OSError, sqlite3.DatabaseError) as problem:
        raise _cannot_open(path, problem) from None
    try:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        _bring_up_to_date(database, path)
    except BaseException as problem:
        database.close()
        if isinstance(problem, sqlite3.DatabaseError):
            raise _cannot_open(path, problem) from None
        raise
    return database


def _bring_up_to_date(database: sqlite3.Connection, path: Path) -> None:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise SettingsError(
            f"The ledger {path.name} was written by a newer a2e-mcp", hint="Update a2e-mcp, or set A2E_DATA_DIR"
        )
    if version == _VERSION:
        return
    # Two servers may open a new file at the same moment: whoever comes second finds it done.
    database.execute("BEGIN IMMEDIATE")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version == 1:
        database.execute(_FROM_VERSION_1)
    if version == 0:
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {_VERSION}")
    database.execute("COMMIT")


def _cannot_open(path: Path, problem: Exception) -> SettingsError:
    return SettingsError(
        f"The ledger in {path.parent} cannot be opened ({problem})",
        hint="Set A2E_DATA_DIR to a folder that can be written, or move the damaged file away",
    )


def _values(entry: Entry) -> dict[str, Any]:
    given = {each.name: getattr(entry, each.name) for each in dataclasses.fields(entry)}
    return given | {name: json.dumps(given[name], ensure_ascii=False) for name in _JSON_COLUMNS}


def _entry(row: sqlite3.Row) -> Entry:
    values = {name: value for name, value in dict(row).items() if name not in ("account", "mode")}
    return Entry(**{**values, **{name: json.loads(values[name]) for name in _JSON_COLUMNS}})
