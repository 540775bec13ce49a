"""Results kept in a store of one's own, since A2E's links die after about three days.

A result is kept by the first look that finds its job ended. Two servers may do it at once: both write the same bytes
under the same key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType

import anyio

from a2e_mcp.background import BackgroundTasks
from a2e_mcp.errors import A2EError, FileRefused
from a2e_mcp.files.fetch import Saver
from a2e_mcp.files.result_store import ResultStore
from a2e_mcp.files.urls import suffix_of
from a2e_mcp.jobs.job import Job
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import FILM
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.text import sentences

_CHUNK = 2**20
_log = logging.getLogger(__name__)


class KeptResults:
    """Keeps results, and gives links to those that are kept; on leaving, what is under way is left to the next look."""

    def __init__(self, store: ResultStore, ledger: Ledger, saver: Saver, *, account: str, is_elsewhere: bool) -> None:
        """With `is_elsewhere` the users are at other computers, where files of this one cannot be opened."""
        self._store = store
        self._ledger = ledger
        self._saver = saver
        self._account = account
        self._is_elsewhere = is_elsewhere
        self._tasks = BackgroundTasks[None]("kept result")

    @property
    def is_busy(self) -> bool:
        """Whether anything is being stored."""
        return self._tasks.is_busy

    async def __aenter__(self) -> KeptResults:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()

    async def keep(self, job: Job, *, within: float) -> Job:
        """The job with links to what is kept of it; what is not kept within so many seconds continues to be."""
        entry = await self._ledger.by_job_id(job.job_id)
        if entry is None or job.state != "succeeded" or not (job.results or job.files):
            return job
        if job.job_id not in entry.details.kept:
            task = self._tasks.get(job.job_id) or self._tasks.begin(job.job_id, self._keep_all(job, entry))
            await asyncio.wait({task}, timeout=within)
            problem = None if not task.done() or task.cancelled() else task.exception()
            if problem is not None and not isinstance(problem, A2EError):
                raise problem
            if problem is not None:
                note = f"Its result is not kept yet: {problem.message}. The link expires after about three days."
                return self._within_reach(job.model_copy(update={"note": sentences(job.note, note)}))
            entry = await self._ledger.entry(entry.id)
        found = {"results": await self.links(entry, job), "is_kept": job.job_id in entry.details.kept}
        return self._within_reach(job.model_copy(update=found))

    def _within_reach(self, job: Job) -> Job:
        """The job without what can be opened on this computer only, where its user is at another."""
        return job.model_copy(update={"files": None, "on_disk": []}) if self._is_elsewhere else job

    async def links(self, entry: LedgerEntry, job: Job) -> list[str]:
        """Links to what is kept of a job; A2E's own where nothing is, or where the store cannot sign just now."""
        otherwise = [] if self._is_elsewhere and job.family == FILM else job.results
        try:
            return [await self._store.link(key) for key in entry.details.kept[job.job_id]]
        except KeyError:
            return otherwise
        except FileRefused as problem:
            _log.warning("Links to kept results: %s", problem)
            return otherwise

    def file_of(self, ticket: str, key: str) -> Path | None:
        """The file behind a link that this program has signed; None when it is forged or has expired."""
        return self._store.file_of(ticket, key)

    async def delete(self, job_id: str) -> None:
        """Delete what is kept of a job. Raises FileRefused."""
        entry = await self._ledger.by_job_id(job_id)
        keys = [] if entry is None else list(entry.details.kept.get(job_id, ()))
        if entry is not None and keys:
            await self._store.delete(keys)
            await self._ledger.merge_details(entry.id, kept={job_id: []})

    async def _keep_all(self, job: Job, entry: LedgerEntry) -> None:
        paths = [Path(file["path"]) for file in job.files or ()]
        sources: Sequence[Path | str] = paths or job.results
        keys = []
        for number, source in enumerate(sources, 1):
            suffix = source.suffix if isinstance(source, Path) else suffix_of(source)
            key = f"{self._account}/{job.family}/{job.job_id.partition(':')[2]}-{number}{suffix}"
            try:
                await self._store.put(key, _read(source) if isinstance(source, Path) else self._saver.stream(source))
            except A2EError as problem:
                # Who runs the server has three days to repair it; users can only wait.
                _log.warning("The result of %s is not kept: %s", job.job_id, problem)
                raise
            keys.append(key)
        await self._ledger.merge_details(entry.id, kept={job.job_id: keys})


async def _read(path: Path) -> AsyncIterator[bytes]:
    # Opened and closed here and not in threads, which would leave it open when the call ends meanwhile.
    with path.open("rb") as file:
        while chunk := await anyio.to_thread.run_sync(file.read, _CHUNK):
            yield chunk
