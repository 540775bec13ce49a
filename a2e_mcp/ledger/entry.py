"""One start as the ledger keeps it: what it is, what it cost, and how both change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypedDict

from a2e_mcp import __version__
from a2e_mcp.ledger.details import DetailChanges, Details

Phase = Literal["intended", "sent", "started", "refused", "unknown"]
"""intended: the job's own request has not left. sent: it may have left. unknown: the answer was lost."""


DAMAGED = "Part of what the ledger knew of this start is damaged and cannot be read."


@dataclass(frozen=True, slots=True)
class StoredStart:
    """What a start is made from, as data: another process can carry it out with this alone.

    `resolved` is what names and files in the inputs turned out to be, `version` is that of the program that wrote it,
    and `traceparent` says in which trace it was asked for.
    """

    kind: Literal["job", "speech", "upload", "relay", "purchase", "film"]
    family: str
    tool: str
    inputs: Mapping[str, Any]
    resolved: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = __version__
    traceparent: str | None = None


class EntryChanges(TypedDict, total=False):
    """Fields of an entry to change."""

    family: str
    title: str
    phase: Phase
    sent: float | None
    expected: float | None
    charged: float | None
    job_ids: Sequence[str]
    details: Details
    results: Sequence[str]
    state: str | None
    note: str | None
    raw: str | None
    beat: float


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A start that is about to be made."""

    family: str
    title: str
    fingerprint: str
    expected: float | None = None
    units: float | None = None
    consent: str | None = None
    details: Details = field(default_factory=Details)
    start: StoredStart | None = None
    user: str = ""
    """Whose start it is; empty for the one person of a server without users."""
    for_worker: bool = False
    """Whether a worker may carry it out, where there is one."""

    def begun(self, own_id: str, now: float) -> LedgerEntry:
        """The entry with which it begins."""
        return LedgerEntry(
            id=own_id,
            family=self.family,
            title=self.title,
            fingerprint=self.fingerprint,
            phase="intended",
            created=now,
            consent=self.consent,
            expected=self.expected,
            units=self.units,
            details=self.details,
            beat=now,
            user=self.user,
        )


@dataclass(frozen=True, slots=True)
class JobSeen:
    """What A2E says of one job."""

    job_id: str
    state: str
    results: Sequence[str]
    credits: float | None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One start. Times are seconds since 1970, amounts are credits; `beat` is its last heartbeat."""

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
    job_ids: Sequence[str] = field(default_factory=list)
    details: Details = field(default_factory=Details)
    results: Sequence[str] = field(default_factory=list)
    state: str | None = None
    note: str | None = None
    raw: str | None = None
    beat: float = 0.0
    user: str = ""
    """Whose start it is; empty for the one person of a server without users."""
    deferred: bool = False
    """Whether a worker has it in hand, or will have."""
    about: str | None = None
    """What a worker is doing for it."""
    share: float | None = None
    """How much of all that is done, from 0 to 1."""

    @property
    def damaged(self) -> bool:
        """Whether some of its columns could not be read, now or when it was last written."""
        return DAMAGED in (self.note or "")

    @property
    def own_job_id(self) -> str:
        """The job id of a start that A2E has given no id yet, and of work that never gets one."""
        return f"{self.family}:{self.id}"

    @property
    def is_awaited(self) -> bool:
        """Whether it is an upload whose file has not been sent to its one-time address yet; it may expire unused."""
        return self.phase == "intended" and self.details.awaited_until is not None and self.paying is None

    @property
    def paying(self) -> str | None:
        """The step on the way (speech, upload) that was asked for and not answered."""
        return self.details.paying

    @property
    def answer_lost(self) -> bool:
        """Whether its job may exist at A2E without our knowing its id."""
        return self.phase in ("sent", "unknown") and self.sent is not None and not self.job_ids

    @property
    def is_absent(self) -> bool:
        """Whether its answer was lost and its job is not in the account."""
        return self.answer_lost and self.details.absent

    def cost_on_the_way(self) -> tuple[float, bool]:
        """What speech and uploads cost, and whether all of it was measured; else some of it is as it was priced."""
        measured = self.details.measured.items()
        return self._cost_of({step: cost.credits for step, cost in measured if step != self.family})

    def costs_on_the_way(self) -> dict[str, float]:
        """What speech and uploads cost, by their names; what cost nothing is left out."""
        priced = self.details.priced
        paid = {
            step: (priced.get(step) or 0.0) if cost.credits is None else cost.credits
            for step, cost in self.details.measured.items()
            if step != self.family
        }
        return {step: credits for step, credits in paid.items() if credits}

    @property
    def cost(self) -> float:
        """What it cost as far as is known: the true charge, else the expected one; what never left costs nothing."""
        return self._cost_and_certainty()[0]

    @property
    def cost_is_sure(self) -> bool:
        """Whether the cost was measured or is A2E's own word."""
        return self._cost_and_certainty()[1]

    def cost_of_job(self, job_id: str) -> float:
        """What one of its jobs can have cost at most."""
        return self.details.charges.get(job_id, self.cost)

    def _cost_and_certainty(self) -> tuple[float, bool]:
        if self.charged is not None:
            return self.charged, True
        measured = {step: cost.credits for step, cost in self.details.measured.items()}
        if self.is_awaited and not measured:
            # What may be sent at any moment is kept free for it under every ceiling.
            return self.expected or 0.0, False
        if self.phase == "refused" or (self.phase == "intended" and self.paying is None):
            return self._cost_of(measured)
        if self.is_absent:
            return self._cost_of({step: credits for step, credits in measured.items() if step != self.family})
        lost = self.paying if self.phase in ("intended", "unknown") and self.sent is None else None
        if lost is not None and self.details.priced.get(lost) is not None:
            # The job's own request has not left, so only what it needs can have been charged.
            return self._cost_of(measured | {lost: None})
        return self.expected or 0.0, False

    def _cost_of(self, measured: Mapping[str, float | None]) -> tuple[float, bool]:
        priced = self.details.priced
        credits = [priced.get(step) or 0.0 if paid is None else paid for step, paid in measured.items()]
        return sum(credits), None not in measured.values()


def with_details(entry: LedgerEntry, changes: DetailChanges) -> LedgerEntry:
    """An entry with changed details; a mapping is added to the one that is there."""
    given: dict[str, Any] = dict(changes)
    for name, part in given.items():
        if isinstance(part, Mapping):
            given[name] = {**getattr(entry.details, name), **part}
    return replace(entry, details=replace(entry.details, **given))


def after_job_seen(entry: LedgerEntry, seen: JobSeen) -> LedgerEntry:
    """An entry after A2E has reported the state and the price of one of its jobs."""
    state = seen.state
    if len(entry.job_ids) > 1:
        if entry.details.states.get(seen.job_id) != seen.state:
            entry = with_details(entry, {"states": {seen.job_id: seen.state}})
        state = _state_of_several([entry.details.states.get(job_id) for job_id in entry.job_ids])
    if entry.state != "deleted":
        entry = replace(entry, state=state)
    if seen.results and list(entry.results) != list(seen.results) and len(entry.job_ids) == 1:
        entry = replace(entry, results=seen.results)
    # A2E's own word about this very job comes before the balance: the balance also changes by a web page or another
    # computer at the same moment, and a refund is seen here alone.
    if seen.credits is not None and entry.details.charges.get(seen.job_id) != seen.credits:
        entry = with_details(entry, {"charges": {seen.job_id: seen.credits}})
        charges = entry.details.charges
        if all(job_id in charges for job_id in entry.job_ids):
            on_the_way, is_sure = entry.cost_on_the_way()
            total = float(sum(charges.values()) + on_the_way)
            entry = replace(entry, charged=total) if is_sure else replace(entry, expected=total)
    return entry


def _state_of_several(states: Sequence[str | None]) -> str:
    """The state of a start that makes several jobs: it has ended when all of them have."""
    if all(state in ("succeeded", "failed") for state in states):
        return "succeeded" if "succeeded" in states else "failed"
    return "queued" if set(states) <= {"queued", None} else "running"


def after_refund(entry: LedgerEntry, job_id: str, refunded: float | None) -> LedgerEntry:
    """An entry after so many credits were refunded for one of its jobs; None when it is not known how many."""
    if refunded is None:
        return with_details(entry, {"refund_unknown": True})
    if not refunded:
        return entry
    left = max(0.0, entry.cost - refunded)
    entry = with_details(entry, {"charges": {job_id: max(0.0, entry.cost_of_job(job_id) - refunded)}})
    return replace(entry, expected=left) if entry.charged is None else replace(entry, charged=left)
