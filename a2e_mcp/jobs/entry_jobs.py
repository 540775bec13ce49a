"""A job as the ledger alone knows it, and what only the ledger knows of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from a2e_mcp.catalogue.declaration.capability import State
from a2e_mcp.catalogue.declaration.values import moment_shown, utc_moment
from a2e_mcp.files.progress import Progress
from a2e_mcp.jobs.job import Job
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import STREAMING, JobId
from a2e_mcp.ledger.states import is_resumable
from a2e_mcp.text import sentences

_STATES: Mapping[str, State] = {
    "queued": "queued",
    "running": "running",
    "succeeded": "succeeded",
    "failed": "failed",
}


Links = Callable[[LedgerEntry, Job], Awaitable[list[str]]]
"""Links to what is kept of a job in a store of one's own."""


async def linked(job: Job, entry: LedgerEntry, links: Links | None) -> Job:
    """A job with links to what is kept of it, where something is."""
    if links is not None and entry.details.kept.get(job.job_id):
        job.at_a2e, job.results = job.results, await links(entry, job)
    return job


def job_of_entry(entry: LedgerEntry, job_id: JobId, *, moved: Progress | None, under_way: bool, sandbox: bool) -> Job:
    """One job of a start as far as the ledger alone can tell; `moved` is how far its transfer is."""
    if (own_state := entry.details.states.get(str(job_id))) is not None:
        entry = replace(entry, state=own_state)
    state, note = _state_and_note(entry, moved, under_way=under_way)
    stays = state in ("succeeded", "failed") or (entry.family == STREAMING and state == "running")
    return Job(
        job_id=str(job_id),
        family=entry.family,
        state=state,
        title=entry.title,
        progress=1.0 if state == "succeeded" else moved.share if moved and state == "running" else None,
        results=list(entry.results) if len(entry.job_ids) <= 1 else [],
        credits=entry.charged,
        created_at=utc_moment(entry.created),
        next_check_seconds=None if stays else 5,
        error=note if state == "failed" else None,
        sandbox=sandbox,
        note=note if state != "failed" else None,
        files=[{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in entry.details.files] or None,
    )


def add_known(job: Job, entry: LedgerEntry) -> None:
    """Add to a job what only its entry says: its title and note, and what it cost with the steps on the way."""
    job.title = job.title or entry.title
    if job.credits is None and len(entry.job_ids) == 1:
        job.credits = entry.charged
    elif job.credits is not None and len(entry.job_ids) == 1 and (entry.charged or 0.0) > job.credits:
        job.total_credits = entry.charged
        job.steps = entry.costs_on_the_way()
    job.note = sentences(entry.note, job.note) or None


def _state_and_note(entry: LedgerEntry, moved: Progress | None, *, under_way: bool) -> tuple[State, str | None]:
    """State and note of a start as far as the ledger alone can tell."""
    if entry.is_awaited or is_resumable(entry):
        return _of_file(entry, moved, under_way=under_way)
    match entry.phase:
        case "intended" | "sent" if under_way:
            doing = f": {entry.about}" if entry.about else f"; {moved} of a file are sent" if moved else ""
            return "queued", f"Still starting{doing}."
        case "started":
            # A room that was left has done what it was for.
            left = entry.family == STREAMING and entry.state == "deleted"
            return "succeeded" if left else _STATES.get(entry.state or "", "unknown"), entry.note
        case "refused" | "intended" if entry.phase == "refused" or entry.paying is None:
            return "failed", entry.note or "It was interrupted before it was sent."
        case "intended":
            lost = f"It was interrupted while its {entry.paying} was being made, which may have been charged."
            return "unknown", entry.note or lost
        case _:
            lost = "A2E's answer was lost; the job was not found in the account. It may have been charged."
            return "unknown", entry.note or lost


def _of_file(entry: LedgerEntry, moved: Progress | None, *, under_way: bool) -> tuple[State, str]:
    """State and note of a file on its way, or of one that is awaited at a one-time address."""
    if not entry.is_awaited:
        return "running", str(moved) if moved else "It continues in the background."
    if under_way:
        return "running", "Its file is arriving."
    until = moment_shown(entry.details.awaited_until or 0.0)
    return "queued", f"Its file has not been sent to its address yet, which expires at {until}."
