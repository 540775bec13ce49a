"""The render workers: subprocesses that take orders as JSON lines, a few side by side, started when first needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Literal, Self

import anyio

from a2e_mcp.sandbox.line_process import LineProcess, RenderFailed, open_log, worker_environment
from a2e_mcp.sandbox.orders import (
    Done,
    Failed,
    InvalidLine,
    Order,
    Outcome,
    Progress,
    Ready,
    Reply,
    order_to_line,
    reply_from_line,
)

__all__ = ["Lane", "RenderFailed", "WorkerPool", "worker_environment"]

Lane = Literal["render", "short"]
"""`short` orders (speech, probes, covers) have a worker of their own and never wait behind a render."""

_SECONDS_OF_REST = 60.0


class WorkerPool:
    """Carries out orders, each in a subprocess of its own for as long as it takes."""

    def __init__(self, folder: Path, *, renders: int, render_seconds: float) -> None:
        self._folder = folder
        self._render_seconds = render_seconds
        self._log: IO[bytes] | None = None
        self._idle: dict[Lane, list[_Worker]] = {"render": [], "short": []}
        self._slots: dict[Lane, anyio.Semaphore] = {"render": anyio.Semaphore(renders), "short": anyio.Semaphore(1)}
        self._working: dict[str, int] = {}

    @property
    def process_ids(self) -> dict[str, int]:
        """The worker process behind each order under way, by the order's id."""
        return dict(self._working)

    async def carry_out(
        self,
        order_id: str,
        order: Order,
        *,
        lane: Lane = "short",
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Outcome:
        """Carry out an order; its progress goes from 0 to 1. Cancelling kills the worker.

        Raises RenderFailed when the order is refused, the worker breaks, or it takes too long.
        """
        async with self._worker(lane) as worker:
            self._working[order_id] = worker.process_id
            try:
                with anyio.fail_after(self._render_seconds):
                    return await worker.carry_out(order_id, order, on_progress)
            except TimeoutError:
                message = f"The sandbox stopped this render after its limit of {self._render_seconds:g} s."
                raise RenderFailed("too_long", message) from None
            finally:
                del self._working[order_id]

    async def retire_idle(self) -> None:
        """End the workers that have long had nothing to do: each holds some hundred megabytes."""
        now = anyio.current_time()
        for lane, waiting in self._idle.items():
            tired = [worker for worker in waiting if now - worker.at_rest_since > _SECONDS_OF_REST]
            self._idle[lane] = [worker for worker in waiting if worker not in tired]
            for worker in tired:
                await worker.kill()

    async def __aenter__(self) -> Self:
        """The pool; workers are started when they are needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the workers that wait for orders; those at work end with their orders."""
        with anyio.CancelScope(shield=True):
            for waiting in self._idle.values():
                while waiting:
                    await waiting.pop().kill()
        if self._log is not None:
            self._log.close()

    @asynccontextmanager
    async def _worker(self, lane: Lane) -> AsyncIterator[_Worker]:
        async with self._slots[lane]:
            worker = self._idle[lane].pop() if self._idle[lane] else await _Worker.start(self._folder, self._open_log())
            try:
                yield worker
            finally:
                # A worker that broke, or was left in the middle of an order, is not used again.
                if worker.is_at_rest:
                    worker.at_rest_since = anyio.current_time()
                    self._idle[lane].append(worker)
                else:
                    await worker.kill()

    def _open_log(self) -> IO[bytes]:
        if self._log is None:
            self._log = open_log(self._folder)
        return self._log


class _Worker:
    """One subprocess."""

    def __init__(self, process: LineProcess) -> None:
        self._process = process
        self.is_at_rest = False
        self.at_rest_since = 0.0

    @classmethod
    async def start(cls, folder: Path, log: IO[bytes]) -> _Worker:
        """Start a worker and wait until it listens. Raises RenderFailed."""
        process = await LineProcess.start("a2e_mcp.sandbox.worker", "render worker", folder, log)
        worker = cls(process)
        try:
            worker.is_at_rest = isinstance(worker._read(process.greeting), Ready)
            if not worker.is_at_rest:
                raise process.unreadable()
        finally:
            if not worker.is_at_rest:
                await worker.kill()
        return worker

    @property
    def process_id(self) -> int:
        return self._process.process_id

    async def carry_out(self, order_id: str, order: Order, on_progress: Callable[[float], None]) -> Outcome:
        """Hand over an order and wait for its end. Raises RenderFailed."""
        self.is_at_rest = False
        await self._process.send(order_to_line(order_id, order))
        while True:
            match self._read(await self._process.receive()):
                case Progress(id=answered, progress=progress) if answered == order_id:
                    on_progress(progress)
                case Done(id=answered, outcome=outcome) if answered == order_id:
                    self.is_at_rest = True
                    return outcome
                case Failed(failure=failure):
                    self.is_at_rest = True
                    raise RenderFailed(failure.code, failure.message)

    async def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        await self._process.kill()

    def _read(self, line: str) -> Reply:
        try:
            return reply_from_line(line)
        except InvalidLine:
            raise self._process.unreadable() from None
