"""Looks at jobs that several servers share: one of them asks A2E, and the ledger tells the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from a2e_mcp.errors import A2EError
from a2e_mcp.jobs.concurrency import or_problem
from a2e_mcp.jobs.job import Job
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.ledger.store import JobFilter, Ledger, SharedLedger

_MOST_OPEN = 200
_NEARLY = 0.9
"""The share of a pace after which a look counts as due: two servers never keep exactly the same time."""


class SharedLooks:
    """Reads the jobs of one family; a look is taken once per `pace` by all servers together."""

    def __init__(self, jobs: Jobs, ledger: Ledger, shared: SharedLedger, family: str, pace: float) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._shared = shared
        self._family = family
        self._pace = pace

    async def read(self, ids: Sequence[str]) -> Mapping[str, Job | A2EError]:
        """The states of jobs: from A2E when no other server has looked lately, else as the ledger knows them."""
        known = await self._shared.seen_jobs([self._job_id(each) for each in ids])
        told = [each for each in ids if _is_recorded(known.get(self._job_id(each)), self._job_id(each))]
        taken = await self._take(told)
        asked = [each for each in ids if each not in told or each in taken]
        if taken and self._is_read_together:
            # What no server waits for here is in the same answer.
            asked += [each for each in await self._open() if each not in asked]
        answers = dict(await self._jobs.read(self._family, asked)) if asked else {}
        for each in ids:
            if each not in answers:
                answers[each] = await self._as_recorded(each, known[self._job_id(each)])
        return answers

    def news(self) -> AbstractAsyncContextManager[Callable[[float], Awaitable[bool]]]:
        """A way to wait for a change of the family's starts, at most so many seconds."""
        return self._shared.following(self._family)

    async def _take(self, ids: Sequence[str]) -> Sequence[str]:
        """Those of these jobs about which this server is to ask A2E now."""
        if not ids:
            return ()
        if self._is_read_together:
            return ids if await self._shared.take_looks([self._family], self._pace * _NEARLY) else ()
        keys = {self._job_id(each): each for each in ids}
        return [keys[key] for key in await self._shared.take_looks(list(keys), self._pace * _NEARLY)]

    @property
    def _is_read_together(self) -> bool:
        return self._jobs.at_once(self._family) > _MOST_OPEN

    async def _open(self) -> list[str]:
        wanted = JobFilter(family=self._family, states=("queued", "running"))
        entries = await self._ledger.listed(wanted, most=_MOST_OPEN)
        return [job_id.partition(":")[2] for entry in entries for job_id in entry.job_ids]

    async def _as_recorded(self, each: str, entry: LedgerEntry) -> Job | A2EError:
        """A job as the ledger knows it; of one that has ended A2E is asked for the rest, once."""
        known = next(job for job in self._jobs.of_entry(entry) if job.job_id == self._job_id(each))
        if not known.finished:
            return known
        whole = await or_problem(self._jobs.check(JobId(self._family, each)))
        return known if isinstance(whole, A2EError) else whole

    def _job_id(self, each: str) -> str:
        return str(JobId(self._family, each))


def _is_recorded(entry: LedgerEntry | None, job_id: str) -> bool:
    """Whether the ledger tells the state of a job."""
    if entry is None or entry.state in (None, "deleted"):
        return False
    return len(entry.job_ids) == 1 or job_id in entry.details.states
