"""Deleting a job, and what comes back for it, read from the account's balance and written into the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from a2e_mcp.errors import A2EError, NotFound
from a2e_mcp.handles import Handle
from a2e_mcp.jobs import Jobs
from a2e_mcp.ledger import Entry, Ledger
from a2e_mcp.spending import Spending

REFUND_UNKNOWN = "refund_unknown"
"""The step of an entry that tells that credits may have come back for it without our being able to see how many."""
_LARGEST_ERROR = 1e-6


@dataclass(frozen=True, slots=True)
class Deleted:
    """What deleting meant; `given_back` in credits, None where it could not be seen."""

    meaning: str
    given_back: float | None


async def delete_job(jobs: Jobs, spending: Spending, ledger: Ledger, handle: Handle) -> Deleted:
    """Delete a job at A2E and correct what the ledger says it cost.

    A2E answers nothing about credits, and the record is gone afterwards: only the balance can tell.
    Raises InputError where A2E has no such call, ServiceError when it refuses.
    """
    since = ledger.now()
    known = ledger.by_handle(str(handle))
    had_ended = known is not None and known.state in ("succeeded", "failed")
    before = await spending.balance()
    try:
        handle, meaning = await jobs.delete(handle)
    except NotFound:
        if known is None or known.state != "deleted":
            raise
        return Deleted("It had been deleted before; nothing has changed.", None)
    after = await _balance_now(spending)
    entry = ledger.by_handle(str(handle))
    if before is None or after is None:
        back = None
    elif entry is None:
        # Somebody else may be starting jobs meanwhile: only a rise is told.
        back = after - before if after > before else None
    else:
        at_most = _cost_of(entry, handle)
        rose = after - before
        # A start under way, or a rise by more than the job cost, is not this job's.
        back = rose if ledger.alone_since(entry.id, since) and 0 <= rose <= at_most + _LARGEST_ERROR else None
    if entry is not None:
        _write_down(ledger, entry, handle, back, had_ended=had_ended)
    return Deleted(meaning, back)


def _cost_of(entry: Entry, handle: Handle) -> float:
    """What one job of a start can have cost at most."""
    told = entry.steps.get("charges", {}).get(str(handle))
    return entry.cost if told is None else float(told)


def _write_down(ledger: Ledger, entry: Entry, handle: Handle, back: float | None, *, had_ended: bool) -> None:
    if back is None:
        # For what has ended nothing comes back any more.
        if not had_ended:
            ledger.remember(entry.id, **{REFUND_UNKNOWN: True})
        return
    if back:
        ledger.remember(entry.id, charges={str(handle): max(0.0, _cost_of(entry, handle) - back)})
        left = max(0.0, entry.cost - back)
        ledger.update(entry.id, **{"expected" if entry.charged is None else "charged": left})


async def _balance_now(spending: Spending) -> float | None:
    try:
        return await spending.balance()
    except A2EError:
        # The job is deleted, whatever can be read of the account now.
        return None
