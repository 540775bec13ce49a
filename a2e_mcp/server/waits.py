"""How one call waits for jobs, and for how long, and what it says about those that have not ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from a2e_mcp.jobs.job import Job
from a2e_mcp.jobs.polling import Answers
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.server.tool_call import Call
from a2e_mcp.text import counted

ANSWERING_SECONDS = 3.0
"""What a call keeps for its answer."""
_SHORTEST_WAIT = 1.0
_FIRST_LOOK_SECONDS = 5.0


def waiting_time(call: Call[Any], asked: float | None) -> tuple[float, str]:
    """How long to wait, and which limit has cut what was asked for; a short call still waits for a second."""
    longest = call.services.settings.max_wait
    wanted = longest if asked is None else asked
    left = max(_SHORTEST_WAIT, call.within - ANSWERING_SECONDS)
    seconds = min(wanted, longest, left)
    if seconds >= wanted:
        return seconds, ""
    return seconds, "A2E_MAX_WAIT" if longest <= left else "A2E_CALL_SECONDS"


async def newest_answers(call: Call[Any], job_ids: Sequence[JobId], seconds: float, *, every: bool) -> Answers:
    """What was last seen of jobs when one, or `every` one, has ended, or the time is over.

    A server that is about to end answers at once.
    """
    services, latest = call.services, dict[JobId, Any]()

    async def seen(answers: Answers) -> None:
        latest.update(answers)
        known = [each for each in answers.values() if isinstance(each, Job)]
        done = sum(each.progress or 0.0 for each in known) / len(job_ids)
        await call.progress(min(done, 1.0), "; ".join(f"{each.family} {each.state}" for each in known[:3]))

    is_over = services.drain.has_begun
    patience = max(0.0, min(_FIRST_LOOK_SECONDS, call.within - 1))
    waiting = services.waiting.wait(job_ids, 0.0 if is_over else seconds, seen, every=every, patience=patience)
    if is_over:
        return await waiting
    answers = await services.drain.wait_unless_begun(waiting)
    return latest if answers is None else answers


def how_far(jobs: Sequence[Job], ended: Sequence[Job], seconds: float, cut: str) -> str:
    """How many of the jobs have ended, and what to do about the others."""
    if len(ended) == len(jobs):
        return ""
    longest = f" One wait lasts at most {counted(round(seconds), 'second')} ({cut})." if cut else ""
    if not ended:
        return f"Not finished after {seconds:.0f} s, which is not an error: call wait_for_job again.{longest}"
    done = f"{len(ended)} of {counted(len(jobs), 'job')} {'has' if len(ended) == 1 else 'have'} ended"
    return f"{done}. Some have not ended: call wait_for_job again with those.{longest}"
