"""How long one call waits for jobs, and what it says about those that have not ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from a2e_mcp.jobs.job import Job
from a2e_mcp.server.tool_call import Call
from a2e_mcp.text import counted

ANSWERING_SECONDS = 3.0
"""What a call keeps for its answer."""
_SHORTEST_WAIT = 1.0


def waiting_time(call: Call[Any], asked: float | None) -> tuple[float, str]:
    """How long to wait, and which limit has cut what was asked for; a short call still waits for a second."""
    longest = call.services.settings.max_wait
    wanted = longest if asked is None else asked
    left = max(_SHORTEST_WAIT, call.within - ANSWERING_SECONDS)
    seconds = min(wanted, longest, left)
    if seconds >= wanted:
        return seconds, ""
    return seconds, "A2E_MAX_WAIT" if longest <= left else "A2E_CALL_SECONDS"


def how_far(jobs: Sequence[Job], ended: Sequence[Job], seconds: float, cut: str) -> str:
    """How many of the jobs have ended, and what to do about the others."""
    if len(ended) == len(jobs):
        return ""
    longest = f" One wait lasts at most {counted(round(seconds), 'second')} ({cut})." if cut else ""
    if not ended:
        return f"Not finished after {seconds:.0f} s, which is not an error: call wait_for_job again.{longest}"
    done = f"{len(ended)} of {len(jobs)} jobs {'has' if len(ended) == 1 else 'have'} ended"
    return f"{done}. Some have not ended: call wait_for_job again with those.{longest}"
