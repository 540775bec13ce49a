"""Results of jobs that no one looks at: they are kept in A2E_STORE before A2E's links to them expire."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp.server.mcpserver.exceptions import ToolError

from a2e_mcp.errors import A2EError
from a2e_mcp.jobs.concurrency import at_most, or_problem
from a2e_mcp.jobs.job import Job
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import DIAMONDS, DOWNLOAD, FILM, STREAMING, UPLOAD
from a2e_mcp.users.caller import for_everyone

if TYPE_CHECKING:
    from a2e_mcp.jobs.kept_results import KeptResults
    from a2e_mcp.server.services import Services
    from a2e_mcp.server.timing import Timing

LOOK_SECONDS = 300.0
"""How often is looked; what is younger is left to its user, who waits for it."""
_LINKS_LIVE = 3 * 86_400.0
_LONGEST_PAUSE = 3 * 3600.0
"""How long a job whose result could not be kept is left alone at most."""
_MOST = 1000
_AT_ONCE = 3
_STORE_SECONDS = 300.0
_NOT_AT_A2E = (DIAMONDS, DOWNLOAD, FILM, STREAMING, UPLOAD)
"""What has no result there, or one that its user has at home."""
_LOOK = "kept results"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _NotKept:
    """A job whose result could not be kept, for so many seconds the last time."""

    pause: float
    until: float


class ResultSweep:
    """Looks after the jobs of the servers' account, and of those that users bring; one server or worker does at a time.

    `company` gives the services of the servers' account, `of_account` those of a user's own.
    """

    def __init__(
        self,
        company: Callable[[], Awaitable[Services]],
        of_account: Callable[[str], Awaitable[Services]] | None,
        timing: Timing,
    ) -> None:
        self._company = company
        self._of_account = of_account
        self._timing = timing
        self._is_open = False
        self._failed: dict[str, _NotKept] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Look now and then for the length of an `async with`; who opens it inside such a block shares it."""
        if self._is_open:
            yield
            return
        self._is_open = True
        looking = asyncio.create_task(self._look(), context=for_everyone())
        try:
            yield
        finally:
            self._is_open = False
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await self._timing.pause(LOOK_SECONDS)
            try:
                await self._keep_due()
            except (A2EError, ToolError) as problem:
                _log.info("Results of jobs are not kept until the ledger can be read: %s", problem)

    async def _keep_due(self) -> None:
        """Keep what has ended and is not kept yet."""
        company = await self._company()
        ledger = company.account_ledger
        shared = ledger.shared
        if shared is not None and not await shared.take_looks([_LOOK], 0.9 * LOOK_SECONDS):
            return
        now = ledger.now()
        due = await ledger.unkept(now - _LINKS_LIVE, now - LOOK_SECONDS, without=_NOT_AT_A2E, most=_MOST)
        wanted = {job_id for entries in due.values() for entry in entries for job_id in entry.job_ids}
        self._failed = {job_id: failed for job_id, failed in self._failed.items() if job_id in wanted}
        for account, entries in due.items():
            services = await self._services(company, account)
            if services is not None and services.kept is not None:
                await self._keep(services, services.kept, entries, now)

    async def _services(self, company: Services, account: str) -> Services | None:
        if account == company.account_ledger.account:
            return company
        if self._of_account is None:
            return None
        found = await or_problem(self._of_account(account))
        return None if isinstance(found, A2EError) else found

    async def _keep(self, services: Services, kept: KeptResults, entries: Sequence[LedgerEntry], now: float) -> None:
        jobs: dict[str, Job] = {}

        async def keep(job_id: str) -> bool:
            return (await kept.keep(jobs[job_id], within=_STORE_SECONDS)).is_kept

        for family, ids in self._by_family(entries, now).items():
            answers = await services.jobs.read(family, ids)
            jobs = {f"{family}:{each}": job for each, job in answers.items() if isinstance(job, Job)}
            ended = [job_id for job_id, job in jobs.items() if job.state == "succeeded"]
            are_kept = dict(zip(ended, await at_most(_AT_ONCE, keep, ended), strict=True))
            for job_id in (f"{family}:{each}" for each in answers):
                if job_id not in jobs or not are_kept.get(job_id, True):
                    before = self._failed.get(job_id, _NotKept(LOOK_SECONDS / 2, 0.0))
                    pause = min(2 * before.pause, _LONGEST_PAUSE)
                    self._failed[job_id] = _NotKept(pause, now + pause)

    def _by_family(self, entries: Sequence[LedgerEntry], now: float) -> Mapping[str, Sequence[str]]:
        """The ids of the jobs that are looked at now."""
        found: dict[str, list[str]] = {}
        for entry in entries:
            for job_id in entry.job_ids:
                failed = self._failed.get(job_id)
                is_settled = job_id in entry.details.kept or entry.details.states.get(job_id) == "failed"
                if not is_settled and (failed is None or failed.until <= now):
                    family, _, each = job_id.partition(":")
                    found.setdefault(family, []).append(each)
        return found
