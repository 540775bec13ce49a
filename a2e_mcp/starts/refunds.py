"""Deleting a job, and what comes back for it, read from the account's balance and written into the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from a2e_mcp.errors import NotFound
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.ledger.store import Entry, Ledger
from a2e_mcp.starts.pricing import Rise, Spending

REFUND_UNKNOWN = "refund_unknown"
"""The step of an entry that tells that credits may have come back for it without our being able to see how many."""
_LARGEST_ERROR = 1e-6
_PATIENCE = 15.0
"""Seconds that deleting waits for another job that is just being deleted, and for the balance."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What deleting meant; `given_back` in credits, None where it could not be seen."""

    meaning: str
    given_back: float | None


async def delete_job(jobs: Jobs, spending: Spending, ledger: Ledger, handle: JobId) -> Deleted:
    """Delete a job at A2E and correct what the ledger says it cost.

    A2E answers nothing about credits, and the record is gone afterwards: only the balance can tell.
    Raises InputError where A2E has no such call, ServiceError when it refuses.
    """
    since = ledger.now()
    known = ledger.by_job_id(str(handle))
    had_ended = known is not None and known.state in ("succeeded", "failed")
    async with spending.watching(_PATIENCE) as rise:
        try:
            handle, meaning = await jobs.delete(handle)
        except NotFound:
            if known is None or known.state != "deleted":
                raise
            return Deleted("It had been deleted before; nothing has changed.", None)
    entry = ledger.by_job_id(str(handle))
    if entry is None:
        # Somebody else may be starting jobs meanwhile: only a rise is told.
        return Deleted(meaning, rise.credits if rise.credits and rise.credits > 0 else None)
    back = given_back(ledger, entry, handle, rise, since=since)
    write_down(ledger, entry, handle, back, had_ended=had_ended)
    return Deleted(meaning, back)


def given_back(ledger: Ledger, entry: Entry, handle: JobId, rise: Rise, *, since: float) -> float | None:
    """What of a rise of the balance is certainly this job's; None when a start was under way, or it rose by more."""
    is_its_own = rise.credits is not None and 0 <= rise.credits <= _cost_of(entry, handle) + _LARGEST_ERROR
    return rise.credits if is_its_own and ledger.alone_since(entry.id, since) else None


def _cost_of(entry: Entry, handle: JobId) -> float:
    """What one job of a start can have cost at most."""
    told = entry.steps.get("charges", {}).get(str(handle))
    return entry.cost if told is None else float(told)


def write_down(ledger: Ledger, entry: Entry, handle: JobId, back: float | None, *, had_ended: bool) -> None:
    """Correct what an entry cost by what came back for one of its jobs, or note that nobody knows what did."""
    if back is None:
        # For what has ended nothing comes back any more.
        if not had_ended:
            ledger.remember(entry.id, **{REFUND_UNKNOWN: True})
        return
    if back:
        ledger.remember(entry.id, charges={str(handle): max(0.0, _cost_of(entry, handle) - back)})
        left = max(0.0, entry.cost - back)
        ledger.update(entry.id, **{"expected" if entry.charged is None else "charged": left})
