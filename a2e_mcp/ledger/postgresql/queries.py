"""What is read from a ledger in a PostgreSQL database: one statement for each question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal

from a2e_mcp.ledger.accounts import by_account
from a2e_mcp.ledger.codec import start_or_none
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.ledger.job_ids import DOWNLOAD, FILM
from a2e_mcp.ledger.keys import job_key
from a2e_mcp.ledger.postgresql import statements
from a2e_mcp.ledger.postgresql.connections import Connection, Database, Work
from a2e_mcp.ledger.postgresql.rows import known_entry, storable_text
from a2e_mcp.ledger.store import (
    CLOCK_STEP_SECONDS,
    EVERY_ENTRY,
    SILENT_SECONDS,
    EntryFilter,
    JobFilter,
    Ledger,
    living_beats,
)


class LedgerQueries(Ledger):
    """The half of the ledger that reads; `now` is the clock that every server on the database shares."""

    def __init__(self, database: Database, *, account: str, sandbox: bool, now: Callable[[], float]) -> None:
        self._database = database
        self._sandbox = sandbox
        self._whose = {"account": account, "mode": "sandbox" if sandbox else "live"}
        self._now = now

    @property
    def account(self) -> str:
        """The account's id."""
        return self._whose["account"]

    def now(self) -> float:
        """The ledger's clock, seconds since 1970."""
        return self._now()

    def is_under_way(self, entry: LedgerEntry) -> bool:
        """Whether some server is carrying this start out right now."""
        return (entry.deferred or self._beats(entry)) and entry.phase in ("intended", "sent")

    def _beats(self, entry: LedgerEntry) -> bool:
        return -CLOCK_STEP_SECONDS <= self._now() - entry.beat < SILENT_SECONDS

    async def find_existing(
        self, fingerprint: str, *, passed: Collection[str] = (), again: bool = False, user: str = ""
    ) -> LedgerEntry | None:
        """The newest same start of this user; refused, failed, deleted ones and those in `passed` do not count."""
        values = {"fingerprint": storable_text(fingerprint), "passed": sorted(passed), "again": again, "user": user}
        return await self._first(statements.SAME, values)

    async def is_alone_since(self, entry_id: str, moment: float) -> bool:
        """Whether no other start of this account has been under way since then, as far as this ledger knows."""
        values = {**living_beats(self._now()), "id": entry_id, "moment": moment, "free": [DOWNLOAD, FILM]}
        (row,) = await self._rows(statements.OTHERS_SINCE, values)
        return not row["found"]

    async def entry(self, entry_id: str) -> LedgerEntry:
        """The entry of this id."""
        entry = await self._first(statements.BY_ID, {"id": storable_text(entry_id)})
        if entry is None:
            raise KeyError(entry_id)
        return entry

    async def stored_start(self, entry_id: str) -> StoredStart | None:
        """What a start is made from; None for entries that were written without it."""
        rows = await self._rows(statements.START, {"id": entry_id})
        if not rows:
            raise KeyError(entry_id)
        return None if rows[0]["start"] is None else start_or_none(rows[0]["start"])

    async def by_job_id(self, job_id: str, *, user: str | None = None) -> LedgerEntry | None:
        """The newest entry that a job belongs to."""
        own = storable_text(job_id.partition(":")[2])
        return await self._first(
            statements.BY_JOB_ID, {"key": storable_text(job_key(job_id)), "own": own, "user": user}
        )

    async def recent(self, wanted: EntryFilter = EVERY_ENTRY, *, most: int = 1000, skip: int = 0) -> list[LedgerEntry]:
        """The entries that are wanted, newest first."""
        statement = statements.RECENT if wanted.family is None else statements.RECENT_OF_FAMILY
        return await self._entries(statement, {**wanted.values, "most": most, "skip": skip})

    async def unfinished(self, family: str | None) -> list[LedgerEntry]:
        """Entries of a family that have not been sent, or not been answered, newest first."""
        return await self._entries(statements.UNFINISHED, {"family": family})

    async def unsettled(self, since: float) -> list[LedgerEntry]:
        """Entries that have not been sent or answered, and those made since then whose answer was lost."""
        return await self._entries(statements.UNSETTLED, {"since": since})

    async def unkept(
        self, since: float, before: float, *, without: Collection[str], most: int
    ) -> Mapping[str, Sequence[LedgerEntry]]:
        """Started entries made in between with jobs that are open or whose results are kept nowhere, by account."""
        values = {"since": since, "before": before, "without": list(without), "most": most}
        return by_account(await self._rows(statements.UNKEPT, values), lambda row: known_entry(row).entry)

    async def with_key(self, key: str, *, since: float = 0.0, most: int = 50) -> list[LedgerEntry]:
        """Entries created at or after `since` that have a key of `a2e_mcp.ledger.keys`, newest first."""
        return await self._entries(statements.WITH_KEY, {"key": storable_text(key), "since": since, "most": most})

    async def newest(self, beginning: str, *, user: str | None = None) -> LedgerEntry | None:
        """The newest entry whose fingerprint begins like this, whatever became of it."""
        first = storable_text(beginning)
        return await self._first(statements.NEWEST, {"first": first, "last": f"{first[:199]}\U0010ffff", "user": user})

    async def lost(
        self, family: str | None, *, since: float, titles: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Starts of a family, of these `titles`, whose answer was lost and which are not under way, newest first."""
        wanted = None if titles is None else [storable_text(title) for title in sorted(titles)]
        found = await self._entries(statements.LOST, {"family": family, "since": since, "titles": wanted})
        return [entry for entry in found if not self.is_under_way(entry)]

    async def has_rival(self, entry: LedgerEntry, seconds: float) -> bool:
        """Whether another start of the same title, made within so many seconds of this one, also waits for its job."""
        values = {"family": entry.family, "title": storable_text(entry.title), "id": entry.id}
        times = {"first": entry.created - seconds, "last": entry.created + seconds}
        others = await self._entries(statements.RIVALS, {**values, **times})
        return any(other.answer_lost or self.is_under_way(other) for other in others)

    async def spent_since(self, since: float, *, user: str | None = None) -> float:
        """Credits of everything started since then, as far as is known; what is on its way counts as expected."""
        values = {**living_beats(self._now()), "since": since, "user": user}
        (row,) = await self._rows(statements.SPENT, values)
        return float(row["spent"])

    async def spent_and_recent(self, since: float, family: str, recent: float) -> tuple[float, list[LedgerEntry]]:
        """Credits spent since then, and the entries of a family created at or after `recent`, newest first."""
        return await self.spent_since(since), await self.recent(EntryFilter(family=family, since=recent))

    async def spending(self, since: float, *, user: str | None = None) -> tuple[float, int]:
        """Credits of everything started since then, and how many starts that were; downloads are none."""
        (row,) = await self._rows(statements.SPENDING, {"since": since, "user": user, "free": [DOWNLOAD]})
        return float(row["total"]), int(row["starts"])

    async def spending_by(
        self, part: Literal["family", "day"], since: float, most: int = 100, *, user: str | None = None
    ) -> dict[str, float]:
        """Credits of what was started since then: by family, dearest first, or by day (UTC), newest first."""
        values = {"since": since, "user": user, "most": most, "free": [DOWNLOAD]}
        return {row["part"]: float(row["spent"]) for row in await self._rows(statements.SPENT_BY[part], values)}

    async def count_jobs(self, wanted: JobFilter, among: Sequence[str] | None = None) -> int:
        """How many listed jobs match; `among` counts only those of these job ids."""
        values = self._filter(wanted)
        if among is None:
            (row,) = await self._rows(statements.COUNT, values)
        else:
            keys = [storable_text(job_key(job_id)) for job_id in among]
            (row,) = await self._rows(statements.COUNT_AMONG, {**values, "keys": keys})
        return int(row["count"])

    async def listed(self, wanted: JobFilter, *, after: LedgerEntry | None = None, most: int = 50) -> list[LedgerEntry]:
        """Entries whose listed jobs match, newest first; those older than `after`."""
        created, last = (float("inf"), "") if after is None else (after.created, after.id)
        values = {**self._filter(wanted), "created": created, "last": last, "most": most}
        return await self._entries(statements.LISTED, values)

    async def _rows(self, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await self._database.read(all_rows(statement, {**self._whose, **values}))

    async def _entries(self, statement: str, values: Mapping[str, Any]) -> list[LedgerEntry]:
        return [known_entry(row).entry for row in await self._rows(statement, values)]

    async def _first(self, statement: str, values: Mapping[str, Any]) -> LedgerEntry | None:
        return next(iter(await self._entries(statement, values)), None)

    def _filter(self, wanted: JobFilter) -> dict[str, Any]:
        return {
            **living_beats(self._now()),
            "family": wanted.family,
            "states": list(wanted.states) or None,
            "since": float("-inf") if wanted.since is None else wanted.since,
            "before": float("inf") if wanted.before is None else wanted.before,
            "user": wanted.user,
        }


def all_rows(statement: str, values: Mapping[str, Any]) -> Work[list[dict[str, Any]]]:
    """Work that gives the rows of one statement."""

    async def work(connection: Connection) -> list[dict[str, Any]]:
        return await (await connection.execute(statement, values)).fetchall()

    return work
