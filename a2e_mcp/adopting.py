"""Which records in an account's list are the jobs of a start whose answer was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from a2e_mcp.capability import JobFamily
from a2e_mcp.catalogue.base import JobRecord
from a2e_mcp.handles import Handle, is_id
from a2e_mcp.ledger import Entry, Ledger

_CLOCK_SLACK = 600.0
"""Seconds by which A2E's clock and ours may differ."""
_SETTLED_SECONDS = 60.0
"""After this time a start of several jobs has made all it will make."""


def records_of(family: JobFamily, entry: Entry, records: Sequence[JobRecord], ledger: Ledger) -> Sequence[JobRecord]:
    """The records that are certainly this start's: they bear its name, are new, and are nobody else's."""
    if _has_rival(entry, ledger):
        return ()
    found = [
        record
        for record in records
        if record.first_text(family.name_fields) == entry.title
        and is_id(record.id)
        and _made_after(record, entry.created - _CLOCK_SLACK)
        and ledger.by_handle(str(Handle(family.name, record.id))) is None
    ]
    wanted = int(entry.steps.get("count", 1))
    # More of that name than were started could be anybody's; fewer may still be coming.
    if len(found) > wanted or (len(found) < wanted and ledger.now() - entry.created < _SETTLED_SECONDS):
        return ()
    return found


def _has_rival(entry: Entry, ledger: Ledger) -> bool:
    """Whether another start of the same name, made about the same time, also waits for its job."""
    return any(
        each.id != entry.id
        and each.family == entry.family
        and each.title == entry.title
        and abs(each.created - entry.created) < 2 * _CLOCK_SLACK
        and (each.answer_lost or ledger.under_way(each))
        for each in ledger.recent(since=entry.created - 2 * _CLOCK_SLACK)
    )


def _made_after(record: JobRecord, moment: float) -> bool:
    if record.created is None:
        return True
    try:
        made = datetime.fromisoformat(record.created)
    except ValueError:
        return True
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp() >= moment
