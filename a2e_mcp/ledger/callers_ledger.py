"""A ledger as the user sees it who makes a call: their own starts, spending and jobs, and nothing of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal, Unpack

from a2e_mcp.ledger.accounts import OwnKeys
from a2e_mcp.ledger.details import DetailChanges
from a2e_mcp.ledger.entry import EntryChanges, JobSeen, LedgerEntry, NewEntry, Phase, StoredStart
from a2e_mcp.ledger.store import EVERY_ENTRY, EntryFilter, Existing, Inserted, JobFilter, Ledger, Limits, SharedLedger
from a2e_mcp.users.caller import current_user


class CallersLedger(Ledger):
    """Narrows look-ups to the `current_user()`, and stamps new entries with them; without one it narrows nothing.

    What is done with an entry that is at hand, and what keeps the account's books, is as in the ledger itself.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def shared(self) -> SharedLedger | None:
        """What several servers share, which is for all users."""
        return self._ledger.shared

    @property
    def account(self) -> str:
        """The account's id."""
        return self._ledger.account

    @property
    def own_keys(self) -> OwnKeys:
        """The keys of A2E that users bring."""
        return self._ledger.own_keys

    def of_account(self, account: str) -> Ledger:
        """The starts of the user in another account."""
        return CallersLedger(self._ledger.of_account(account))

    # ------------------------------------------------------------------ of the user alone

    async def insert_or_get_existing(
        self, new: NewEntry, *, passed: Collection[str] | None = (), limits: Limits
    ) -> Inserted | Existing:
        """Write an intent of the user, or find the same start of theirs."""
        mine = replace(new, user=current_user() or new.user)
        return await self._ledger.insert_or_get_existing(mine, passed=passed, limits=limits)

    async def find_existing(
        self, fingerprint: str, *, passed: Collection[str] = (), again: bool = False, user: str = ""
    ) -> LedgerEntry | None:
        """The newest same start of the user."""
        mine = current_user() or user
        return await self._ledger.find_existing(fingerprint, passed=passed, again=again, user=mine)

    async def by_job_id(self, job_id: str, *, user: str | None = None) -> LedgerEntry | None:
        """The newest entry of the user that a job belongs to."""
        return await self._ledger.by_job_id(job_id, user=_own(user))

    async def recent(self, wanted: EntryFilter = EVERY_ENTRY, *, most: int = 1000, skip: int = 0) -> list[LedgerEntry]:
        """The user's entries that are wanted, newest first."""
        return await self._ledger.recent(replace(wanted, user=_own(wanted.user)), most=most, skip=skip)

    async def newest(self, beginning: str, *, user: str | None = None) -> LedgerEntry | None:
        """The user's newest entry whose fingerprint begins like this."""
        return await self._ledger.newest(beginning, user=_own(user))

    async def spent_since(self, since: float, *, user: str | None = None) -> float:
        """Credits of what the user started since then."""
        return await self._ledger.spent_since(since, user=_own(user))

    async def spent_and_recent(self, since: float, family: str, recent: float) -> tuple[float, list[LedgerEntry]]:
        """Credits that the user spent since then, and their entries of a family."""
        user = current_user()
        if user is None:
            return await self._ledger.spent_and_recent(since, family, recent)
        spent = await self._ledger.spent_since(since, user=user)
        return spent, await self._ledger.recent(EntryFilter(since=recent, family=family, user=user))

    async def spending(self, since: float, *, user: str | None = None) -> tuple[float, int]:
        """Credits of what the user started since then, and how many starts that were."""
        return await self._ledger.spending(since, user=_own(user))

    async def spending_by(
        self, part: Literal["family", "day"], since: float, most: int = 100, *, user: str | None = None
    ) -> dict[str, float]:
        """Credits of what the user started since then, by family or by day."""
        return await self._ledger.spending_by(part, since, most, user=_own(user))

    async def count_jobs(self, wanted: JobFilter, among: Sequence[str] | None = None) -> int:
        """How many of the user's listed jobs match."""
        return await self._ledger.count_jobs(replace(wanted, user=_own(wanted.user)), among)

    async def listed(self, wanted: JobFilter, *, after: LedgerEntry | None = None, most: int = 50) -> list[LedgerEntry]:
        """The user's entries whose listed jobs match, newest first."""
        return await self._ledger.listed(replace(wanted, user=_own(wanted.user)), after=after, most=most)

    # ------------------------------------------------------------------ as in the ledger itself

    def now(self) -> float:
        """The ledger's clock, seconds since 1970."""
        return self._ledger.now()

    def is_under_way(self, entry: LedgerEntry) -> bool:
        """Whether some server is carrying this start out right now."""
        return self._ledger.is_under_way(entry)

    async def update(self, entry_id: str, **changes: Unpack[EntryChanges]) -> LedgerEntry:
        """Change fields of one entry and return it as it is now."""
        return await self._ledger.update(entry_id, **changes)

    async def transition(self, entry_id: str, before: Phase, **changes: Unpack[EntryChanges]) -> LedgerEntry | None:
        """Change an entry that is still in this phase."""
        return await self._ledger.transition(entry_id, before, **changes)

    async def merge_details(self, entry_id: str, **changes: Unpack[DetailChanges]) -> LedgerEntry:
        """Add to an entry's details."""
        return await self._ledger.merge_details(entry_id, **changes)

    async def record_jobs(self, seen: Sequence[JobSeen]) -> Sequence[LedgerEntry | None]:
        """Write down what A2E says of jobs."""
        return await self._ledger.record_jobs(seen)

    async def record_refund(self, entry_id: str, job_id: str, refunded: float | None) -> LedgerEntry:
        """Write down that so many credits were refunded."""
        return await self._ledger.record_refund(entry_id, job_id, refunded)

    async def heartbeat(self, entry_id: str) -> None:
        """Keep an entry under way."""
        await self._ledger.heartbeat(entry_id)

    async def claim(self, entry_id: str) -> LedgerEntry | None:
        """Take over an entry whose server has died."""
        return await self._ledger.claim(entry_id)

    async def advance(
        self, entry_id: str, lease: int, learnt: DetailChanges, **changes: Unpack[EntryChanges]
    ) -> LedgerEntry | None:
        """Write down what is about to be charged."""
        return await self._ledger.advance(entry_id, lease, learnt, **changes)

    async def release(self, entry_id: str) -> None:
        """Note that this start is no longer under way."""
        await self._ledger.release(entry_id)

    async def is_alone_since(self, entry_id: str, moment: float) -> bool:
        """Whether no other start of this account has been under way since then."""
        return await self._ledger.is_alone_since(entry_id, moment)

    async def entry(self, entry_id: str) -> LedgerEntry:
        """The entry of this id."""
        return await self._ledger.entry(entry_id)

    async def stored_start(self, entry_id: str) -> StoredStart | None:
        """What a start is made from."""
        return await self._ledger.stored_start(entry_id)

    async def unfinished(self, family: str | None) -> list[LedgerEntry]:
        """Entries of a family that have not been sent, or not been answered."""
        return await self._ledger.unfinished(family)

    async def unsettled(self, since: float) -> list[LedgerEntry]:
        """Entries of all users that are not settled."""
        return await self._ledger.unsettled(since)

    async def unkept(
        self, since: float, before: float, *, without: Collection[str], most: int
    ) -> Mapping[str, Sequence[LedgerEntry]]:
        """Entries of all users whose results are kept nowhere."""
        return await self._ledger.unkept(since, before, without=without, most=most)

    async def with_key(self, key: str, *, since: float = 0.0, most: int = 50) -> list[LedgerEntry]:
        """Entries of the account that have a key; what one has paid for, all use."""
        return await self._ledger.with_key(key, since=since, most=most)

    async def claim_key(self, entry_id: str, key: str, *, since: float) -> LedgerEntry | None:
        """Claim what an entry is about to pay."""
        return await self._ledger.claim_key(entry_id, key, since=since)

    async def lost(
        self, family: str | None, *, since: float, titles: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Starts of a family whose answer was lost."""
        return await self._ledger.lost(family, since=since, titles=titles)

    async def has_rival(self, entry: LedgerEntry, seconds: float) -> bool:
        """Whether another start of the same title also waits for its job."""
        return await self._ledger.has_rival(entry, seconds)


def _own(user: str | None) -> str | None:
    """Whose starts are looked up: the caller's, and without one those of the user that was given."""
    return current_user() or user
