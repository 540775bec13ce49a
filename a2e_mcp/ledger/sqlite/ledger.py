"""The ledger in one SQLite file: a table of starts, and one of what they are made from."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, Unpack

from a2e_mcp.ledger.accounts import OwnKeys, account_of
from a2e_mcp.ledger.codec import start_to_text, to_row
from a2e_mcp.ledger.details import DetailChanges
from a2e_mcp.ledger.entry import (
    EntryChanges,
    JobSeen,
    LedgerEntry,
    NewEntry,
    Phase,
    after_job_seen,
    after_refund,
    with_details,
)
from a2e_mcp.ledger.job_ids import NewId, new_own_id
from a2e_mcp.ledger.keys import paid_keys
from a2e_mcp.ledger.leases import advanced, claimed
from a2e_mcp.ledger.sqlite import statements
from a2e_mcp.ledger.sqlite.limits import check_limits
from a2e_mcp.ledger.sqlite.own_keys import SqliteOwnKeys
from a2e_mcp.ledger.sqlite.queries import SqliteQueries
from a2e_mcp.ledger.sqlite.thread import SqliteThread
from a2e_mcp.ledger.store import (
    Existing,
    Inserted,
    Limits,
)

T = TypeVar("T")


class SqliteLedger(SqliteQueries):
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
        self._path = path
        super().__init__(file or SqliteThread(path), account=account, sandbox=sandbox, now=now)
        self._new_id = new_id

    @property
    def own_keys(self) -> OwnKeys:
        """The keys of A2E that users bring."""
        return SqliteOwnKeys(self._file, self._mode, self._now)

    def of_account(self, account: str) -> SqliteLedger:
        """The starts of another account in the same file, which stays open as long as this ledger."""
        sandbox = self._mode == "sandbox"
        return SqliteLedger(self._path, account=account, sandbox=sandbox, now=self._now, file=self._file)

    async def open(self) -> None:
        """Open the file and bring it up to date. Raises SettingsError."""
        await self._file.open()

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

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

    async def _set_beat(self, entry_id: str, beat: float) -> None:
        def work() -> None:
            with self._file.transaction():
                self._file.database.execute(
                    "UPDATE starts SET beat = :beat WHERE id = :id AND account = :account AND mode = :mode",
                    {**self._whose, "id": entry_id, "beat": beat},
                )

        await self._file.run(work)

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
    path: Path, *, account: str, account_id: str | None = None, sandbox: bool, now: Callable[[], float] = time.time
) -> AsyncIterator[SqliteLedger]:
    """Open the ledger of a token's account, or of this id, in this file for the length of an `async with`.

    Raises SettingsError.
    """
    ledger = SqliteLedger(path, account=account_id or account_of(account), sandbox=sandbox, now=now)
    try:
        await ledger.open()
        yield ledger
    finally:
        await ledger.close()
