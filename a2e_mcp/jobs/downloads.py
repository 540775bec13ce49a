"""Downloads of results: jobs of our own, which are begun once and resume after a lost connection or a restart.

Every download is an entry of the ledger with the job id `download:...`. Small ones end within the call that asked for
them and are not listed; a large one is a job that can be checked, waited for and deleted.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import get_args

from a2e_mcp.background import BackgroundTasks
from a2e_mcp.catalogue.declaration.tool import MediaKind
from a2e_mcp.errors import A2EError, FileRefused, InputError
from a2e_mcp.files.fetch import Gone, Interrupted, Part, Saver
from a2e_mcp.files.progress import QUICK_SECONDS, TransferProgress
from a2e_mcp.files.urls import media_type_of, suffix_of
from a2e_mcp.jobs.job import Job
from a2e_mcp.jobs.local_work import local_work
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.details import Details, DownloadedFile
from a2e_mcp.ledger.entry import LedgerEntry, NewEntry
from a2e_mcp.ledger.job_ids import DOWNLOAD, JobId
from a2e_mcp.ledger.leases import resume_orphans
from a2e_mcp.ledger.store import HEARTBEAT_SECONDS, EntryFilter, Inserted, Ledger, Limits

_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between attempts that bring next to nothing; a laptop that wakes up has no network for a while."""
_WORTH_IT = 2**20
"""Bytes after which an attempt that broke off did not fail in vain."""
_LOOK_SECONDS = 0.25
_KEPT_SECONDS = 3 * 86_400.0
_log = logging.getLogger(__name__)


class Downloads:
    """Saves results; on leaving, what is under way is released, and the next server on this folder resumes it."""

    def __init__(
        self,
        *,
        saver: Saver,
        jobs: Jobs,
        ledger: Ledger,
        transfers: TransferProgress,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        beat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._saver = saver
        self._jobs = jobs
        self._ledger = ledger
        self._transfers = transfers
        self._pause = pause
        self._beat_seconds = beat_seconds
        self._tasks = BackgroundTasks[None]("download")

    @property
    def is_busy(self) -> bool:
        """Whether anything is being saved."""
        return self._tasks.is_busy

    async def __aenter__(self) -> Downloads:
        await self._clear_up()
        self._tasks.serve(resume_orphans(self._ledger, DOWNLOAD, self._begin, self._beat_seconds))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()

    async def save(
        self, job: Job, name: str | None, *, within: float, progress: Callable[[float, str], Awaitable[None]]
    ) -> Job:
        """Save a finished job's files, and answer within so many seconds, saved or not; a repeat is the first one.

        Returns the download as a job. Raises FileRefused.
        """
        entry = await self._entry(job, name)
        await self._follow(entry.id, within, progress)
        return await self._job(entry.id)

    async def save_once(self, job: Job, *, within: float) -> Job | None:
        """Save a finished job's files unless that was done or stopped; what failed is tried again. None when it was.

        What went wrong is in the returned job.
        """
        known = await self._ledger.newest(_mark(job.job_id))
        try:
            if known is None or _has_failed(known):
                entry = await self._entry(job, None if known is None else _name_in(known))
            else:
                entry = known
            if entry.phase == "intended":
                await self._follow(entry.id, within, _unheard)
        except FileRefused as problem:
            known = await self._ledger.newest(_mark(job.job_id))
            if known is None:
                raise
            _log.info("saving %s ended with: %s", job.job_id, problem)
            entry = known
        entry = await self._ledger.entry(entry.id)
        if entry.state == "deleted" or (entry.state == "succeeded" and not _there(entry)):
            return None
        return await self._job(entry.id)

    async def delete(self, job_id: JobId) -> str:
        """Stop a download, or forget a finished one, and say what that means. Raises InputError."""
        entry = await self._ledger.by_job_id(str(job_id))
        if entry is None or entry.family != DOWNLOAD:
            raise InputError("Job not found in the ledger on this computer", hint="Call list_jobs to find it")
        if entry.phase != "intended":
            await self._ledger.update(entry.id, state="deleted")
            self._part(entry).remove()
            return "What was saved stays where it is. Saving costs nothing, so nothing is refunded."
        is_ours = self._tasks.get(entry.id) is not None
        if not (is_ours or await self._ledger.claim(entry.id)):
            raise InputError("Another server on this computer is saving it", hint="Delete it there, or when it is done")
        await self._tasks.stop(entry.id)
        await self._ledger.update(entry.id, phase="refused", state="deleted", note="It was stopped by delete_job.")
        self._part(entry).remove()
        return "It was stopped, and the received part was removed. Saving costs nothing, so nothing is refunded."

    # ------------------------------------------------------------- beginning

    async def _entry(self, job: Job, name: str | None) -> LedgerEntry:
        """The entry that saves these files under this name, a new one or the one that was begun."""
        # The end of the line keeps one name from being the beginning of another.
        print_ = f"{_mark(job.job_id)}{name or ''}\n"
        known = await self._ledger.newest(print_)
        if known is not None and known.state != "deleted":
            if _has_failed(known):
                # It resumes where the connection broke the last time, from where the files are now.
                await self._ledger.merge_details(known.id, urls=job.results)
                await self._ledger.transition(known.id, "refused", phase="intended", note=None, beat=0.0)
            if known.phase == "started" and not _there(known):
                await self._ledger.update(known.id, state="deleted")
        title = name or job.title or job.family
        new = NewEntry(
            family=DOWNLOAD,
            title=title,
            fingerprint=print_,
            expected=0.0,
            details=Details(source=job.job_id, urls=job.results, quiet=True),
        )
        outcome = await self._ledger.insert_or_get_existing(new, limits=Limits())
        entry = outcome.entry
        if isinstance(outcome, Inserted) or (
            entry.phase == "intended" and self._tasks.get(entry.id) is None and await self._ledger.claim(entry.id)
        ):
            self._begin(entry)
        return entry

    def _begin(self, entry: LedgerEntry) -> None:
        self._tasks.begin(entry.id, self._carry_out(entry), on_end=self._transfers.clear)

    async def _follow(self, entry_id: str, within: float, progress: Callable[[float, str], Awaitable[None]]) -> None:
        """Wait for a download until it ends, is a large one, or the time is over; from then on it is listed."""
        task = self._tasks.get(entry_id)
        if task is None:
            return
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            while not task.done():
                moved = self._transfers.moved(entry_id)
                longest = min(within, QUICK_SECONDS) if moved is not None and moved.large else within
                left = began + longest - clock()
                if left <= 0:
                    return
                if moved is not None:
                    await progress(moved.share or 0.0, f"Saving, {moved}")
                await asyncio.wait({task}, timeout=min(left, _LOOK_SECONDS))
        finally:
            if not task.done():
                await self._ledger.merge_details(entry_id, quiet=False)
        if not task.cancelled():
            task.result()

    # ---------------------------------------------------------- carrying out

    async def _carry_out(self, entry: LedgerEntry) -> None:
        try:
            async with local_work(self._ledger, entry.id, self._beat_seconds):
                await self._save_all(entry)
        except Interrupted:
            # The part stays: download_result continues from there.
            raise
        except A2EError:
            self._part(await self._ledger.entry(entry.id)).remove()
            raise

    async def _save_all(self, entry: LedgerEntry) -> None:
        urls = entry.details.urls
        saved = list(entry.details.files)
        modified = list(entry.details.modified)
        for number in range(len(saved), len(urls)):
            part = self._part(await self._ledger.entry(entry.id))
            await self._bring(entry, number, part)
            suffix = suffix_of(urls[number])
            done = await self._saver.finish(part, _with_suffix(entry.title, suffix))
            saved.append(DownloadedFile(str(done.path), done.size, done.sha256))
            modified.append(done.path.stat().st_mtime_ns)
            await self._ledger.merge_details(entry.id, files=saved, modified=modified, part=None)
        await self._ledger.update(
            entry.id, phase="started", state="succeeded", job_ids=[entry.own_job_id], charged=0.0, note=None
        )

    async def _bring(self, entry: LedgerEntry, number: int, part: Part) -> None:
        """Bring one file, however often the line breaks, as long as something comes."""
        url = entry.details.urls[number]
        failures, best = 0, part.size
        # What is resumed after a restart may have another URL by now.
        is_fresh = not best

        async def begun(validator: str) -> None:
            # Written down before the first bytes: who resumes it has to know what it is the beginning of.
            await self._ledger.merge_details(entry.id, part=validator)

        while True:
            try:
                url = url if is_fresh else await self._address(entry, url, number)
                await self._saver.download(url, part, self._transfers.seen(entry.id), begun)
                return
            except Gone:
                # The address may have died while the download waited.
                fresh = await self._address(entry, url, number)
                if fresh == url:
                    raise
                url = fresh
            except Interrupted as problem:
                failures = 0 if part.size >= best + _WORTH_IT else failures + 1
                best = max(best, part.size)
                if failures > len(_PAUSES):
                    hint = "The received part is kept; download_result continues from there"
                    raise problem.advised(hint=hint) from problem
                await self._pause(_PAUSES[max(failures - 1, 0)])
                is_fresh = False

    async def _address(self, entry: LedgerEntry, url: str, number: int) -> str:
        """Where the file is now, as far as A2E says; addresses are signed and die."""
        try:
            job = await self._jobs.check(JobId(*(entry.details.source or ":").split(":")))
        except A2EError:
            return url
        return job.results[number] if number < len(job.results) else url

    def _part(self, entry: LedgerEntry) -> Part:
        number = len(entry.details.files)
        return self._saver.part(f"{entry.id}-{number}", entry.details.part or "")

    async def _job(self, entry_id: str) -> Job:
        (job,) = self._jobs.of_entry(await self._ledger.entry(entry_id))
        return job

    async def _clear_up(self) -> None:
        """Remove the parts of downloads that failed too long ago to be resumed."""
        for entry in await self._ledger.recent(EntryFilter(family=DOWNLOAD)):
            is_old = self._ledger.now() - entry.created > _KEPT_SECONDS
            if entry.phase == "refused" and is_old:
                self._part(entry).remove()


def _has_failed(entry: LedgerEntry) -> bool:
    """Whether a download ended without its files, and was not stopped by the user."""
    return entry.phase == "refused" and entry.state != "deleted"


def _name_in(entry: LedgerEntry) -> str | None:
    """The name that was asked for, as the fingerprint of a download ends."""
    return (entry.fingerprint or "").removeprefix(_mark(entry.details.source or "")).rstrip("\n") or None


def _mark(job_id: str) -> str:
    """How the fingerprints of all downloads of a job begin."""
    return f"download {job_id} "


def _there(entry: LedgerEntry) -> bool:
    """Whether what was saved is still there, unchanged."""
    for file, modified in zip(entry.details.files, entry.details.modified, strict=True):
        try:
            found = Path(file.path).stat()
        except OSError:
            return False
        if (found.st_size, found.st_mtime_ns) != (file.bytes, modified):
            return False
    return True


async def _unheard(_: float, __: str) -> None:
    """Progress that is not reported."""


def _with_suffix(title: str, suffix: str) -> str:
    """A name that ends as the file's kind does: a clip asked for as .mov is an .mp4 all the same."""
    stem, given = os.path.splitext(title)
    is_media = media_type_of(f"x{given}").partition("/")[0] in get_args(MediaKind)
    return f"{stem if is_media and stem else title}{suffix}"
