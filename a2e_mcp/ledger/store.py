"""What was started and what it cost, behind one interface that several kinds of store can offer.

An entry is written before anything that may be charged leaves, so nothing that was paid for can be forgotten. A
server that carries a start out sends a heartbeat every few seconds, so that another server on the same ledger can tell
a start that is under way from one whose server died.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, Unpack

from a2e_mcp.ledger.accounts import OwnKeys
from a2e_mcp.ledger.details import DetailChanges
from a2e_mcp.ledger.entry import EntryChanges, JobSeen, LedgerEntry, NewEntry, Phase, StoredStart
from a2e_mcp.ledger.job_ids import DOWNLOAD, FILM

HEARTBEAT_SECONDS = 10.0
"""How often a server that carries a start out sends a heartbeat."""
SILENT_SECONDS = 3 * HEARTBEAT_SECONDS
"""After this time without a heartbeat a start is no longer under way."""
CLOCK_STEP_SECONDS = 2.0
"""How far in the future a heartbeat may be; further than that, the clock was set back and it says nothing."""
LIMIT_SECONDS = 86_400.0
"""The time over which the credits under a daily limit are counted."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a new entry must stay under: so many credits in 24 hours, together with what it costs at least.

    `only_unpriced` allows no other start under way whose price is not known, since its cost cannot be counted yet.
    `user_per_day` and `user_jobs` hold for the entry's user in all accounts: credits in 24 hours, and jobs that have
    not ended, `jobs` new ones among them; those of the families in `uncounted` are none.
    """

    per_day: float | None = None
    least: float = 0.0
    only_unpriced: bool = False
    user_per_day: float | None = None
    user_jobs: int | None = None
    jobs: int = 1
    uncounted: Sequence[str] = (DOWNLOAD, FILM)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are wanted: created at or after `since`, of a `family` or `without` one, of a `user`."""

    since: float = 0.0
    family: str | None = None
    without: str | None = None
    user: str | None = None

    @property
    def values(self) -> dict[str, object]:
        """By name, for a statement."""
        return {"since": self.since, "family": self.family, "without": self.without, "user": self.user}


EVERY_ENTRY = EntryFilter()


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which listed jobs are wanted; None, or no state, means any."""

    family: str | None = None
    states: Sequence[str] = ()
    since: float | None = None
    """In seconds since 1970, as `before`, which is not wanted itself."""
    before: float | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Inserted:
    """A new entry, claimed by who wrote it."""

    entry: LedgerEntry


@dataclass(frozen=True, slots=True)
class Existing:
    """The same start, made earlier; nothing was written."""

    entry: LedgerEntry


class OverLimit(Exception):
    """So many credits are spent in 24 hours, of the account or `of_user`, that nothing was written."""

    def __init__(self, spent: float, *, of_user: bool = False) -> None:
        super().__init__(f"{spent:g} credits are spent")
        self.spent = spent
        self.of_user = of_user


class TooManyJobs(Exception):
    """So many jobs of the user have not ended that nothing was written."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} jobs have not ended")
        self.count = count


class UnpricedUnderWay(Exception):
    """Another start whose price is not known is under way, so nothing was written."""

    def __init__(self, entry: LedgerEntry) -> None:
        super().__init__(f"{entry.own_job_id} has no price")
        self.entry = entry


def living_beats(now: float) -> dict[str, float]:
    """Between which moments the last heartbeat of a start under way lies: `oldest` and `newest`."""
    return {"oldest": now - SILENT_SECONDS, "newest": now + CLOCK_STEP_SECONDS}


class SharedLedger(Protocol):
    """What a ledger that several servers share offers besides: workers that carry on what a server has begun."""

    async def report(self, entry_id: str, share: float, about: str) -> None:
        """Say how far a start is and what is done for it, to all servers; this is a heartbeat too."""

    @property
    def queue(self) -> str:
        """The name of the queue of this account's work."""

    async def account_of_start(self, entry_id: str) -> str:
        """The account of a start of this queue. Raises KeyError."""

    async def worker_lives(self, worker_id: str) -> None:
        """Note that a worker of this account lives; starts are left to it from now on, for some seconds."""

    async def worker_ends(self, worker_id: str) -> None:
        """Note that a worker takes no more work."""

    async def take_over(self, entry_id: str) -> LedgerEntry | None:
        """Take a start over from whichever worker had it, under a new lease; None when it is in no worker's hands."""

    async def defer_forgotten(self, seconds: float) -> int:
        """Leave starts to workers again that none has had in hand for so many seconds; how many these were."""

    def following(self, word: str) -> AbstractAsyncContextManager[Callable[[float], Awaitable[bool]]]:
        """A way to wait, at most so many seconds, until a start, or one of a family, has changed since the last wait.

        `word` is the start's id, or the family's name. The wait tells whether there was a change; there may be one all
        the same, for news can be lost.
        """

    async def take_turn(self, per_second: float) -> float:
        """Take the account's turn for a request to A2E, of so many a second, and give 0; or the seconds after which to
        ask again."""

    async def take_calls(self, user: str, wanted: int, *, per_minute: float) -> tuple[int, float]:
        """Take so many of the calls that a user may make, or those that are left; without any, the seconds to wait."""

    async def busy(self, seconds: float) -> None:
        """Note that A2E takes no requests of this account for so many seconds."""

    async def look_now(self, family: str) -> None:
        """Let the next look at a family's jobs be due, and tell all who wait for them."""

    async def take_looks(self, keys: Sequence[str], seconds: float) -> Sequence[str]:
        """Those of these looks at A2E that no server has taken in the last seconds; this takes them."""

    async def seen_jobs(self, job_ids: Sequence[str]) -> Mapping[str, LedgerEntry]:
        """The newest entry that each of these jobs belongs to, where there is one."""


class Ledger(Protocol):
    """The starts of one account in one mode; where a `user` may be given, None means those of any.

    Every method is one whole transaction; once begun it is carried out even when its caller is cancelled, and the
    caller gets the outcome before the cancellation. Methods raise SettingsError when the store cannot be read or
    written, and KeyError for an id that is not there.
    """

    @property
    def shared(self) -> SharedLedger | None:
        """What is offered besides, where several servers share the store."""

    @property
    def account(self) -> str:
        """The account's id, as `account_of` gives it."""

    def of_account(self, account: str) -> Ledger:
        """The starts of another account in the same store, which stays open as long as this ledger.

        What is left to workers there is left to those of this ledger's account.
        """

    @property
    def own_keys(self) -> OwnKeys:
        """The keys of A2E that users bring for accounts of their own."""

    def now(self) -> float:
        """The ledger's clock, seconds since 1970."""

    def is_under_way(self, entry: LedgerEntry) -> bool:
        """Whether some server is carrying this start out right now."""

    async def insert_or_get_existing(
        self, new: NewEntry, *, passed: Collection[str] | None = (), limits: Limits
    ) -> Inserted | Existing:
        """Write an intent and claim it, or find the same start; those in `passed` do not count, and None means any.

        For a start that was asked for again only one that was asked for again counts; of another user, none does.

        Two servers can neither both write it nor both use up what is left under a limit.
        Raises OverLimit, TooManyJobs, UnpricedUnderWay.
        """

    async def find_existing(
        self, fingerprint: str, *, passed: Collection[str] = (), again: bool = False, user: str = ""
    ) -> LedgerEntry | None:
        """The newest same start of a user; refused, failed, deleted ones and those in `passed` do not count."""

    async def update(self, entry_id: str, **changes: Unpack[EntryChanges]) -> LedgerEntry:
        """Change fields of one entry and return it as it is now."""

    async def transition(self, entry_id: str, before: Phase, **changes: Unpack[EntryChanges]) -> LedgerEntry | None:
        """Change an entry that is still in this phase; None when it is in another one by now."""

    async def merge_details(self, entry_id: str, **changes: Unpack[DetailChanges]) -> LedgerEntry:
        """Add to an entry's details; a mapping is added to the one that is there."""

    async def record_jobs(self, seen: Sequence[JobSeen]) -> Sequence[LedgerEntry | None]:
        """Write down what A2E says of jobs; the entry of each as it is now, None where the ledger knows none."""

    async def record_refund(self, entry_id: str, job_id: str, refunded: float | None) -> LedgerEntry:
        """Write down that so many credits were refunded for one of its jobs; None when it is not known how many."""

    async def heartbeat(self, entry_id: str) -> None:
        """Keep an entry under way."""

    async def claim(self, entry_id: str) -> LedgerEntry | None:
        """Take over an entry whose server has died, under a new lease; None when it is under way, or has ended."""

    async def advance(
        self, entry_id: str, lease: int, learnt: DetailChanges, **changes: Unpack[EntryChanges]
    ) -> LedgerEntry | None:
        """Write down what is about to be charged, under the lease that one has.

        None, and nothing is written, when the entry was taken over meanwhile, or is not intended any more.
        """

    async def release(self, entry_id: str) -> None:
        """Note that this start is no longer under way."""

    async def is_alone_since(self, entry_id: str, moment: float) -> bool:
        """Whether no other start of this account has been under way since then, as far as this ledger knows."""

    async def entry(self, entry_id: str) -> LedgerEntry:
        """The entry of this id."""

    async def stored_start(self, entry_id: str) -> StoredStart | None:
        """What a start is made from; None for entries that were written without it."""

    async def by_job_id(self, job_id: str, *, user: str | None = None) -> LedgerEntry | None:
        """The newest entry that a job belongs to."""

    async def recent(self, wanted: EntryFilter = EVERY_ENTRY, *, most: int = 1000, skip: int = 0) -> list[LedgerEntry]:
        """The entries that are wanted, newest first."""

    async def unfinished(self, family: str | None) -> list[LedgerEntry]:
        """Entries of a family, or of all, that have not been sent, or not been answered, newest first."""

    async def unsettled(self, since: float) -> list[LedgerEntry]:
        """Entries that have not been sent or answered, and those made since then whose answer was lost.

        They are of the servers' account, and of the accounts that their users bring.
        """

    async def unkept(
        self, since: float, before: float, *, without: Collection[str], most: int
    ) -> Mapping[str, Sequence[LedgerEntry]]:
        """Started entries made in between, of any family but these, with jobs that are open or whose results are kept
        nowhere, by the account that they are of: the servers', or one that their users bring. Oldest first.
        """

    async def with_key(self, key: str, *, since: float = 0.0, most: int = 50) -> list[LedgerEntry]:
        """Entries created at or after `since` that have a key of `a2e_mcp.ledger.keys`, newest first."""

    async def claim_key(self, entry_id: str, key: str, *, since: float) -> LedgerEntry | None:
        """Claim what an entry is about to pay; else the entry that paid it since then, or is about to pay it."""

    async def newest(self, beginning: str, *, user: str | None = None) -> LedgerEntry | None:
        """The newest entry whose fingerprint begins like this, whatever became of it."""

    async def lost(
        self, family: str | None, *, since: float, titles: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Starts of a family, or of all, whose answer was lost and which are not under way, newest first."""

    async def has_rival(self, entry: LedgerEntry, seconds: float) -> bool:
        """Whether another start of the same title, made within so many seconds of this one, also waits for its job."""

    async def spent_since(self, since: float, *, user: str | None = None) -> float:
        """Credits of everything started since then, as far as is known; what is on its way counts as expected."""

    async def spent_and_recent(self, since: float, family: str, recent: float) -> tuple[float, list[LedgerEntry]]:
        """Credits spent since then, and the entries of a family created at or after `recent`, newest first."""

    async def spending(self, since: float, *, user: str | None = None) -> tuple[float, int]:
        """Credits of everything started since then, and how many starts that were; downloads are none."""

    async def spending_by(
        self, part: Literal["family", "day"], since: float, most: int = 100, *, user: str | None = None
    ) -> dict[str, float]:
        """Credits of what was started since then: by family, dearest first, or by day (UTC), newest first.

        Downloads are none.
        """

    async def count_jobs(self, wanted: JobFilter, among: Sequence[str] | None = None) -> int:
        """How many listed jobs match; `among` counts only those of these job ids."""

    async def listed(self, wanted: JobFilter, *, after: LedgerEntry | None = None, most: int = 50) -> list[LedgerEntry]:
        """Entries whose listed jobs match, newest first; those older than `after`."""
