"""The ledger in one SQLite file: a table of starts, and one of what they are made from."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar, Unpack

from a2e_mcp.ledger import statements
from a2e_mcp.ledger.codec import from_row, start_or_none, start_to_text, to_row
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
from a2e_mcp.ledger.job_ids import DOWNLOAD, FILM, NewId, new_own_id
from a2e_mcp.ledger.keys import job_key, paid_keys
from a2e_mcp.ledger.leases import advanced, claimed
from a2e_mcp.ledger.sqlite_limits import check_limits
from a2e_mcp.ledger.sqlite_thread import SqliteThread
from a2e_mcp.ledger.start_index import StartIndex
from a2e_mcp.ledger.store import (
    CLOCK_STEP_SECONDS,
    SILENT_SECONDS,
    Existing,
    Inserted,
    JobFilter,
    Ledger,
    Limits,
    living_beats,
)

T = TypeVar("T")


class SqliteLedger(Ledger):
    """A ledger in one SQLite file; a thread of its own works on it, so that a lock or a slow disk stops nothing else.

    Open it with `open_ledger`.
    """

    shared = None

    def __init__(
        self,
        path: Path,
        *,
        account: str,
        sandbox: bool,
        now: Callable[[], float] = time.time,
        file: SqliteThread | None = None,
        new_id: NewId = new_own_id,
    ) -> None:
        self._account = hashlib.sha256(account.encode()).hexdigest()[:16]
        self._mode = "sandbox" if sandbox else "live"
        self._whose = {"account": self._account, "mode": self._mode}
        self._now = now
        self._file = file or SqliteThread(path)
        self._new_id = new_id

    async def open(self) -> None:
        """Open the file and bring it up to date. Raises SettingsError."""
        await self._file.open()

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

    def now(self) -> float:
        """The ledger's clock, seconds since 1970."""
        return self._now()

    def is_under_way(self, entry: LedgerEntry) -> bool:
        """Whether some server is carrying this start out right now."""
        silent = self._now() - entry.beat
        return entry.phase in ("intended", "sent") and -CLOCK_STEP_SECONDS <= silent < SILENT_SECONDS

    async def insert_or_get_existing(
        self, new: NewEntry, *, passed: Collection[str] | None = (), limits: Limits
    ) -> Inserted | Existing:
        """Write an intent and claim it, or find the same start. Raises OverLimit, TooManyJobs, UnpricedUnderWay."""

        def work() -> Inserted | Existing:
            with self._file.transaction():
                if passed is not None:
                    same = self._select_recent(new.fingerprint, passed, again=new.details.again, user=new.user)
                    if same is not None:
                        return Existing(same)
                self._file.check_identity()
                self._catch_up()
                check_limits(self._file.database, self._index, self._whose, now=self._now(), new=new, limits=limits)
                return Inserted(self._insert(new))

        return await self._file.run(work)

    async def find_existing(
        self, fingerprint: str, *, passed: Collection[str] = (), again: bool = False, user: str = ""
    ) -> LedgerEntry | None:
        """The newest same start of this user; refused, failed, deleted ones and those in `passed` do not count."""
        return await self._file.read(lambda: self._select_recent(fingerprint, passed, again=again, user=user))

    async def update(self, entry_id: str, **changes: Unpack[EntryChanges]) -> LedgerEntry:
        """Change fields of one entry and return it as it is now."""
        return await self._change(entry_id, lambda entry: replace(entry, **changes))

    async def transition(self, entry_id: str, before: Phase, **changes: Unpack[EntryChanges]) -> LedgerEntry | None:
        """Change an entry that is still in this phase; None when it is in another one by now."""
        return await self._change_if(
            entry_id, lambda entry: replace(entry, **changes) if entry.phase == before else None
        )

    async def merge_details(self, entry_id: str, **changes: Unpack[DetailChanges]) -> LedgerEntry:
        """Add to an entry's details; a mapping is added to the one that is there."""
        return await self._change(entry_id, lambda entry: with_details(entry, changes))

    async def record_jobs(self, seen: Sequence[JobSeen]) -> Sequence[LedgerEntry | None]:
        """Write down what A2E says of jobs; the entry of each as it is now, None where the ledger knows none."""

        def work() -> Sequence[LedgerEntry | None]:
            known = [self._by_job_id(job.job_id) for job in seen]
            if all(
                entry is None or after_job_seen(entry, job) == entry for entry, job in zip(known, seen, strict=True)
            ):
                # Nearly every look at a job finds nothing new, and need not wait for who is writing.
                return known
            with self._file.transaction():
                return [self._record(job) for job in seen]

        return await self._file.run(work)

    async def record_refund(self, entry_id: str, job_id: str, refunded: float | None) -> LedgerEntry:
        """Write down that so many credits were refunded for one of its jobs; None when it is not known how many."""
        return await self._change(entry_id, lambda entry: after_refund(entry, job_id, refunded))

    async def heartbeat(self, entry_id: str) -> None:
        """Keep an entry under way."""
        await self._set_beat(entry_id, self._now())

    async def claim(self, entry_id: str) -> LedgerEntry | None:
        """Take over an entry whose server has died, under a new lease; None when it is under way, or has ended."""
        return await self._change_if(
            entry_id, lambda entry: claimed(entry, self._now(), is_under_way=self.is_under_way(entry))
        )

    async def advance(
        self, entry_id: str, lease: int, learnt: DetailChanges, **changes: Unpack[EntryChanges]
    ) -> LedgerEntry | None:
        """Write down what is about to be charged, under the lease that one has; None when it was taken over."""
        return await self._change_if(entry_id, lambda entry: advanced(entry, lease, learnt, **changes))

    async def release(self, entry_id: str) -> None:
        """Note that this start is no longer under way."""
        await self._set_beat(entry_id, 0.0)

    async def is_alone_since(self, entry_id: str, moment: float) -> bool:
        """Whether no other start of this account has been under way since then, as far as this ledger knows."""

        def work() -> bool:
            free = {"download": DOWNLOAD, "film": FILM}
            values = {**self._whose, **living_beats(self._now()), **free, "id": entry_id, "moment": moment}
            return not self._file.database.execute(statements.OTHERS_SINCE, values).fetchone()[0]

        return await self._file.read(work)

    async def entry(self, entry_id: str) -> LedgerEntry:
        """The entry of this id."""
        return await self._file.read(lambda: self._entry(entry_id))

    async def stored_start(self, entry_id: str) -> StoredStart | None:
        """What a start is made from; None for entries that were written without it."""

        def work() -> StoredStart | None:
            self._entry(entry_id)
            row = self._file.database.execute("SELECT start FROM start_inputs WHERE id = ?", (entry_id,)).fetchone()
            return None if row is None else start_or_none(row["start"])

        return await self._file.read(work)

    async def by_job_id(self, job_id: str, *, user: str | None = None) -> LedgerEntry | None:
        """The newest entry that a job belongs to."""
        return await self._file.read(lambda: self._by_job_id(job_id, user))

    async def recent(
        self,
        *,
        since: float = 0.0,
        most: int = 1000,
        skip: int = 0,
        family: str | None = None,
        without: str | None = None,
        user: str | None = None,
    ) -> list[LedgerEntry]:
        """Entries created at or after `since`, newest first; of a family, or `without` one."""
        values = {"since": since, "most": most, "skip": skip, "family": family, "without": without, "user": user}
        return await self._file.read(
            lambda: self._entries(statements.RECENT if family is None else statements.RECENT_OF_FAMILY, values)
        )

    async def unfinished(self, family: str | None) -> list[LedgerEntry]:
        """Entries of a family that have not been sent, or not been answered, newest first."""
        return await self._file.read(lambda: self._entries(statements.UNFINISHED, {"family": family}))

    async def with_key(self, key: str, *, since: float = 0.0, most: int = 50) -> list[LedgerEntry]:
        """Entries created at or after `since` that have a key of `a2e_mcp.ledger.keys`, newest first."""
        return await self._look(lambda index: index.with_key(key, since=since, most=most))

    async def claim_key(self, entry_id: str, key: str, *, since: float) -> LedgerEntry | None:
        """Claim what an entry is about to pay; else the entry that paid it since then, or is about to pay it."""

        def work() -> LedgerEntry | None:
            with self._file.transaction():
                self._file.check_identity()
                self._catch_up()
                others = [each for each in self._index.with_key(key, since=since) if each.id != entry_id]
                holder = next((each for each in others if self._holds(each, key)), None)
                if holder is None:
                    self._write(with_details(self._entry(entry_id), {"claimed": key}))
                return holder

        return await self._file.run(work)

    def _holds(self, entry: LedgerEntry, key: str) -> bool:
        """Whether an entry has paid what this key stands for, or is about to pay it."""
        if entry.details.claimed == key and self.is_under_way(entry):
            return True
        return key in paid_keys(entry, self._now())

    async def newest(self, beginning: str, *, user: str | None = None) -> LedgerEntry | None:
        """The newest entry whose fingerprint begins like this, whatever became of it."""
        values = {"first": beginning, "last": f"{beginning}\U0010ffff", "user": user}
        return next(iter(await self._file.read(lambda: self._entries(statements.NEWEST, values))), None)

    async def lost(
        self, family: str | None, *, since: float, titles: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Starts of a family, of these `titles`, whose answer was lost and which are not under way, newest first."""
        wanted = None if titles is None else json.dumps(sorted(titles))
        values = {"family": family, "since": since, "titles": wanted}
        found = await self._file.read(lambda: self._entries(statements.lost(family), values))
        return [entry for entry in found if not self.is_under_way(entry)]

    async def has_rival(self, entry: LedgerEntry, seconds: float) -> bool:
        """Whether another start of the same title, made within so many seconds of this one, also waits for its job."""
        values = {"family": entry.family, "title": entry.title, "id": entry.id}
        times = {"first": entry.created - seconds, "last": entry.created + seconds}
        others = await self._file.read(lambda: self._entries(statements.RIVALS, {**values, **times}))
        return any(other.answer_lost or self.is_under_way(other) for other in others)

    async def spent_since(self, since: float, *, user: str | None = None) -> float:
        """Credits of everything started since then, as far as is known; what is on its way counts as expected."""
        return await self._look(lambda index: index.spent_since(since, user))

    async def spent_and_recent(self, since: float, family: str, recent: float) -> tuple[float, list[LedgerEntry]]:
        """Credits spent since then, and the entries of a family created at or after `recent`, newest first."""
        values = {"family": family, "since": recent, "most": 1000, "skip": 0, "user": None}
        return await self._look(
            lambda index: (index.spent_since(since), self._entries(statements.RECENT_OF_FAMILY, values))
        )

    async def spending(self, since: float, *, user: str | None = None) -> tuple[float, int]:
        """Credits of everything started since then, and how many starts that were; downloads are none."""
        return await self._look(lambda index: index.spending(since, user))

    async def spending_by(
        self, part: Literal["family", "day"], since: float, most: int = 100, *, user: str | None = None
    ) -> dict[str, float]:
        """Credits of what was started since then: by family, dearest first, or by day (UTC), newest first."""
        return await self._look(lambda index: index.spending_by(part, since, most, user))

    async def count_jobs(self, wanted: JobFilter, among: Sequence[str] | None = None) -> int:
        """How many listed jobs match; `among` counts only those of these job ids."""
        return await self._look(lambda index: index.count_jobs(wanted, among))

    async def listed(self, wanted: JobFilter, *, after: LedgerEntry | None = None, most: int = 50) -> list[LedgerEntry]:
        """Entries whose listed jobs match, newest first; those older than `after`."""
        before = None if after is None else (after.created, after.id)
        return await self._look(lambda index: index.listed(wanted, before=before, most=most))

    # ------------------------------------------------- in the ledger's thread

    async def _change(self, entry_id: str, change: Callable[[LedgerEntry], LedgerEntry]) -> LedgerEntry:
        return await self._change_if(entry_id, change) or await self.entry(entry_id)

    async def _change_if(
        self, entry_id: str, change: Callable[[LedgerEntry], LedgerEntry | None]
    ) -> LedgerEntry | None:
        """Change an entry, unless `change` gives None for it."""

        def work() -> LedgerEntry | None:
            with self._file.transaction():
                changed = change(self._entry(entry_id))
                return changed if changed is None else self._write(changed)

        return await self._file.run(work)

    def _entry(self, entry_id: str) -> LedgerEntry:
        entry = self._find(entry_id)
        if entry is None:
            raise KeyError(entry_id)
        return entry

    def _find(self, entry_id: str) -> LedgerEntry | None:
        return next(iter(self._entries(statements.BY_ID, {"id": entry_id})), None)

    async def _look(self, look: Callable[[StartIndex], T]) -> T:
        def work() -> T:
            self._catch_up()
            return look(self._index)

        return await self._file.read(work)

    async def _set_beat(self, entry_id: str, beat: float) -> None:
        def work() -> None:
            with self._file.transaction():
                self._file.database.execute(
                    "UPDATE starts SET beat = :beat WHERE id = :id AND account = :account AND mode = :mode",
                    {**self._whose, "id": entry_id, "beat": beat},
                )

        await self._file.run(work)

    @property
    def _index(self) -> StartIndex:
        return StartIndex(self._file.database, self._account, self._mode, self._now)

    def _entries(self, statement: str, values: Mapping[str, object]) -> list[LedgerEntry]:
        return [from_row(row) for row in self._file.database.execute(statement, {**self._whose, **values}).fetchall()]

    def _catch_up(self) -> None:
        if self._file.database.in_transaction:
            self._index.catch_up()
        elif self._index.is_behind():
            with self._file.transaction():
                self._index.catch_up()

    def _by_job_id(self, job_id: str, user: str | None = None) -> LedgerEntry | None:
        self._catch_up()
        found = self._index.with_key(job_key(job_id), most=1, user=user)
        entry = found[0] if found else self._find(job_id.partition(":")[2])
        return entry if entry is None or user in (None, entry.user) else None

    def _select_recent(
        self, fingerprint: str, passed: Collection[str], *, again: bool, user: str
    ) -> LedgerEntry | None:
        # What was asked for again follows its newest one alone: the earlier ones were followed by another already.
        skipped = [] if again else sorted(passed)
        values = {"fingerprint": fingerprint, "passed": json.dumps(skipped), "user": user}
        found = self._entries(statements.NEWEST_SAME, values)
        return next((each for each in found if not again or (each.details.again and each.id not in passed)), None)

    def _record(self, job: JobSeen) -> LedgerEntry | None:
        entry = self._by_job_id(job.job_id)
        changed = None if entry is None else after_job_seen(entry, job)
        return entry if changed is None or changed == entry else self._write(changed)

    def _insert(self, new: NewEntry) -> LedgerEntry:
        own_id = self._new_id(sandbox=self._mode == "sandbox")
        # In the sandbox few of its digits are random, so some day it is taken.
        while self._file.database.execute(statements.IS_TAKEN, (own_id,)).fetchone():
            own_id = self._new_id(sandbox=self._mode == "sandbox")
        entry = new.begun(own_id, self._now())
        self._file.database.execute(statements.INSERT, {**to_row(entry), **self._whose})
        self._index.write(entry)
        if new.user:
            self._file.database.execute(statements.INSERT_USER, (entry.id, new.user))
        if new.start is not None:
            self._file.database.execute("INSERT INTO start_inputs VALUES (?, ?)", (entry.id, start_to_text(new.start)))
        return entry

    def _write(self, entry: LedgerEntry) -> LedgerEntry:
        self._file.database.execute(statements.UPDATE, to_row(entry))
        self._index.write(entry)
        return entry


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
