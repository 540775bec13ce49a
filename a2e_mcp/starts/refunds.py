"""Deleting a job, and what is refunded for it: read from the account's balance and written into the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from a2e_mcp.errors import NotFound
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.starts.pricing import Rise, Spending

_LARGEST_ERROR = 1e-6
_PATIENCE = 15.0
"""Seconds that deleting waits for another job that is just being deleted, and for the balance."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What deleting meant; `refunded` in credits, None where it could not be seen; `before` for a second time."""

    meaning: str
    refunded: float | None
    before: bool = False


async def delete_job(jobs: Jobs, spending: Spending, ledger: Ledger, job_id: JobId) -> Deleted:
    """Delete a job at A2E and correct what the ledger says it cost.

    A2E answers nothing about credits, and the record is gone afterwards: only the balance can tell.
    Raises InputError where A2E has no such call, ServiceError when it refuses.
    """
    since = ledger.now()
    known = await ledger.by_job_id(str(job_id))
    had_ended = known is not None and known.state in ("succeeded", "failed")
    async with spending.watching(_PATIENCE) as rise:
        try:
            job_id, meaning = await jobs.delete(job_id)
        except NotFound:
            if known is None or known.state != "deleted":
                raise
            return Deleted("", None, before=True)
    entry = await ledger.by_job_id(str(job_id))
    if entry is None:
        # Jobs may be started elsewhere meanwhile: only a rise says something.
        return Deleted(meaning, rise.credits if rise.credits and rise.credits > 0 else None)
    return Deleted(meaning, await record_refund(ledger, entry, job_id, rise, since=since, had_ended=had_ended))


async def record_refund(
    ledger: Ledger, entry: LedgerEntry, job_id: JobId, rise: Rise, *, since: float, had_ended: bool
) -> float | None:
    """Write down what of a rise of the balance is certainly this job's; None when another start may have caused it."""
    most = entry.cost_of_job(str(job_id)) + _LARGEST_ERROR
    is_its_own = rise.credits is not None and 0 <= rise.credits <= most
    refunded = rise.credits if is_its_own and await ledger.is_alone_since(entry.id, since) else None
    # A job that has ended is not refunded any more.
    if refunded is not None or not had_ended:
        await ledger.record_refund(entry.id, str(job_id), refunded)
    return refunded
