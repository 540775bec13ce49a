"""The render workers: subprocesses that take orders, a few side by side, started when first needed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Literal, Self

import anyio
import msgspec

from a2e_mcp.processes.line_process import RenderFailed, open_log, worker_environment
from a2e_mcp.sandbox.protocol import Order, Outcome
from a2e_mcp.sandbox.render_workers.process import WorkerProcess

__all__ = ["IdleWorkers", "Lane", "RenderFailed", "WorkerPool", "sharing_workers", "worker_environment"]

Lane = Literal["render", "short"]
"""`short` orders (speech, probes, covers) have a slot of their own and never wait behind a render."""

_SECONDS_OF_REST = 60.0


class IdleWorkers:
    """The workers that wait for an order, warm from the last one; it starts another when none is left.

    It belongs to no event loop, so that sandboxes may share one. `folder` is where the workers run and log.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log: IO[bytes] | None = None
        self._idle: list[WorkerProcess] = []

    async def take(self) -> WorkerProcess:
        """A worker for the next order. Raises RenderFailed."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_at_rest:
                return worker
            await worker.end()
        return await WorkerProcess.start(self._folder, self._open_log())

    async def give_back(self, worker: WorkerProcess) -> None:
        """Keep a worker for the next order; one that broke, or was left in the middle of an order, is ended."""
        if worker.is_at_rest:
            worker.at_rest_since = time.monotonic()
            self._idle.append(worker)
        else:
            await worker.end()

    async def retire_idle(self) -> None:
        """End the workers that have long had nothing to do: each holds some hundred megabytes."""
        now = time.monotonic()
        expired = [worker for worker in self._idle if now - worker.at_rest_since > _SECONDS_OF_REST]
        self._idle = [worker for worker in self._idle if worker not in expired]
        for worker in expired:
            await worker.end()

    def close(self) -> None:
        """End the workers that wait for orders; those at work end with their orders."""
        while self._idle:
            self._idle.pop().kill()
        if self._log is not None:
            self._log.close()

    def _open_log(self) -> IO[bytes]:
        if self._log is None:
            self._log = open_log(self._folder)
        return self._log


_shared: ContextVar[IdleWorkers | None] = ContextVar("a2e_sandbox_workers", default=None)


@contextmanager
def sharing_workers(folder: Path) -> Iterator[None]:
    """Let every sandbox that is opened during the block use the same workers: starting one takes half a second."""
    with closing(IdleWorkers(folder)) as workers:
        before = _shared.set(workers)
        try:
            yield
        finally:
            _shared.reset(before)


class WorkerPool:
    """Carries out orders, each in a subprocess of its own for as long as it takes."""

    def __init__(self, folder: Path, *, renders: int, render_seconds: float) -> None:
        self._render_seconds = render_seconds
        shared = _shared.get()
        self._idle_workers = shared or IdleWorkers(folder)
        self._is_own = shared is None
        self._slots: dict[Lane, anyio.Semaphore] = {"render": anyio.Semaphore(renders), "short": anyio.Semaphore(1)}
        self._working: dict[str, int] = {}

    @property
    def process_ids(self) -> dict[str, int]:
        """The worker process behind each order under way, by the order's id."""
        return dict(self._working)

    async def carry_out(
        self,
        order_id: str,
        order: Order | msgspec.Raw,
        *,
        lane: Lane = "short",
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Outcome:
        """Carry out an order; its progress goes from 0 to 1. Cancelling kills the worker.

        Raises RenderFailed when the order is refused, the worker breaks, or it takes too long.
        """
        async with self._slots[lane], self._worker() as worker:
            self._working[order_id] = worker.process_id
            try:
                with anyio.fail_after(self._render_seconds):
                    return await worker.carry_out(order_id, order, on_progress)
            except TimeoutError:
                message = f"The sandbox stopped this render at its limit of {self._render_seconds:g} s."
                raise RenderFailed("too_long", message) from None
            finally:
                del self._working[order_id]

    async def retire_idle(self) -> None:
        """End the workers that have long had nothing to do; shared ones stay for the next sandbox."""
        if self._is_own:
            await self._idle_workers.retire_idle()

    async def __aenter__(self) -> Self:
        """The pool; workers are started when they are needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the workers, unless they are shared with other sandboxes."""
        if self._is_own:
            self._idle_workers.close()

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[WorkerProcess]:
        worker = await self._idle_workers.take()
        try:
            yield worker
        finally:
            await self._idle_workers.give_back(worker)
