"""The job engine: charges, renders under a lease, refunds what failed, and reports the state of each job."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

from a2e_mcp.sandbox.assets.files import FileStore
from a2e_mcp.sandbox.clock import Clock
from a2e_mcp.sandbox.jobs.policy import Policy
from a2e_mcp.sandbox.jobs.rows import LEASE_SECONDS, JobRows, NewJob, RenderJob
from a2e_mcp.sandbox.jobs.view import View, view
from a2e_mcp.sandbox.render_workers.pool import RenderFailed, WorkerPool
from a2e_mcp.sandbox.store import Store

_SECONDS_BETWEEN_LOOKS = 0.5
_SLOW = Policy("seconds", 600)
_LONGEST_WAIT_FOR_A_RENDER = 20.0


class JobEngine:
    """Renders the queued jobs of the store, a few at a time, together with every other process on the folder."""

    def __init__(
        self, store: Store, clock: Clock, files: FileStore, pool: WorkerPool, *, workers: int, policy: Policy
    ) -> None:
        self.rows = JobRows(store)
        self.default_policy = policy
        self.policies: dict[str, Policy] = {}
        self._store = store
        self._clock = clock
        self._files = files
        self._pool = pool
        self._slots = anyio.Semaphore(workers)
        self._owner = secrets.token_hex(8)
        self._renders: dict[str, anyio.CancelScope] = {}
        self._news = anyio.Event()

    @asynccontextmanager
    async def running(self, tasks: TaskGroup) -> AsyncIterator[None]:
        """Render jobs for the length of the block; what is under way at its end is left to be taken over."""
        ended = anyio.Event()

        async def run(scope: anyio.CancelScope) -> None:
            try:
                with scope:
                    await self._render_all()
            finally:
                ended.set()

        scope = anyio.CancelScope()
        tasks.start_soon(run, scope)
        try:
            yield
        finally:
            scope.cancel()
            with anyio.CancelScope(shield=True):
                await ended.wait()
            self.rows.release(self._owner)

    async def _render_all(self) -> None:
        async with anyio.create_task_group() as renders:
            while True:
                await self._slots.acquire()
                renders.start_soon(self._render, await self._next_job())

    def policy_of(self, family: str) -> Policy:
        """The policy that new jobs of a family get."""
        return self.policies.get(family, self.default_policy)

    def add(self, new: NewJob, record_id: str, *, family: str, price: int, is_awaited: bool = False) -> None:
        """Queue a job; call it inside the transaction that charges for it, and `announce` afterwards.

        A job that `is_awaited` ends with its render, however slow others are.
        """
        policy = _SLOW if "slow" in new.traits else self.policy_of(family)
        if is_awaited:
            policy = Policy("immediate")
        self.rows.add(new, record_id, family=family, price=price, policy=policy, at=self._clock.now())

    def announce(self) -> None:
        """Wake everything that waits for a change."""
        self._news.set()
        self._news = anyio.Event()

    def look(self, record_id: str) -> View | None:
        """The state of a record's newest job; None when it never had one. Does not count as asking."""
        job = self.rows.latest(record_id)
        return None if job is None else self._view(job)

    def views(self, record_id: str) -> list[tuple[str, View]]:
        """The state of every job of a record, oldest first, each with its family. Does not count as asking."""
        return [(job.family, self._view(job)) for job in self.rows.of_record(record_id)]

    async def ask(self, record_ids: Iterable[str]) -> None:
        """Count a poll of each record; waits, for all together, for those that a `polls` policy finishes now."""
        due: list[str] = []
        for record_id in record_ids:
            job = self.rows.latest(record_id)
            if job is None or job.finished is not None:
                continue
            self.rows.count_poll(job.id)
            if job.policy.kind == "polls" and job.polls + 1 >= job.policy.amount:
                due.append(record_id)
        await self.until_rendered(due)

    async def until_rendered(self, record_ids: Iterable[str], seconds: float = _LONGEST_WAIT_FOR_A_RENDER) -> None:
        """Wait until the newest jobs of these records have been rendered, or the time is over."""
        waiting = set(record_ids)

        def is_rendered() -> bool:
            return all(
                job is None or job.phase in {"rendered", "broken"}
                for job in (self.rows.latest(record_id) for record_id in waiting)
            )

        await self._until(is_rendered, seconds)

    async def settle(self, seconds: float) -> None:
        """Wait until nothing is left to render. Raises TimeoutError."""
        if not await self._until(lambda: self.rows.count_unrendered() == 0, seconds):
            raise TimeoutError(f"the sandbox was still rendering after {seconds:g} s")

    def stop(self, record_id: str) -> None:
        """Stop rendering for a record; call it before removing the record."""
        for job in self.rows.of_record(record_id):
            if job.id in self._renders:
                self._renders[job.id].cancel()

    def stop_all(self) -> None:
        """Stop every render under way."""
        for scope in self._renders.values():
            scope.cancel()

    async def _until(self, is_so: Callable[[], bool], seconds: float) -> bool:
        with anyio.move_on_after(seconds):
            while not is_so():
                await self._wait_for_news()
            return True
        return is_so()

    async def _wait_for_news(self) -> None:
        # Another process on the folder cannot announce anything here: look by ourselves now and then.
        with anyio.move_on_after(_SECONDS_BETWEEN_LOOKS):
            await self._news.wait()

    async def _next_job(self) -> RenderJob:
        while not await self._store.until_free() or (job := self.rows.claim(self._owner)) is None:
            await self._pool.retire_idle()
            await self._wait_for_news()
        return job

    async def _render(self, job: RenderJob) -> None:
        try:
            async with anyio.create_task_group() as group:
                self._renders[job.id] = group.cancel_scope
                group.start_soon(self._keep_lease, job.id, group.cancel_scope)
                await self._carry_out(job)
                group.cancel_scope.cancel()
        finally:
            del self._renders[job.id]
            self._slots.release()
            self.announce()

    async def _keep_lease(self, job_id: str, render: anyio.CancelScope) -> None:
        while True:
            await anyio.sleep(LEASE_SECONDS / 6)
            if await self._store.until_free() and not self.rows.renew(job_id, self._owner):
                render.cancel()

    async def _carry_out(self, job: RenderJob) -> None:
        try:
            if "fail" in job.traits:
                raise RenderFailed("sandbox_fail", "The sandbox failed this job because [sandbox:fail] asked for it.")
            refusal = next((trait for trait in job.traits if trait.startswith("refused ")), None)
            if refusal is not None:
                raise RenderFailed("upstream", refusal.removeprefix("refused "))
            if job.order is None:
                raise RenderFailed("internal", "The sandbox has nothing to render for this job.")
            outcome = await self._pool.carry_out(
                job.id, job.order, lane="render", on_progress=lambda share: self._report(job, share)
            )
        except RenderFailed as failure:
            await self._until_free()
            self._fail(job, failure)
        else:
            await self._until_free()
            self._files.add_rendered(job.results.values())
            self.rows.end(job.id, self._owner, "rendered", note=outcome.note)

    async def _until_free(self) -> None:
        while not await self._store.until_free():
            pass

    def _report(self, job: RenderJob, share: float) -> None:
        if self._store.is_free():
            self.rows.report(job.id, self._owner, share)
        self.announce()

    def _fail(self, job: RenderJob, failure: RenderFailed) -> None:
        with self._store.transaction():
            if self.rows.end(job.id, self._owner, "broken", code=failure.code, message=failure.message):
                self._store.book(job.price, f"{job.family} failed: refund", self._clock.now(), job.record_id)

    def _view(self, job: RenderJob) -> View:
        now = self._clock.now()
        seen = view(job, now)
        if seen.is_over and job.finished is None:
            self.rows.finish(job.id, now)
        return seen
