"""Jobs to list: those of the account's lists, and those that only the ledger knows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from a2e_mcp import catalogue
from a2e_mcp.errors import A2EError, Unauthorized, Unreadable
from a2e_mcp.jobs.job import Job
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.store import EntryFilter, JobFilter
from a2e_mcp.server.answers.job_list import Missing
from a2e_mcp.server.tool_call import Call
from a2e_mcp.server.waits import ANSWERING_SECONDS

_ACCOUNT_SECONDS = 10.0
_RECENT_ROWS = 50
_KEPT_SECONDS = 30 * 86_400.0


async def page_of_jobs(
    call: Call[Any], account: Mapping[str, Job], wanted: JobFilter, *, page: int, limit: int
) -> tuple[Sequence[Job], int]:
    """The jobs of a page, newest first, and how many there are: the account's, and those that only the ledger knows."""
    ledger = call.services.ledger
    found = {job_id: job for job_id, job in account.items() if _is_wanted(job, wanted)}
    total = len(found) + await ledger.count_jobs(wanted) - await ledger.count_jobs(wanted, among=list(account))
    most = page * limit
    last: LedgerEntry | None = None
    while entries := await ledger.listed(wanted, after=last, most=most):
        jobs = [job for entry in entries for job in call.services.jobs.of_entry(entry)]
        found |= {job.job_id: job for job in jobs if job.job_id not in account}
        oldest = min(job.created_at or "" for job in jobs)
        if sum((job.created_at or "") > oldest for job in found.values()) >= most:
            break
        last = entries[-1]
    newest = sorted(found.values(), key=lambda job: job.created_at or "", reverse=True)
    return newest[most - limit : most], total


def _is_wanted(job: Job, wanted: JobFilter) -> bool:
    if (wanted.states and job.state not in wanted.states) or wanted.family not in (None, job.family):
        return False
    if wanted.since is None and wanted.before is None:
        return True
    made = job.made_at
    if made is None:
        return False
    return (wanted.since is None or made >= wanted.since) and (wanted.before is None or made < wanted.before)


async def account_jobs(call: Call[Any], wanted: str | None) -> tuple[dict[str, Job], Missing]:
    """The account's newest jobs of the wanted family or of all, asked for together, and what of them is missing."""
    ledger = call.services.ledger
    since = ledger.now() - _KEPT_SECONDS
    used = {
        *await ledger.spending_by("family", since),
        *(entry.family for entry in await ledger.recent(EntryFilter(since=since), most=_RECENT_ROWS)),
    }
    # Of several users each sees their own jobs, which are all in the ledger.
    all_families = call.services.ceilings.user is None
    families = [
        family
        for family in catalogue.families()
        if wanted in (None, family.name)
        and (family.name in used or (all_families and (wanted is not None or not family.listed_when_used)))
    ]
    tasks = {family.name: asyncio.create_task(call.services.jobs.account(family)) for family in families}
    if tasks:
        left = max(call.within / 2, call.within - ANSWERING_SECONDS)
        _, late = await asyncio.wait(tasks.values(), timeout=min(_ACCOUNT_SECONDS, left))
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
    found: dict[str, Job] = {}
    missing = Missing([], [], 0)
    for name, task in tasks.items():
        problem = None if task.cancelled() else task.exception()
        if isinstance(problem, Unauthorized):
            missing = replace(missing, refused=problem.with_outcome(""))
        if isinstance(problem, Unreadable):
            missing.unreadable.append(name)
        elif task.cancelled() or isinstance(problem, A2EError):
            missing.silent.append(name)
        elif problem is not None:
            raise problem
        else:
            jobs, skipped = task.result()
            found |= {job.job_id: job for job in jobs}
            missing = replace(missing, rows=missing.rows + skipped)
    return found, missing
