"""The ledger in a PostgreSQL database, which several servers share."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Unpack

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.accounts import OwnKeys, account_of
from a2e_mcp.ledger.codec import start_to_text
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
from a2e_mcp.ledger.job_ids import new_own_id
from a2e_mcp.ledger.keys import job_key, paid_keys
from a2e_mcp.ledger.leases import advanced, claimed, under_next_lease
from a2e_mcp.ledger.postgresql import statements
from a2e_mcp.ledger.postgresql.changes import Changes
from a2e_mcp.ledger.postgresql.connections import Connection, Database, Work, connect
from a2e_mcp.ledger.postgresql.own_keys import DatabaseOwnKeys
from a2e_mcp.ledger.postgresql.queries import LedgerQueries, all_rows
from a2e_mcp.ledger.postgresql.rows import KnownEntry, columns_of, json_of, keys_of, known_entry, storable_text
from a2e_mcp.ledger.postgresql.schema import check_schema
from a2e_mcp.ledger.store import (
    LIMIT_SECONDS,
    Existing,
    Inserted,
    Limits,
    OverLimit,
    SharedLedger,
    TooManyJobs,
    UnpricedUnderWay,
    living_beats,
)

_SECONDS_AT_ONCE = 2.0
"""After a pause so many seconds' requests to A2E may leave at once."""


class PostgresqlLedger(LedgerQueries):
    """A ledger in one database; open it with `open_ledger`.

    What follows from an entry is computed here and written beside it, so that its meaning is written down once. An
    entry is read, changed, and written if no other server has changed it meanwhile; else this is done again.
    """

    def __init__(
        self,
        database: Database,
        changes: Changes,
        *,
        account: str,
        sandbox: bool,
        now: Callable[[], float],
        home: str | None = None,
    ) -> None:
        """`home` is the account of the servers, where this one is a user's own: its workers carry on, and its news
        are of both."""
        super().__init__(database, account=account, sandbox=sandbox, now=now)
        self._changes = changes
        self._home = {"account": home or account, "mode": self._whose["mode"]}
        # So that a look at one account wakes no one who waits for another.
        self._word = "" if home in (None, account) else f"{account}/"

    @property
    def own_keys(self) -> OwnKeys:
        """The keys of A2E that users bring."""
        return DatabaseOwnKeys(self._database, self._whose["mode"], self._now)

    def of_account(self, account: str) -> PostgresqlLedger:
        """The starts of another account in the same database, which stays open as long as this ledger."""
        return PostgresqlLedger(
            self._database,
            self._changes,
            account=account,
            sandbox=self._sandbox,
            now=self._now,
            home=self._home["account"],
        )

    async def insert_or_get_existing(
        self, new: NewEntry, *, passed: Collection[str] | None = (), limits: Limits
    ) -> Inserted | Existing:
        """Write an intent and claim it, or find the same start. Raises OverLimit, TooManyJobs, UnpricedUnderWay."""
        while True:
            entry = new.begun(new_own_id(sandbox=self._sandbox), self._now())
            columns = {**columns_of(entry), **self._whose, "version": _new_version(), "deferred": new.for_worker}
            columns["home"] = self._home["account"] if self._word else None
            if new.start is not None:
                columns["start"] = storable_text(start_to_text(new.start))
            values = {
                "new": json_of(columns),
                "keys": keys_of(entry),
                "limits": json.dumps({**_given(limits, new, passed), **_moments(entry.created)}),
            }
            outcome = await self._database.run(all_rows(statements.INSERT, values))
            match outcome[0]:
                case {"outcome": "inserted"}:
                    return Inserted(entry)
                case {"outcome": "deferred"}:
                    return Inserted(replace(entry, deferred=True))
                case {"outcome": "same", "other": other}:
                    return Existing(await self.entry(other))
                case {"outcome": "over", "amount": spent}:
                    raise OverLimit(spent)
                case {"outcome": "user over", "amount": spent}:
                    raise OverLimit(spent, of_user=True)
                case {"outcome": "too many", "amount": count}:
                    raise TooManyJobs(int(count))
                case {"outcome": "unpriced", "other": other}:
                    raise UnpricedUnderWay(await self.entry(other))
            # In the sandbox few digits of an id are random, so some day it is taken.

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
        found = await self.seen_jobs([job.job_id for job in seen])
        entries: list[LedgerEntry | None] = []
        for job in seen:
            known = found.get(job.job_id)
            if known is not None and after_job_seen(known, job) != known:
                known = await self._record(known.id, job)
            entries.append(known)
        return entries

    async def record_refund(self, entry_id: str, job_id: str, refunded: float | None) -> LedgerEntry:
        """Write down that so many credits were refunded for one of its jobs; None when it is not known how many."""
        return await self._change(entry_id, lambda entry: after_refund(entry, job_id, refunded))

    async def heartbeat(self, entry_id: str) -> None:
        """Keep an entry under way."""
        await self._set_beat(entry_id, self._now())

    async def claim(self, entry_id: str) -> LedgerEntry | None:
        """Take over an entry whose server has died, under a new lease; None when it is under way, or has ended."""
        return await self._change_if(
            entry_id, lambda entry: claimed(entry, self._now(), is_under_way=self._beats(entry))
        )

    async def advance(
        self, entry_id: str, lease: int, learnt: DetailChanges, **changes: Unpack[EntryChanges]
    ) -> LedgerEntry | None:
        """Write down what is about to be charged, under the lease that one has; None when it was taken over."""
        return await self._change_if(entry_id, lambda entry: advanced(entry, lease, learnt, **changes))

    async def take_over(self, entry_id: str) -> LedgerEntry | None:
        """Take a start over from whichever worker had it, under a new lease; None when it is in no worker's hands."""
        return await self._change_if(entry_id, lambda entry: under_next_lease(entry) if entry.deferred else None)

    async def release(self, entry_id: str) -> None:
        """Note that this start is no longer under way."""
        await self._database.run(carried_out(statements.RELEASE, {**self._whose, "id": entry_id}))

    async def report(self, entry_id: str, share: float, about: str) -> None:
        """Say how far a start is and what is done for it, to all servers; this is a heartbeat too."""
        values = {**self._whose, "id": entry_id, "beat": self._now(), "about": storable_text(about), "share": share}
        await self._database.run(carried_out(statements.REPORT, values))

    @property
    def shared(self) -> SharedLedger:
        """Workers carry on what a server has begun."""
        return self

    @property
    def queue(self) -> str:
        """The name of the queue of this account's work."""
        return f"{self._home['account']}_{self._home['mode']}"

    async def account_of_start(self, entry_id: str) -> str:
        """The account of a start of this queue. Raises KeyError."""
        rows = await self._database.read(all_rows(statements.ACCOUNT_OF_START, {**self._home, "id": entry_id}))
        if not rows:
            raise KeyError(entry_id)
        return str(rows[0]["account"])

    async def worker_lives(self, worker_id: str) -> None:
        """Note that a worker of this account lives; starts are left to it from now on, for some seconds."""
        await self._database.run(carried_out(statements.WORKER_LIVES, {**self._home, "id": worker_id}))

    async def worker_ends(self, worker_id: str) -> None:
        """Note that a worker takes no more work."""
        await self._database.run(carried_out(statements.WORKER_ENDS, {"id": worker_id}))

    async def defer_forgotten(self, seconds: float) -> int:
        """Leave starts to workers again that none has had in hand for so many seconds; how many these were."""
        values = {**self._home, "moment": self._now() - seconds}
        await self._database.run(carried_out(statements.FORGET_LOOKS, {}))
        return len(await self._database.run(all_rows(statements.DEFER_FORGOTTEN, values)))

    @asynccontextmanager
    async def following(self, word: str) -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
        """A way to wait, at most so many seconds, until a start, or one of a family, has changed since the last."""
        async with self._changes.of(f"{self._word}{word}") as changed:
            yield changed

    async def take_turn(self, per_second: float) -> float:
        """Take the account's turn for a request to A2E and give 0, or the seconds after which to ask again."""
        values = {**self._whose, "per_second": per_second, "at_once": round(_SECONDS_AT_ONCE * per_second)}
        try:
            (row,) = await self._database.read(all_rows(statements.TAKE_TURN, values))
        except SettingsError:
            # What is recorded of a start matters more than the pace.
            return 0.0
        return float(row["seconds"])

    async def take_calls(self, user: str, wanted: int, *, per_minute: float) -> tuple[int, float]:
        """Take so many of the calls that a user may make, or those that are left; without any, the seconds to wait."""
        values = {"user": storable_text(user), "wanted": wanted, "per_minute": per_minute}
        # What a lost connection has taken is free again in a minute.
        (row,) = await self._database.read(all_rows(statements.TAKE_CALLS, values))
        return row["taken"], row["seconds"]

    async def busy(self, seconds: float) -> None:
        """Note that A2E takes no requests of this account for so many seconds."""
        await self._database.run(carried_out(statements.BUSY, {**self._whose, "seconds": seconds}))

    async def look_now(self, family: str) -> None:
        """Let the next look at a family's jobs be due, and tell all who wait for them."""
        values = {**self._whose, "family": family, "word": f"{self._word}{family}", "channel": f"a2e_{self.queue}"}
        await self._database.run(carried_out(statements.LOOK_NOW, values))

    async def take_looks(self, keys: Sequence[str], seconds: float) -> Sequence[str]:
        """Those of these looks at A2E that no server has taken in the last seconds; this takes them."""
        values = {**self._whose, "keys": list(keys), "seconds": seconds}
        return [row["key"] for row in await self._database.run(all_rows(statements.TAKE_LOOKS, values))]

    async def seen_jobs(self, job_ids: Sequence[str]) -> Mapping[str, LedgerEntry]:
        """The newest entry that each of these jobs belongs to, where there is one."""
        rows = await self._rows(statements.BY_JOB_IDS, _places(job_ids))
        return {job_ids[row["place"] - 1]: known_entry(row).entry for row in rows}

    async def claim_key(self, entry_id: str, key: str, *, since: float) -> LedgerEntry | None:
        """Claim what an entry is about to pay; else the entry that paid it since then, or is about to pay it."""
        lock = {"lock": f"a2e key {self._whose['account']} {self._whose['mode']} {key}"}
        values = {**self._whose, "key": storable_text(key), "since": since, "most": 50}

        async def work(connection: Connection) -> LedgerEntry | None:
            async with connection.transaction():
                await connection.execute(statements.LOCK_KEY, lock)
                rows = await (await connection.execute(statements.WITH_KEY, values)).fetchall()
                others = [known_entry(row).entry for row in rows if row["id"] != entry_id]
                holder = next((each for each in others if self._holds(each, key)), None)
                while holder is None:
                    known = await self._known(connection, entry_id)
                    if await self._write(connection, known, with_details(known.entry, {"claimed": key})):
                        break
                return holder

        return await self._database.run(work)

    def _holds(self, entry: LedgerEntry, key: str) -> bool:
        """Whether an entry has paid what this key stands for, or is about to pay it."""
        if entry.details.claimed == key and self.is_under_way(entry):
            return True
        return key in paid_keys(entry, self._now())

    async def _record(self, entry_id: str, job: JobSeen) -> LedgerEntry:
        return await self._change(entry_id, lambda entry: after_job_seen(entry, job))

    async def _change(self, entry_id: str, change: Callable[[LedgerEntry], LedgerEntry]) -> LedgerEntry:
        return await self._change_if(entry_id, change) or await self.entry(entry_id)

    async def _change_if(
        self, entry_id: str, change: Callable[[LedgerEntry], LedgerEntry | None]
    ) -> LedgerEntry | None:
        """Change an entry as it is in the database, unless `change` gives None for it."""
        tried: set[str] = set()

        async def work(connection: Connection) -> LedgerEntry | None:
            while True:
                known = await self._known(connection, entry_id)
                if known.version in tried:
                    # It was written, and the answer was lost with the connection.
                    return known.entry
                changed = change(known.entry)
                if changed is None or changed == known.entry:
                    return changed
                tried.add(version := _new_version())
                if await self._write(connection, known, changed, version):
                    return changed

        return await self._database.run(work)

    async def _known(self, connection: Connection, entry_id: str) -> KnownEntry:
        row = await (await connection.execute(statements.BY_ID, {**self._whose, "id": entry_id})).fetchone()
        if row is None:
            raise KeyError(entry_id)
        return known_entry(row)

    async def _write(
        self, connection: Connection, known: KnownEntry, changed: LedgerEntry, version: str | None = None
    ) -> bool:
        """Write an entry if it is still as it was read."""
        values = {
            **columns_of(changed),
            **self._whose,
            "keys": keys_of(changed),
            "seq": known.seq,
            "before": known.version,
            "version": version or _new_version(),
            # A heartbeat that came meanwhile stays.
            "new_beat": None if changed.beat == known.entry.beat else changed.beat,
        }
        row = await (await connection.execute(statements.WRITE, values)).fetchone()
        return row is not None and bool(row["count"])

    async def _set_beat(self, entry_id: str, beat: float) -> None:
        await self._database.run(carried_out(statements.BEAT, {**self._whose, "id": entry_id, "beat": beat}))


def carried_out(statement: str, values: Mapping[str, Any]) -> Work[None]:
    """Work that carries out one statement that has no rows."""

    async def work(connection: Connection) -> None:
        await connection.execute(statement, values)

    return work


def _new_version() -> str:
    return secrets.token_hex(8)


def _given(limits: Limits, new: NewEntry, passed: Collection[str] | None) -> dict[str, Any]:
    """What a new entry must stay under, without what is not limited."""
    given: dict[str, Any] = {"least": limits.least, "again": new.details.again, "free": list(limits.uncounted)}
    given |= {"passed": sorted(passed)} if passed is not None else {}
    given |= {"per_day": limits.per_day} if limits.per_day is not None else {}
    given |= {"only_unpriced": True} if limits.only_unpriced else {}
    given |= {"user_per_day": limits.user_per_day} if limits.user_per_day is not None else {}
    given |= {"user_jobs": limits.user_jobs, "jobs": limits.jobs} if limits.user_jobs is not None else {}
    return given


def _places(job_ids: Sequence[str]) -> dict[str, list[str]]:
    keys = [storable_text(job_key(job_id)) for job_id in job_ids]
    return {"keys": keys, "own_ids": [storable_text(job_id.partition(":")[2]) for job_id in job_ids]}


def _moments(now: float) -> dict[str, float]:
    return {"since": now - LIMIT_SECONDS, **living_beats(now)}


@asynccontextmanager
async def open_ledger(
    address: str, *, account: str, account_id: str | None = None, sandbox: bool, now: Callable[[], float] = time.time
) -> AsyncIterator[PostgresqlLedger]:
    """Open the ledger of a token's account, or of this id, in this database for the length of an `async with`.

    The clock is the database's.

    Raises SettingsError: the database cannot be reached, or has a schema of another version.
    """
    async with await connect(address) as connection:
        await check_schema(connection)
        await connection.execute(statements.FORGET_LOOKS)
        began = time.time()
        row = await (await connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8 AS now")).fetchone()
        # Half of the way there and back, which is nothing beside what the clocks of two computers may differ by.
        ahead = 0.0 if row is None else row["now"] - (began + time.time()) / 2
    account = account_id or account_of(account)
    database, changes = Database(address), Changes(address, f"a2e_{account}_{'sandbox' if sandbox else 'live'}")
    await database.open()
    try:
        yield PostgresqlLedger(database, changes, account=account, sandbox=sandbox, now=lambda: now() + ahead)
    finally:
        await changes.close()
        await database.close()
