"""A company's servers under load, killed one after the other.

At the end the books of A2E, which is a sandbox on a port, are compared with what was wanted and with the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.company.books import compare
from tests.company.people import CompanyJob
from tests.company.report import CompanyReport, Recovery
from tests.company.stage import Company, CompanyPlan, open_company
from tests.company.troubles import TROUBLES, Trouble, until

__all__ = ["CompanyPlan", "run_company"]


async def run_company(plan: CompanyPlan, folder: Path, say: Callable[[str], None] = lambda _: None) -> CompanyReport:
    """Run a company in a folder and return what it has shown."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with open_company(plan, folder) as company:
        for program in company.programs:
            await program.start()
        await until(lambda: all(map(company.balancer.is_ready, company.servers)), 90, "no server is ready")
        say(f"two servers and two workers are ready after {loop.time() - began:.0f} s")
        working = [asyncio.create_task(user.work()) for user in company.users]
        telling = asyncio.create_task(_tell(company, say))
        try:
            for share, name, trouble in TROUBLES:
                await until(partial(_has_settled, company, share), plan.end_seconds, f"stuck before {name}")
                recovery = await _recovered(company, name, trouble)
                company.report.recoveries.append(recovery)
                say(f"{name}: {recovery.under_way} were under way, recovered in {recovery.seconds:.1f} s")
            async with asyncio.timeout(plan.end_seconds):
                await asyncio.gather(*working)
        except TimeoutError as problem:
            rest = [job for job in company.jobs if not job.is_settled]
            company.report.problems.append(f"{problem}; not settled: {[(j.number, j.last[:100]) for j in rest[:5]]}")
        finally:
            for task in (telling, *working):
                task.cancel()
            await asyncio.gather(telling, *working, return_exceptions=True)
        company.report.busy_seconds = loop.time() - began
        for user in company.users:
            await user.look_at_others([job for job in company.jobs if job.user != user.name])
        await compare(company)
        for program in company.programs:
            if (code := await program.end(within=plan.call_seconds + 20)) != 0:
                company.report.problems.append(f"{program.name} ended with {code}")
            company.report.problems += program.faults_in_output([user.key for user in company.users])
        company.report.seconds = loop.time() - began
        return company.report


async def _recovered(company: Company, name: str, trouble: Trouble) -> Recovery:
    """Let something go wrong, and wait until all starts that were under way meanwhile are answered.

    A start counts from the death on, or from when it was asked for, until its user has A2E's id of the job, its result
    or a refusal.
    """
    loop = asyncio.get_running_loop()
    at = loop.time()
    await trouble(company)
    end = loop.time()
    under_way = [job for job in company.jobs if _was_under_way(job, at, end)]
    otherwise = f"what was under way at {name} has no answer"
    await until(partial(_are_answered, under_way), company.plan.end_seconds, otherwise)
    company.troubled.append((at, loop.time()))
    seconds = ((job.answered_at or 0.0) - max(at, job.asked_at or 0.0) for job in under_way)
    return Recovery(name, len(under_way), max(seconds, default=0.0))


def _was_under_way(job: CompanyJob, begin: float, end: float) -> bool:
    is_asked = job.asked_at is not None and job.asked_at <= end
    return is_asked and (job.answered_at is None or job.answered_at > begin)


async def _tell(company: Company, say: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(20)
        say(f"{company.settled} of {company.plan.jobs} settled")


def _has_settled(company: Company, share: float) -> bool:
    return company.settled >= share * company.plan.jobs


def _are_answered(jobs: Sequence[CompanyJob]) -> bool:
    return all(job.answered_at is not None for job in jobs)
