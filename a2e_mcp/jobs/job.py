"""A job of any family in one shape, and how A2E's record of it becomes one."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from a2e_mcp.catalogue.declaration.capability import JobFamily, State
from a2e_mcp.catalogue.declaration.records import JobRecord, state_of_word
from a2e_mcp.ledger.job_ids import STREAMING, JobId
from a2e_mcp.text import at_word_end

_LONGEST_SHOWN = 100
_STOPPED = re.compile(r"n[sf]{2}w")
"""What is in a status word of jobs that the content check has stopped, in either of its spellings."""
_LEAST_SHARE = 0.1
"""Less of a job done says nothing about the rest."""


class Job(BaseModel):
    """A job of any family. `progress` is a share from 0 to 1, `credits` what it cost as far as A2E has said."""

    job_id: str
    family: str
    state: State
    title: str | None = None
    progress: float | None = None
    results: list[str] = Field(default_factory=list)
    credits: float | None = None
    total_credits: float | None = None
    """What it cost with the speech and uploads made for it, where that is more."""
    steps: dict[str, float] = Field(default_factory=dict, exclude=True)
    """What each of those cost, for the words of an answer."""
    created_at: str | None = None
    remaining_seconds: float | None = None
    """A guess how long it will still take."""
    next_check_seconds: float | None = None
    raw_status: str | None = None
    error: str | None = None
    sandbox: bool = False
    note: str | None = None
    on_disk: list[str] = Field(default_factory=list, exclude=True)
    """The files behind its results that are on this computer already."""
    at_a2e: list[str] = Field(default_factory=list, exclude=True)
    """A2E's own links to its results, where `results` are links to what is kept of them."""
    is_kept: bool = Field(default=False, exclude=True)
    """Whether its results are links to what a store of one's own keeps."""
    files: list[dict[str, Any]] | None = None
    """What a download has saved: path, bytes and sha256 of each."""

    @property
    def finished(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.state in ("succeeded", "failed")

    @property
    def made_at(self) -> float | None:
        """When it was made, in seconds since 1970; a time without a zone is in UTC."""
        try:
            read = datetime.fromisoformat(self.created_at or "")
        except ValueError:
            return None
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()

    @property
    def is_open_room(self) -> bool:
        """Whether it is a live room, which stays as it is until it is left or its time is over."""
        return self.family == STREAMING and self.state == "running"


def normalise(family: JobFamily, record: JobRecord, *, sandbox: bool) -> Job:
    """One record in A2E's words as a Job."""
    results = record.urls(family.results)
    word, failure = record.word, record.failure
    # An unknown word beside a finished file is a success; a known word is believed, because a job that continues an
    # earlier one (lip-sync training) still has the earlier file.
    unknown: State = "succeeded" if results else "failed" if failure else "running" if word else "unknown"
    state: State = "failed" if _STOPPED.search(word) else state_of_word(family.states, word) or unknown
    finished = state in ("succeeded", "failed")
    error = None
    if state == "failed":
        code = f" (code {record.error_code})" if record.error_code not in (None, "0") else ""
        reason = "A2E's content check stopped it" if _STOPPED.search(word) else "A2E gave no reason"
        error = (record.error or failure or reason) + code
    note = record.note
    if state == "succeeded" and not results and family.next_step is None:
        came = record.without_address(family.results)
        sent = f" It sent: {at_word_end(came, _LONGEST_SHOWN)}" if came else ""
        note = f"A2E reports success but has given no file; check again in a minute.{sent}"
    elif state == "succeeded" and failure and state_of_word(family.states, word) is None:
        note = f"A2E also reports: {at_word_end(failure, _LONGEST_SHOWN)}"
    progress = 1.0 if state == "succeeded" else record.progress
    if progress is not None:
        progress = min(max(progress / 100 if progress > 1 else progress, 0.0), 1.0)
    return Job(
        job_id=str(JobId(family.name, record.id)),
        family=family.name,
        state=state,
        title=record.first_text(family.name_fields),
        progress=progress,
        results=results if state == "succeeded" else [],
        credits=0.0 if record.refunded else record.credits,
        created_at=record.created,
        next_check_seconds=None if finished else poll_seconds(family, sandbox=sandbox),
        raw_status=record.status and at_word_end(record.status, _LONGEST_SHOWN),
        error=error,
        sandbox=sandbox,
        note=note,
    )


def remaining_seconds(family: JobFamily, job: Job, now: float | None, *, sandbox: bool) -> float | None:
    """A guess how long a job will still take, from its share done, or else from the family's usual time at A2E.

    None when there is nothing to go by, as for a job that takes longer than usual.
    """
    began = job.made_at
    if job.finished or job.state == "unknown" or now is None or began is None or now < began:
        return None
    gone, share = now - began, job.progress or 0.0
    if _LEAST_SHARE <= share < 1:
        left = gone * (1 - share) / share
    else:
        left = 0.0 if sandbox else family.typical_seconds - gone
    return math.ceil(left) if left > 0 else None


def poll_seconds(family: JobFamily, *, sandbox: bool) -> float:
    """How often to ask, in seconds: a thirtieth of the family's usual time, from 3 to 15; the sandbox is quick."""
    return 0.25 if sandbox else min(15.0, max(3.0, family.typical_seconds / 30))
