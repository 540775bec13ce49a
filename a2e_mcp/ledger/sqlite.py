"""The ledger in one SQLite file: a table of starts, and one of what they are made from."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, Unpack

import anyio

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.codec import from_row, start_from_text, start_to_text, to_row
from a2e_mcp.ledger.entry import (
    DetailChanges,
    EntryChanges,
    JobSeen,
    LedgerEntry,
    NewEntry,
    Phase,
    StoredStart,
    after_job_seen,
    after_refund,
    with_details,
)
from a2e_mcp.ledger.job_ids import DOWNLOAD, OWN_MARK, SANDBOX_MARK
from a2e_mcp.ledger.sqlite_file import open_file
from a2e_mcp.ledger.store import LIMIT_SECONDS, SILENT_SECONDS, Existing, Inserted, Ledger, Limits, OverLimit

T = TypeVar("T")

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


class SqliteLedger(Ledger):
    """A ledger in one SQLite file; a thread of its own works on it, so that a lock or a slow disk stops nothing else.

    Open it with `open_ledger`.
    """

    def __init__(self, path: Path, *, account: str, sandbox: bool, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._account = hashlib.sha256(account.encode()).hexdigest()[:16]
        self._mode = "sandbox" if sandbox else "live"
        self._now = now
        self._thread = ThreadPoolExecutor(1, "a2e-ledger")
        self._opened: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file and bring it up to date. Raises SettingsError."""
        self._opened = await self._run(lambda: open_file(self._path))

    async def close(self) -> None:
        """Close the file."""
        opened = self._opened
        if opened is not None:
            await self._run(opened.close)
        self._opened = None
        self._thread.shutdown(wait=False)

    def now(self) -> float:
        """The ledger's clock, seconds since 1970."""
        return self._now()

    def is_under_way(self, entry: LedgerEntry) -> bool:
        """Whether some server is carrying this start out right now."""
        return entry.phase in ("intended", "sent") and self._now() - entry.beat < SILENT_SECONDS

    async def insert_or_get_recent(self, new: NewEntry, *, window: float | None, limits: Limits) -> Inserted | Existing:
        """Write an intent and claim it, or find the same start within the last `window` seconds. Raises OverLimit."""

        def work() -> Inserted | Existing:
            with self._transaction():
                if window is not None and (twin := self._twin(new.fingerprint, window)) is not None:
                    return Existing(twin)
                if limits.per_day is not None:
                    spent = self._spent_since(self._now() - LIMIT_SECONDS)
                    if spent + limits.least > limits.per_day:
                        raise OverLimit(spent)
                return Inserted(self._insert(new))

        return await self._run(work)

    async def find_recent(self, fingerprint: str, window: float) -> LedgerEntry | None:
        """The same start within the last `window` seconds; refused and deleted ones do not count."""
        return await self._run(lambda: self._twin(fingerprint, window))

    async def update(self, entry_id: str, **changes: Unpack[EntryChanges]) -> LedgerEntry:
        """Change fields of one entry and return it as it is now."""
        return await self._change(entry_id, lambda entry: replace(entry, **changes))

    async def transition(self, entry_id: str, before: Phase, **changes: Unpack[EntryChanges]) -> LedgerEntry | None:
        """Change an entry that is still in this phase; None when it is in another one by now."""

        def work() -> LedgerEntry | None:
            with self._transaction():
                entry = self._entry(entry_id)
                return self._write(replace(entry, **changes)) if entry.phase == before else None

        return await self._run(work)

    async def merge_details(self, entry_id: str, **changes: Unpack[DetailChanges]) -> LedgerEntry:
        """Add to an entry's details; a mapping is added to the one that is there."""
        return await self._change(entry_id, lambda entry: with_details(entry, changes))

    async def record_jobs(self, seen: Sequence[JobSeen]) -> Sequence[LedgerEntry | None]:
        """Write down what A2E says of jobs; the entry of each as it is now, None where the ledger knows none."""

        def one(job: JobSeen) -> LedgerEntry | None:
            entry = self._by_job_id(job.job_id)
            if entry is None or after_job_seen(entry, job) == entry:
                return entry
            with self._transaction():
                return self._write(after_job_seen(self._entry(entry.id), job))

        return await self._run(lambda: [one(job) for job in seen])

    async def record_refund(self, entry_id: str, job_id: str, refunded: float | None) -> LedgerEntry:
        """Write down that so many credits were refunded for one of its jobs; None when it is not known how many."""
        return await self._change(entry_id, lambda entry: after_refund(entry, job_id, refunded))

    async def heartbeat(self, entry_id: str) -> None:
        """Keep an entry under way."""
        await self._change(entry_id, lambda entry: replace(entry, beat=self._now()))

    async def claim(self, entry_id: str) -> bool:
        """Take over an entry whose server has died; False when it is under way, or has ended."""

        def work() -> bool:
            with self._transaction():
                entry = self._entry(entry_id)
                if entry.phase != "intended" or self.is_under_way(entry):
                    return False
                self._write(replace(entry, beat=self._now()))
                return True

        return await self._run(work)

    async def release(self, entry_id: str) -> None:
        """Note that this start is no longer under way."""
        await self._change(entry_id, lambda entry: replace(entry, beat=0.0))

    async def is_alone_since(self, entry_id: str, moment: float) -> bool:
        """Whether no other start of this account has been under way since then, as far as this ledger knows."""

        def work() -> bool:
            row = self._database.execute(
                "SELECT 1 FROM starts WHERE account = ? AND mode = ? AND id != ? AND family != ?"
                " AND (created >= ? OR (phase IN ('intended', 'sent') AND beat > ?)) LIMIT 1",
                (self._account, self._mode, entry_id, DOWNLOAD, moment, self._now() - SILENT_SECONDS),
            ).fetchone()
            return row is None

        return await self._run(work)

    async def entry(self, entry_id: str) -> LedgerEntry:
        """The entry of this id."""
        return await self._run(lambda: self._entry(entry_id))

    async def stored_start(self, entry_id: str) -> StoredStart | None:
        """What a start is made from; None for entries that were written without it."""

        def work() -> StoredStart | None:
            self._entry(entry_id)
            row = self._database.execute("SELECT start FROM start_inputs WHERE id = ?", (entry_id,)).fetchone()
            return None if row is None else start_from_text(row["start"])

        return await self._run(work)

    async def by_job_id(self, job_id: str) -> LedgerEntry | None:
        """The newest entry that a job belongs to."""
        return await self._run(lambda: self._by_job_id(job_id))

    async def recent(self, *, since: float = 0.0, most: int = 1000) -> list[LedgerEntry]:
        """Entries created at or after `since`, newest first."""
        return await self._run(lambda: self._recent(since, most))

    async def newest(self, beginning: str) -> LedgerEntry | None:
        """The newest entry whose fingerprint begins like this, whatever became of it."""

        def work() -> LedgerEntry | None:
            row = self._database.execute(
                "SELECT * FROM starts WHERE account = ? AND mode = ? AND fingerprint >= ? AND fingerprint < ?"
                " ORDER BY created DESC, rowid DESC LIMIT 1",
                (self._account, self._mode, beginning, f"{beginning}\U0010ffff"),
            ).fetchone()
            return None if row is None else from_row(row)

        return await self._run(work)

    async def lost(self, family: str, *, since: float) -> list[LedgerEntry]:
        """Starts of a family whose answer was lost and which are not under way, newest first."""

        def work() -> list[LedgerEntry]:
            entries = [entry for entry in self._recent(since, 100_000) if entry.family == family and entry.answer_lost]
            return [entry for entry in entries if not self.is_under_way(entry)]

        return await self._run(work)

    async def spent_since(self, since: float) -> float:
        """Credits of everything started since then, as far as is known; what is on its way counts as expected."""
        return await self._run(lambda: self._spent_since(since))

    # ------------------------------------------------- in the ledger's thread

    @property
    def _database(self) -> sqlite3.Connection:
        if self._opened is None:
            raise SettingsError("The ledger is closed", charged=None)
        return self._opened

    async def _change(self, entry_id: str, change: Callable[[LedgerEntry], LedgerEntry]) -> LedgerEntry:
        def work() -> LedgerEntry:
            with self._transaction():
                return self._write(change(self._entry(entry_id)))

        return await self._run(work)

    async def _run(self, work: Callable[[], T]) -> T:
        """Work in the ledger's thread; a cancellation waits until the outcome is there and comes after it."""
        try:
            future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        except RuntimeError:
            raise SettingsError("The ledger is closed", charged=None) from None
        cancellations = 0
        # anyio's scopes would cancel again and again; a task's own cancellation arrives once and is passed on below.
        with anyio.CancelScope(shield=True):
            while not future.done():
                try:
                    await asyncio.wait({future})
                except asyncio.CancelledError:
                    cancellations += 1
        if (task := asyncio.current_task()) is not None:
            for _ in range(cancellations):
                task.uncancel()
                task.cancel()
        try:
            return future.result()
        except sqlite3.DatabaseError as problem:
            raise SettingsError(
                f"The ledger cannot be read ({problem})", charged=None, hint="Run a2e-mcp doctor, or move the file away"
            ) from None

    def _entry(self, entry_id: str) -> LedgerEntry:
        row = self._database.execute(
            "SELECT * FROM starts WHERE id = ? AND account = ? AND mode = ?", (entry_id, self._account, self._mode)
        ).fetchone()
        if row is None:
            raise KeyError(entry_id)
        return from_row(row)

    def _by_job_id(self, job_id: str) -> LedgerEntry | None:
        row = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND (instr(handles, ?) OR id = ?)"
            " ORDER BY created DESC, rowid DESC LIMIT 1",
            (self._account, self._mode, f'"{job_id}"', job_id.partition(":")[2]),
        ).fetchone()
        return None if row is None else from_row(row)

    def _recent(self, since: float, most: int) -> list[LedgerEntry]:
        rows = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND created >= ? ORDER BY created DESC, rowid DESC"
            " LIMIT ?",
            (self._account, self._mode, since, most),
        ).fetchall()
        return [from_row(row) for row in rows]

    def _twin(self, fingerprint: str, window: float) -> LedgerEntry | None:
        row = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND fingerprint = ? AND created >= ?"
            " AND phase != 'refused' AND state IS NOT 'deleted' ORDER BY created DESC, rowid DESC LIMIT 1",
            (self._account, self._mode, fingerprint, self._now() - window),
        ).fetchone()
        return None if row is None else from_row(row)

    def _spent_since(self, since: float) -> float:
        return sum(self._weight(entry) for entry in self._recent(since, 100_000))

    def _weight(self, entry: LedgerEntry) -> float:
        return max(entry.cost, entry.expected or 0.0) if self.is_under_way(entry) else entry.cost

    def _insert(self, new: NewEntry) -> LedgerEntry:
        now = self._now()
        entry = LedgerEntry(
            id=self._new_id(),
            family=new.family,
            title=new.title,
            fingerprint=new.fingerprint,
            phase="intended",
            created=now,
            consent=new.consent,
            expected=new.expected,
            units=new.units,
            details=new.details,
            beat=now,
        )
        self._database.execute(_INSERT, {**to_row(entry), "account": self._account, "mode": self._mode})
        if new.start is not None:
            self._database.execute("INSERT INTO start_inputs VALUES (?, ?)", (entry.id, start_to_text(new.start)))
        return entry

    def _write(self, entry: LedgerEntry) -> LedgerEntry:
        self._database.execute(_UPDATE, to_row(entry))
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


@asynccontextmanager
async def open_ledger(
    path: Path, *, account: str, sandbox: bool, now: Callable[[], float] = time.time
) -> AsyncIterator[SqliteLedger]:
    """Open the ledger in this file for the length of an `async with`. Raises SettingsError."""
    ledger = SqliteLedger(path, account=account, sandbox=sandbox, now=now)
    try:
        await ledger.open()
        yield ledger
    finally:
        await ledger.close()
