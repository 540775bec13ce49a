"""The job records in an answer, whether it is one record or a list."""

from __future__ import annotations

from collections.abc import Sequence

from a2e_mcp.catalogue.declaration.capability import Reply
from a2e_mcp.catalogue.declaration.records import JobRecord, Rows


def skipped_in(reply: Reply) -> int:
    """How many rows of a list could not be read."""
    return reply.skipped if isinstance(reply, Rows) else 0


def each_once(records: Sequence[JobRecord]) -> list[JobRecord]:
    """Each record once, since a list that grows while it is read shows rows twice."""
    known = {record.id: record for record in reversed(records)}
    return list(reversed(known.values()))


def records_in(reply: Reply) -> list[JobRecord]:
    """The records of an answer, one or a list."""
    rows = reply.rows if isinstance(reply, Rows) else [reply]
    return [row for row in rows if isinstance(row, JobRecord)]
