"""Which records of an account are the jobs of a start whose answer was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from a2e_mcp.catalogue.capability import JobFamily
from a2e_mcp.catalogue.records import JobRecord
from a2e_mcp.ledger.entry import LedgerEntry, RecordBefore
from a2e_mcp.ledger.job_ids import JobId, is_id
from a2e_mcp.ledger.store import Ledger

AT_REST = (
    "A2E's answer to the start was lost, and it is not under way now: it ended already or never began. Compare"
    " get_credits with list_spending; again=true starts it again."
)
_CLOCK_SLACK = 600.0
"""Seconds by which A2E's clock and ours may differ."""
_SETTLED_SECONDS = 60.0
"""After this time a start of several jobs has made all it will make."""


async def records_of(
    family: JobFamily, entry: LedgerEntry, records: Sequence[JobRecord], ledger: Ledger
) -> Sequence[JobRecord]:
    """The records that are certainly this start's: they bear its name, are new, and belong to no other start."""
    if await ledger.has_rival(entry, 2 * _CLOCK_SLACK):
        return ()
    fitting = [
        record
        for record in records
        if record.first_text(family.name_fields) == entry.title
        and is_id(record.id)
        and _made_after(record, entry.created - _CLOCK_SLACK)
    ]
    found = [each for each in fitting if await ledger.by_job_id(str(JobId(family.name, each.id))) is None]
    wanted = entry.details.count
    # More of that name than were started may include jobs started elsewhere; fewer may still be coming.
    if len(found) > wanted or (len(found) < wanted and ledger.now() - entry.created < _SETTLED_SECONDS):
        return ()
    return found


def snapshot(family: JobFamily, record: JobRecord) -> RecordBefore:
    """What of a record tells later whether a job of this family has been done on it meanwhile."""
    return RecordBefore(
        word=record.word,
        left=family.success_field is not None and record.raw.get(family.success_field) is True,
    )


def works_on(family: JobFamily, entry: LedgerEntry, record: JobRecord) -> bool:
    """Whether this start's job is certainly under way on the record, or has been done on it since the start."""
    now = snapshot(family, record)
    state = family.states.get(now.word, "running" if now.word else "unknown")
    if state in ("queued", "running"):
        return True
    before = entry.details.before
    if before is None:
        return False
    # What stood there before the start says nothing about it.
    if state == "succeeded":
        return bool(now.left and not before.left)
    return state == "failed" and before.word != now.word


def _made_after(record: JobRecord, moment: float) -> bool:
    if record.created is None:
        return True
    try:
        made = datetime.fromisoformat(record.created)
    except ValueError:
        return True
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp() >= moment
