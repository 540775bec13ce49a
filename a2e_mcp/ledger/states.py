"""The state of a start, as far as the ledger alone can tell."""

from __future__ import annotations

from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import DOWNLOAD, FILM, STREAMING, UPLOAD

_JOB_STATES = ("queued", "running", "succeeded", "failed")


def is_resumable(entry: LedgerEntry) -> bool:
    """Whether an entry is a file on its way that any server on this ledger can resume."""
    known = entry.family in (DOWNLOAD, FILM) or (entry.family == UPLOAD and bool(entry.details.addresses))
    return known and entry.phase == "intended" and entry.paying is None and not entry.is_awaited


def known_state(entry: LedgerEntry, *, under_way: bool) -> str:
    """The state of a start's jobs, given whether some server is carrying it out right now."""
    if is_resumable(entry) or (entry.is_awaited and under_way):
        return "running"
    if entry.is_awaited or (under_way and entry.phase in ("intended", "sent")):
        return "queued"
    match entry.phase:
        case "started":
            # A room that was left has done what it was for.
            left = entry.family == STREAMING and entry.state == "deleted"
            return "succeeded" if left else entry.state if entry.state in _JOB_STATES else "unknown"
        case "refused":
            return "failed"
        case "intended":
            return "failed" if entry.paying is None else "unknown"
        case _:
            return "unknown"
