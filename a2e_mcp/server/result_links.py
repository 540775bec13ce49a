"""Jobs that have ended, with links to what A2E_STORE keeps of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from a2e_mcp.files.progress import QUICK_SECONDS
from a2e_mcp.jobs.job import Job
from a2e_mcp.server.answers.answer import Answer, AnswerSentences
from a2e_mcp.server.answers.jobs import job_answer
from a2e_mcp.server.tool_call import Call


async def with_kept_results(call: Call[Any], jobs: Sequence[Job], within: float) -> list[Job]:
    """The same jobs; what is not kept yet is begun, and waited for so many seconds."""
    kept = call.services.kept
    if kept is None:
        return list(jobs)
    return list(await asyncio.gather(*(kept.keep(job, within=min(within, call.within / 2)) for job in jobs)))


async def link_answer(call: Call[Any], job: Job) -> Answer:
    """Where a user whose computer is not the server's gets the files of a job."""
    (job,) = await with_kept_results(call, [job], QUICK_SECONDS)
    lasts = "for about three days" if call.services.kept is None else "for a day, and check_status gives fresh ones"
    notice = f"This server saves no files on your computer: the user opens the links, which work {lasts}."
    return job_answer(job, message=AnswerSentences(notice=notice))
