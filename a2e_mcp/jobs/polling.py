"""Waiting for jobs: all callers that wait for jobs of one family share its requests."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial

from a2e_mcp import catalogue
from a2e_mcp.errors import A2EError, NotFound
from a2e_mcp.jobs.job import Job, poll_seconds
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.jobs.shared_looks import SharedLooks
from a2e_mcp.ledger.job_ids import LEDGER_FAMILIES, JobId
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.users.caller import current_user, for_everyone

Answers = Mapping[JobId, Job | A2EError]
_Read = Callable[[list[str]], Awaitable[Mapping[str, Job | A2EError]]]
_News = Callable[[], AbstractAsyncContextManager[Callable[[float], Awaitable[bool]]]]
_GATHER_SECONDS = 0.02
_SHARED_SECONDS = 1.0
_MOST_RETURNED = 10_000
_NEWS_SECONDS = 0.1
_OWN_SECONDS = 0.5
"""How often the ledger is read for what only it can tell; no request is made for it."""


class JobPoller:
    """Asks for all waited-for jobs of a family in one go, at the family's own pace."""

    def __init__(self, jobs: Jobs, *, sandbox: bool, ledger: Ledger | None = None) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._sandbox = sandbox
        self._pollers: dict[str, _Poller] = {}
        # What one user has seen the end of, another has not.
        self._returned: set[tuple[str | None, JobId]] = set()

    async def close(self) -> None:
        """Stop asking."""
        for poller in self._pollers.values():
            await poller.stop()

    async def wait(
        self,
        job_ids: Sequence[JobId],
        seconds: float,
        seen: Callable[[Answers], Awaitable[None]],
        *,
        every: bool = False,
        patience: float = 5.0,
    ) -> Answers:
        """Wait until one of these jobs, or `every` one, ends or cannot be read, at most so many seconds.

        Every look is given to `seen`. Returns the newest answer for each; still running is an answer too. Without any
        answer yet, up to `patience` seconds are waited for the first. What an earlier wait has returned ends no
        other one, unless nothing is left to wait for: who names an ended job again still waits for the rest.
        Open rooms alone are not waited for.
        """
        until = asyncio.get_running_loop().time() + seconds
        answers: dict[JobId, Job | A2EError] = dict(await self._invisible(job_ids))
        by_family: dict[str, list[str]] = {}
        for job_id in job_ids:
            if job_id not in answers:
                by_family.setdefault(job_id.family, []).append(job_id.id)
        if not by_family:
            return answers
        asked = [job_id for job_id in job_ids if job_id not in answers]
        pollers = {name: self._poller(name) for name in by_family}
        with _watching(pollers, by_family):
            is_fresh = not any(pollers[job_id.family].is_due(job_id.id) for job_id in asked)
            while True:
                left = until - asyncio.get_running_loop().time()
                if not is_fresh and not await _next_look(
                    list(pollers.values()), left if answers else max(left, patience)
                ):
                    return answers
                is_fresh = False
                for job_id in asked:
                    answer = pollers[job_id.family].answers.get(job_id.id)
                    if answer is not None:
                        answers[job_id] = answer
                await seen(answers)
                settled = {each for each, answer in answers.items() if isinstance(answer, A2EError) or answer.finished}
                rooms = {each for each, answer in answers.items() if isinstance(answer, Job) and answer.is_open_room}
                user = current_user()
                new = {each for each in settled if (user, each) not in self._returned}
                if (new and not every) or len(settled | rooms) == len(job_ids):
                    self._note_returned(settled)
                    return answers

    async def look_now(self, family_name: str) -> None:
        """Look at once at all jobs of a family that are waited for, on every server that shares the ledger."""
        if self._ledger is not None and self._ledger.shared is not None:
            await self._ledger.shared.look_now(family_name)
        elif (poller := self._pollers.get(family_name)) is not None:
            poller.look_now()

    def _note_returned(self, settled: Set[JobId]) -> None:
        if len(self._returned) > _MOST_RETURNED:
            self._returned.clear()
        user = current_user()
        self._returned |= {(user, each) for each in settled}

    async def _invisible(self, job_ids: Sequence[JobId]) -> Answers:
        """What is answered about jobs that are not the caller's."""
        found: dict[JobId, Job | A2EError] = {}
        for job_id in job_ids:
            try:
                await self._jobs.require_visible(job_id)
            except NotFound as problem:
                found[job_id] = problem
        return found

    def _poller(self, family_name: str) -> _Poller:
        if family_name not in self._pollers:
            own = family_name in LEDGER_FAMILIES
            pace = _OWN_SECONDS if own else poll_seconds(catalogue.family(family_name), sandbox=self._sandbox)
            read: _Read = partial(self._jobs.read, family_name)
            news: _News | None = None
            if not own and self._ledger is not None and self._ledger.shared is not None:
                looks = SharedLooks(self._jobs, self._ledger, self._ledger.shared, family_name, pace)
                read, news = looks.read, looks.news
            self._pollers[family_name] = _Poller(read, lambda: self._jobs.at_once(family_name), pace, news)
        return self._pollers[family_name]


class _Poller:
    """One family's questions: a look at whatever is newly waited for, and one at all jobs every `pace` seconds.

    `at_once` says how many jobs one look is about; who has had no answer yet comes first. After `news` there is a look
    at all jobs as well.
    """

    def __init__(self, read: _Read, at_once: Callable[[], int], pace: float, news: _News | None = None) -> None:
        self._read = read
        self._news = news
        self._at_once = at_once
        self._pace = pace
        self._wanted: Counter[str] = Counter()
        self._due: dict[str, None] = {}
        self._looked_at: dict[str, float] = {}
        self._joined = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.looked = asyncio.Event()
        self.answers: dict[str, Job | A2EError] = {}

    def add(self, ids: Sequence[str]) -> None:
        now = asyncio.get_running_loop().time()
        for each in ids:
            self._wanted[each] += 1
            # A younger answer is shared.
            if now - self._looked_at.get(each, -_SHARED_SECONDS) >= min(_SHARED_SECONDS, self._pace):
                self._due[each] = None
        self._joined.set()
        if self._task is None or self._task.done():
            # It asks for all who wait, not only for the first.
            self._task = asyncio.create_task(self._run(), context=for_everyone())

    def remove(self, ids: Sequence[str]) -> None:
        self._wanted.subtract(ids)
        self._wanted += Counter()
        for each in ids:
            if not self._wanted[each]:
                self.answers.pop(each, None)
                self._looked_at.pop(each, None)
                self._due.pop(each, None)

    def look_now(self) -> None:
        """Look at all jobs at once."""
        self._due |= dict.fromkeys(self._wanted)
        self._joined.set()

    def is_due(self, each: str) -> bool:
        """Whether the next look is about this job."""
        return each in self._due

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        listening = None if self._news is None else asyncio.create_task(self._listen(self._news))
        try:
            await self._look_while_wanted()
        finally:
            if listening is not None:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, news: _News) -> None:
        async with news() as changed:
            while True:
                if await changed(math.inf):
                    # One look of another server often changes many.
                    await asyncio.sleep(_NEWS_SECONDS)
                    self.look_now()

    async def _look_while_wanted(self) -> None:
        loop = asyncio.get_running_loop()
        # The first look is about all there are; a later one at who has joined does not put off the next at all of them.
        next_round, in_round = 0.0, True
        while self._wanted:
            # Many who come at the same moment are asked for together.
            await asyncio.sleep(_GATHER_SECONDS)
            self._joined.clear()
            if not in_round and loop.time() >= next_round:
                self._due |= dict.fromkeys(self._wanted)
                in_round = True
            if self._due:
                await self._look(sorted(self._due, key=self._looked_at.__contains__)[: self._at_once()])
            if not self._due:
                if in_round:
                    next_round, in_round = loop.time() + self._pace, False
                await _first(self._joined.wait(), next_round - loop.time())

    async def _look(self, asked: list[str]) -> None:
        for each in asked:
            del self._due[each]
        try:
            found = await self._read(asked)
        except A2EError as problem:
            found = dict.fromkeys(asked, problem)
        now = asyncio.get_running_loop().time()
        for each in asked:
            # The caller that waited for it may have left meanwhile.
            if self._wanted[each]:
                self._looked_at[each] = now
                self.answers[each] = found[each]
        self.looked.set()
        self.looked = asyncio.Event()


@contextmanager
def _watching(pollers: Mapping[str, _Poller], by_family: Mapping[str, Sequence[str]]) -> Iterator[None]:
    for name, poller in pollers.items():
        poller.add(by_family[name])
    try:
        yield
    finally:
        for name, poller in pollers.items():
            poller.remove(by_family[name])


async def _next_look(pollers: Sequence[_Poller], seconds: float) -> bool:
    """Wait for the next look of any of them; False when the time ran out first."""
    looks = [asyncio.create_task(poller.looked.wait()) for poller in pollers]
    try:
        done, _ = await asyncio.wait(looks, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for look in looks:
            look.cancel()


async def _first(event: Awaitable[object], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event
    except TimeoutError:
        return
