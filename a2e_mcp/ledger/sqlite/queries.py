"""What is read from a ledger in one SQLite file."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeVar

from a2e_mcp.ledger.accounts import by_account
from a2e_mcp.ledger.codec import from_row, start_or_none
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.ledger.job_ids import DOWNLOAD, FILM
from a2e_mcp.ledger.keys import job_key
from a2e_mcp.ledger.sqlite import statements
from a2e_mcp.ledger.sqlite.start_index import StartIndex
from a2e_mcp.ledger.sqlite.thread import SqliteThread
from a2e_mcp.ledger.store import (
    CLOCK_STEP_SECONDS,
    EVERY_ENTRY,
    SILENT_SECONDS,
    EntryFilter,
    JobFilter,
    Ledger,
    living_beats,
)

T = TypeVar("T")


class SqliteQueries(Ledger):
    """The half of the ledger that reads; `account` is an id, as `account_of` gives it."""

    def __init__(self, file: SqliteThread, *, account: str, sandbox: bool, now: Callable[[], float]) -> None:
        self._account = account
        self._mode = "sandbox" if sandbox else "live"
        self._whose = {"account": self._account, "mode": self._mode}
        self._now = now
        self._file = file

    @property
    def account(self) -> str:
        """The account's id."""
        return self._account

    def now(self) -> float:
        """The ledger's clock, seconds since 1970."""
        return self._now()

    def is_under_way(self, entry: LedgerEntry) -> bool:
        """Whether some server is carrying this start out right now."""
        silent = self._now() - entry.beat
        return entry.phase in ("intended", "sent") and -CLOCK_STEP_SECONDS <= silent < SILENT_SECONDS

    async def find_existing(
        self, fingerprint: str, *, passed: Collection[str] = (), again: bool = False, user: str = ""
    ) -> LedgerEntry | None:
        """The newest same start of this user; refused, failed, deleted ones and those in `passed` do not count."""
        return await self._file.read(lambda: self._select_recent(fingerprint, passed, again=again, user=user))

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

    async def recent(self, wanted: EntryFilter = EVERY_ENTRY, *, most: int = 1000, skip: int = 0) -> list[LedgerEntry]:
        """The entries that are wanted, newest first."""
        return await self._file.read(lambda: self._recent(wanted, most, skip))

    async def unfinished(self, family: str | None) -> list[LedgerEntry]:
        """Entries of a family that have not been sent, or not been answered, newest first."""
        return await self._file.read(lambda: self._entries(statements.UNFINISHED, {"family": family}))

    async def unsettled(self, since: float) -> list[LedgerEntry]:
        """Entries that have not been sent or answered, and those made since then whose answer was lost."""
        return await self._file.read(lambda: self._entries(statements.UNSETTLED, {"since": since}))

    async def unkept(
        self, since: float, before: float, *, without: Collection[str], most: int
    ) -> Mapping[str, Sequence[LedgerEntry]]:
        """Started entries made in between with jobs that are open or whose results are kept nowhere, by account."""
        values = {"since": since, "before": before, "without": json.dumps(list(without)), "most": most}
        return await self._file.read(lambda: by_account(self._rows(statements.UNKEPT, values), from_row))

    async def with_key(self, key: str, *, since: float = 0.0, most: int = 50) -> list[LedgerEntry]:
        """Entries created at or after `since` that have a key of `a2e_mcp.ledger.keys`, newest first."""
        return await self._look(lambda index: index.with_key(key, since=since, most=most))

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

        def work() -> tuple[float, list[LedgerEntry]]:
            glance = self._index.glance(since, family, recent)
            if glance.is_behind:
                self._catch_up()
                glance = self._index.glance(since, family, recent)
            wanted = EntryFilter(family=family, since=recent)
            return glance.spent, self._recent(wanted, 1000, 0) if glance.has_recent else []

        return await self._file.read(work)

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

    @property
    def _index(self) -> StartIndex:
        return StartIndex(self._file.database, self._account, self._mode, self._now)

    def _recent(self, wanted: EntryFilter, most: int, skip: int) -> list[LedgerEntry]:
        statement = statements.RECENT if wanted.family is None else statements.RECENT_OF_FAMILY
        return self._entries(statement, {**wanted.values, "most": most, "skip": skip})

    def _entries(self, statement: str, values: Mapping[str, object]) -> list[LedgerEntry]:
        return [from_row(row) for row in self._rows(statement, values)]

    def _rows(self, statement: str, values: Mapping[str, object]) -> Sequence[Mapping[str, Any]]:
        return self._file.database.execute(statement, {**self._whose, **values}).fetchall()

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
