"""Which records of an account are the jobs of a start whose answer was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from a2e_mcp.catalogue.declaration.capability import JobFamily
from a2e_mcp.catalogue.declaration.records import JobRecord, state_of_word
from a2e_mcp.ledger.details import RecordBefore
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import JobId, is_id
from a2e_mcp.ledger.store import Ledger

AT_REST = (
    "A2E's answer to the start was lost, and it is not under way now: it ended already or never began. Compare"
    " get_credits with list_spending; again=true starts it again."
)
ABSENT = "A2E's answer to the start was lost, and the job is not in the account, so it counts as not charged."
_OVERDUE_SECONDS = 120.0
"""After this time a job that was made is in the account's list."""
_RIVAL_SECONDS = 1200.0
_SLACK_SECONDS = 10.0
"""By how much a record may seem older than its request, since A2E tells its clock in whole seconds."""
_UNKNOWN_CLOCK_SECONDS = 600.0
"""By how much A2E's clock and ours may differ where A2E has not told its time."""
_SETTLED_SECONDS = 60.0
"""After this time a start of several jobs has made all it will make."""
_QUARTER = 900.0
"""Time zones differ by whole quarters of an hour, at most by so much:"""
_FARTHEST_ZONE = 14 * 3600.0


@dataclass(frozen=True, slots=True)
class Matches:
    """The records that are certainly a start's jobs, and those that may be."""

    certain: Sequence[JobRecord] = ()
    possible: Sequence[JobRecord] = ()


async def matches(
    family: JobFamily, entry: LedgerEntry, records: Sequence[JobRecord], ledger: Ledger, now_there: float | None
) -> Matches:
    """The jobs of a start whose answer was lost, among an account's records.

    Certain are those that bear its name, agree with what was sent, are not older than it, and belong to no other start.
    """
    certain: list[JobRecord] = []
    possible: list[JobRecord] = []
    for record in records:
        if record.first_text(family.name_fields) != entry.title or not is_id(record.id):
            continue
        agrees = _agrees(entry.details.request, record, family.name_fields)
        is_new = _is_new(record, entry, now_there)
        if agrees is False or (agrees is None and not is_new):
            continue
        if await ledger.by_job_id(str(JobId(family.name, record.id))) is None:
            (certain if agrees and is_new else possible).append(record)
    wanted = entry.details.count
    is_settled = ledger.now() - entry.created >= _SETTLED_SECONDS
    if len(certain) < wanted and not is_settled:
        # More may still be coming.
        return Matches((), possible)
    if len(certain) > wanted or await ledger.has_rival(entry, _RIVAL_SECONDS):
        # More of that name than were started could belong to other starts.
        return Matches((), [*certain, *possible])
    return Matches(certain, possible)


def reaches_back(records: Sequence[JobRecord], entry: LedgerEntry, now_there: float | None) -> bool:
    """Whether these first records of a list, newest first, go back to before a start, so that its job is not beyond."""
    moments = [made[0] for record in records if (made := _made_at(record)) is not None]
    if len(moments) < len(records) or not records or moments[0] <= moments[-1]:
        return False
    return moments == sorted(moments, reverse=True) and not _is_new(records[-1], entry, now_there)


def is_overdue(entry: LedgerEntry, now: float, now_there: float | None) -> bool:
    """Whether a start is so long ago that its job would be in the account's list, by A2E's clock where it is known."""
    sent = entry.details.sent_there
    if sent is not None and now_there is not None:
        return now_there - sent >= _OVERDUE_SECONDS
    return now - (entry.sent or entry.created) >= _OVERDUE_SECONDS


def _agrees(sent: Mapping[str, Any], record: JobRecord, names: Sequence[str]) -> bool | None:
    """Whether a record shows what was sent; None when it shows nothing of it."""
    shown = {
        name: (value, there)
        for name, value in sent.items()
        if name not in names and isinstance(value, str) and value and isinstance(there := record.raw.get(name), str)
    }
    # A2E leaves some fields of some records empty.
    compared = [(value, there) for value, there in shown.values() if there]
    return all(_is_same(value, there) for value, there in compared) if compared else None


def _is_same(sent: str, shown: str) -> bool:
    """Whether two texts or addresses are the same; signatures of addresses change, and so do loopback ports."""
    if sent.startswith(("http://", "https://")):
        return _place(sent) == _place(shown)
    return " ".join(sent.split()) == " ".join(shown.split())


def _place(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return url, ""
    return ("" if host in ("127.0.0.1", "::1", "localhost") else host), parts.path


def _is_new(record: JobRecord, entry: LedgerEntry, now_there: float | None) -> bool:
    """Whether a record was made after the request was sent, by A2E's clock where that is known."""
    sent, slack = entry.details.sent_there, _SLACK_SECONDS
    if sent is None:
        sent, slack = entry.sent or entry.created, _UNKNOWN_CLOCK_SECONDS
    made = _made_at(record)
    if made is None:
        return True
    moment, is_local = made
    if now_there is not None and moment > now_there + slack:
        # No record is made in the future: this is a local time that calls itself UTC.
        is_local = True
    if not is_local:
        return moment >= sent - slack
    behind = (moment - sent + _FARTHEST_ZONE) % _QUARTER
    return abs(moment - sent) <= _FARTHEST_ZONE + _UNKNOWN_CLOCK_SECONDS and (
        behind <= _UNKNOWN_CLOCK_SECONDS or behind >= _QUARTER - slack
    )


def _made_at(record: JobRecord) -> tuple[float, bool] | None:
    """When a record was made, and whether that is a local time of an unknown zone."""
    if record.created is None:
        return None
    try:
        made = datetime.fromisoformat(record.created)
        moment = made.replace(tzinfo=made.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    # A2E's ids begin with the second, in UTC, in which they were made; a time that differs from it by whole quarters of
    # an hour is a local one.
    issued = float(int(record.id[:8], 16))
    apart = abs(moment - issued)
    if apart <= _FARTHEST_ZONE and min(apart % _QUARTER, _QUARTER - apart % _QUARTER) <= _SAME_SECOND:
        return issued, False
    return moment, made.tzinfo is None


_SAME_SECOND = 2.0


def snapshot(family: JobFamily, record: JobRecord) -> RecordBefore:
    """What of a record tells later whether a job of this family has been done on it meanwhile."""
    return RecordBefore(
        word=record.word,
        left=family.success_field is not None and record.raw.get(family.success_field) is True,
    )


def works_on(family: JobFamily, entry: LedgerEntry, record: JobRecord) -> bool:
    """Whether this start's job is certainly under way on the record, or has been done on it since the start."""
    now = snapshot(family, record)
    state = state_of_word(family.states, now.word) or ("running" if now.word else "unknown")
    if state in ("queued", "running"):
        return True
    before = entry.details.before
    if before is None:
        return False
    # What stood there before the start says nothing about it.
    if state == "succeeded":
        return bool(now.left and not before.left)
    return state == "failed" and before.word != now.word
