"""Films: jobs of our own, which are made on this computer, cost nothing, and resume after a restart.

Every film is an entry of the ledger with the job id `film:...`. An identical one returns the first while its file is
there and unchanged.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from a2e_mcp.background import BackgroundTasks
from a2e_mcp.errors import A2EError, FileRefused, InputError
from a2e_mcp.files.fetch import Gone, Interrupted, Part, SavedFile, Saver
from a2e_mcp.files.progress import TransferProgress
from a2e_mcp.film.extra import check_extra
from a2e_mcp.film.process import carry_out
from a2e_mcp.jobs.job import Job
from a2e_mcp.jobs.local_work import local_work
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.codec import from_stored
from a2e_mcp.ledger.details import DownloadedFile
from a2e_mcp.ledger.entry import LedgerEntry, NewEntry, StoredStart
from a2e_mcp.ledger.job_ids import FILM, JobId, looks_like_job_id
from a2e_mcp.ledger.leases import resume_orphans
from a2e_mcp.ledger.store import HEARTBEAT_SECONDS, Existing, Inserted, Ledger, Limits

if TYPE_CHECKING:
    from a2e_mcp.film.orders import AnyOrder

_FETCH_PAUSES = (0.0, 1.0, 3.0, 10.0)
"""Seconds before each attempt to fetch a clip."""
_LOOK_SECONDS = 0.1
_SUBTITLES = ".srt"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FilmSource:
    """A file that a film is made from: a path on this computer, or an address.

    `name` is what messages call it, `mark` what makes it the same file another time: its hash, job or address.
    """

    name: str
    mark: str
    path: str | None = None
    url: str | None = None
    script: str | None = None


@dataclass(frozen=True, slots=True)
class FilmPlan:
    """What a film is made from, as data: `order` is the worker's, in which sources stand by their keys as paths.

    `made_from` is what a person would ask of it later, `note` what is to be said of its sources, in whole sentences.
    """

    tool: str
    title: str
    order: Mapping[str, Any]
    sources: Mapping[str, FilmSource]
    made_from: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def fingerprint(self) -> str:
        """A digest of what it would make: sources by their content, without the title."""
        marks = {key: (source.mark, source.script) for key, source in self.sources.items()}
        text = json.dumps([self.tool, self.order, marks], sort_keys=True, ensure_ascii=False)
        return f"film {hashlib.sha256(text.encode()).hexdigest()}\n"


@dataclass(frozen=True, slots=True)
class BegunFilm:
    """A film that was asked for, as a job; `repeated` when it was made or begun before."""

    job: Job
    repeated: bool


class Films:
    """Makes films one at a time; on leaving, what is under way is released, and the next server resumes it."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        jobs: Jobs,
        saver: Saver,
        folder: Path,
        transfers: TransferProgress,
        on_disk: Callable[[str], Path | None] = lambda _: None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        beat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        """`folder` is where the workers run and log; `on_disk` is the file behind one of our own addresses."""
        self._ledger = ledger
        self._jobs = jobs
        self._saver = saver
        self._folder = folder
        self._transfers = transfers
        self._on_disk = on_disk
        self._pause = pause
        self._beat_seconds = beat_seconds
        self._one_at_a_time = asyncio.Semaphore(1)
        self._tasks = BackgroundTasks[None](FILM)

    @property
    def is_busy(self) -> bool:
        """Whether a film is being made."""
        return self._tasks.is_busy

    async def __aenter__(self) -> Films:
        self._tasks.serve(resume_orphans(self._ledger, FILM, self._begin, self._beat_seconds))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()

    async def missing_scripts(self, text: str) -> tuple[str, ...]:
        """The scripts of a text that no font on this computer has. Raises ExtraMissing, FilmFailure."""
        check_extra()
        from a2e_mcp.film.orders import LettersOrder

        return (await carry_out(LettersOrder(text=text), self._folder)).missing

    async def start(
        self, plan: FilmPlan, *, limits: Limits, within: float, progress: Callable[[float, str], Awaitable[None]]
    ) -> BegunFilm:
        """Begin a film, or find the same one, and answer within so many seconds, made or not.

        Raises ExtraMissing; TooManyJobs under the limits.
        """
        check_extra()
        known = await self._ledger.newest(plan.fingerprint)
        if known is not None and known.phase == "started" and known.state != "deleted" and not _is_there(known):
            await self._ledger.update(known.id, state="deleted")
        new = NewEntry(
            family=FILM,
            title=plan.title,
            fingerprint=plan.fingerprint,
            expected=0.0,
            start=StoredStart(kind="film", family=FILM, tool=plan.tool, inputs=plan.made_from, resolved=asdict(plan)),
        )
        outcome = await self._ledger.insert_or_get_existing(new, limits=limits)
        entry = outcome.entry
        if isinstance(outcome, Inserted) or (
            entry.phase == "intended" and self._tasks.get(entry.id) is None and await self._ledger.claim(entry.id)
        ):
            self._begin(entry)
        await self._follow(entry.id, within, progress)
        (job,) = self._jobs.of_entry(await self._ledger.entry(entry.id))
        return BegunFilm(job, repeated=isinstance(outcome, Existing))

    async def delete(self, job_id: JobId) -> str:
        """Stop a film, or forget a finished one, and say what that means. Raises InputError."""
        entry = await self._ledger.by_job_id(str(job_id))
        if entry is None or entry.family != FILM:
            raise InputError("Job not found in the ledger on this computer", hint="Call list_jobs to find it")
        if entry.phase != "intended":
            await self._ledger.update(entry.id, state="deleted")
            return "The film's file stays where it is. Films cost nothing, so nothing is refunded."
        is_ours = self._tasks.get(entry.id) is not None
        if not (is_ours or await self._ledger.claim(entry.id)):
            raise InputError("Another server on this computer is making it", hint="Delete it there, or when it is done")
        await self._tasks.stop(entry.id)
        await self._ledger.update(entry.id, phase="refused", state="deleted", note="It was stopped by delete_job.")
        return "It was stopped, and nothing was saved. Films cost nothing, so nothing is refunded."

    # ---------------------------------------------------------- carrying out

    def _begin(self, entry: LedgerEntry) -> None:
        self._tasks.begin(entry.id, self._carry_out(entry), on_end=self._transfers.clear)

    async def _follow(self, entry_id: str, within: float, progress: Callable[[float, str], Awaitable[None]]) -> None:
        """Wait for a film until it ends or the time is over."""
        task = self._tasks.get(entry_id)
        clock = asyncio.get_running_loop().time
        until = clock() + within
        while task is not None and not task.done() and clock() < until:
            if (moved := self._transfers.moved(entry_id)) is not None:
                await progress(moved.share or 0.0, str(moved))
            await asyncio.wait({task}, timeout=min(_LOOK_SECONDS, max(0.0, until - clock())))

    async def _carry_out(self, entry: LedgerEntry) -> None:
        async with (
            local_work(self._ledger, entry.id, self._beat_seconds),
            self._one_at_a_time,
            self._work_folder(entry) as folder,
        ):
            await self._make(entry, folder)

    async def _make(self, entry: LedgerEntry, folder: Path) -> None:
        plan = await self._plan(entry)
        note_share = self._transfers.working(entry.id)
        paths = {key: await self._fetched(entry, key, source, folder) for key, source in plan.sources.items()}
        order = _placed(plan.order, paths, folder)
        made = await carry_out(order, self._folder, lambda share: note_share(share, "Rendering"))
        saved = [await self._saver.finish(Part(folder / "film.mp4"), f"{plan.title}.mp4")]
        if (folder / f"film{_SUBTITLES}").exists():
            beside = saved[0].path.stem + _SUBTITLES
            saved.append(await self._saver.finish(Part(folder / f"film{_SUBTITLES}"), beside))
        await self._note_saved(entry, saved, f"{plan.note} {made.note}".strip(), made.script)

    async def _note_saved(self, entry: LedgerEntry, saved: list[SavedFile], note: str, script: str | None) -> None:
        files = [DownloadedFile(str(each.path), each.size, each.sha256, script) for each in saved]
        modified = [each.path.stat().st_mtime_ns for each in saved]
        await self._ledger.merge_details(entry.id, files=files, modified=modified)
        await self._ledger.update(
            entry.id,
            phase="started",
            state="succeeded",
            job_ids=[entry.own_job_id],
            results=[saved[0].path.as_uri()],
            charged=0.0,
            note=note or None,
        )

    async def _plan(self, entry: LedgerEntry) -> FilmPlan:
        start = await self._ledger.stored_start(entry.id)
        if start is None or start.kind != "film":
            raise InputError("What the film is made from was not written down", hint="Start it again")
        plan = from_stored(FilmPlan, start.resolved)
        sources = {key: from_stored(FilmSource, row) for key, row in start.resolved["sources"].items()}
        return FilmPlan(plan.tool, plan.title, plan.order, sources, plan.made_from, plan.note)

    async def _fetched(self, entry: LedgerEntry, key: str, source: FilmSource, folder: Path) -> Path:
        """The file of a source on this computer. Raises FileRefused."""
        if source.path is not None:
            return Path(source.path)
        url = source.url or ""
        known = self._on_disk(url)
        if known is not None and known.is_file():
            return known
        part = Part(folder / f"source-{key}")
        for number, seconds in enumerate(_FETCH_PAUSES, 1):
            await self._pause(seconds)
            try:
                await self._saver.download(url, part, self._transfers.seen(entry.id))
                return part.path
            except Gone:
                fresh = await self._address(source)
                if fresh == url:
                    message = f"{source.name} cannot be fetched: there is nothing at its address any more"
                    raise FileRefused(message, charged=None) from None
                url = fresh
            except Interrupted as problem:
                if number == len(_FETCH_PAUSES):
                    raise problem.advised(hint="Start the film again later") from None
        raise FileRefused(f"{source.name} cannot be fetched", charged=None)

    async def _address(self, source: FilmSource) -> str:
        """Where a source is now: the addresses of results die after some days."""
        if looks_like_job_id(source.mark):
            with suppress(A2EError):
                job = await self._jobs.check(JobId(*source.mark.split(":")))
                return job.results[0] if job.results else source.url or ""
        return source.url or ""

    @asynccontextmanager
    async def _work_folder(self, entry: LedgerEntry) -> AsyncIterator[Path]:
        """A folder beside the results, so that a finished film only has to be given its name."""
        folder = self._saver.output / f".a2e-film-{entry.id}"
        try:
            await anyio.to_thread.run_sync(lambda: _made_empty(folder))
        except OSError as problem:
            raise FileRefused(
                f"{self._saver.output} cannot be written ({problem.strerror})",
                hint="Set A2E_OUTPUT_DIR to another folder",
                charged=None,
            ) from None
        try:
            yield folder
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))


def _made_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def _placed(order: Mapping[str, Any], paths: Mapping[str, Path], folder: Path) -> AnyOrder:
    """A worker's order whose sources are files; what it writes is in the folder."""
    from a2e_mcp.film.orders import decode_order

    def placed(value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            return {key: placed(each, key) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [placed(each) for each in value]
        if name == "path":
            return str(paths[value])
        return str(folder / value) if name in ("output", "subtitles") and value is not None else value

    return decode_order(json.dumps(placed(order)).encode())


def _is_there(entry: LedgerEntry) -> bool:
    """Whether the film is still there, unchanged."""
    rows = list(zip(entry.details.files, entry.details.modified, strict=True))[:1]
    for file, modified in rows:
        try:
            found = Path(file.path).stat()
        except OSError:
            return False
        if (found.st_size, found.st_mtime_ns) != (file.bytes, modified):
            return False
    return bool(rows)
