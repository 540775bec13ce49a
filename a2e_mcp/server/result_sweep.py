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
from a2e_mcp.jobs.concurrency import or_problem
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
            look = asyncio.create_task(self._keep_due())
            try:
                await asyncio.wait({look})
            finally:
                look.cancel()
            problem = look.exception()
            if isinstance(problem, A2EError | ToolError):
                _log.info("Results of jobs are kept later: %s", problem)
            elif problem is not None:
                # A job that cannot be looked at must not keep the others from it for good.
                _log.error("Results of jobs were not kept", exc_info=problem)

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
        """Keep what has ended. Raises A2EError when the store seems to be away: then the rest waits."""
        for family, ids in self._by_family(entries, now).items():
            answers = await services.jobs.read(family, ids)
            jobs = [job for job in answers.values() if isinstance(job, Job)]
            self._note_not_kept([f"{family}:{each}" for each, job in answers.items() if not isinstance(job, Job)], now)
            if not jobs:
                # A2E is away, or takes this account's key no more.
                return
            ended = [job for job in jobs if job.state == "succeeded"]
            for first in range(0, len(ended), _AT_ONCE):
                tried = ended[first : first + _AT_ONCE]
                outcomes = await asyncio.gather(*(kept.keep(job, within=_STORE_SECONDS) for job in tried))
                missing = [job.job_id for job in outcomes if not job.is_kept]
                self._note_not_kept(missing, now)
                if len(missing) == len(tried):
                    raise A2EError("The store takes nothing")

    def _note_not_kept(self, job_ids: Sequence[str], now: float) -> None:
        for job_id in job_ids:
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
