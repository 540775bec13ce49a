"""Work that belongs to the server and not to the call that began it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

import anyio

_log = logging.getLogger(__name__)
T = TypeVar("T")
T2 = TypeVar("T2")


async def both(beside: Coroutine[Any, Any, T], here: Coroutine[Any, Any, T2]) -> tuple[T, T2]:
    """Both outcomes; the first is worked on in a task of its own meanwhile, which ends when the second fails."""
    task = asyncio.create_task(beside)
    try:
        outcome = await here
        return await task, outcome
    finally:
        if not task.done():
            task.cancel()
        elif not task.cancelled():
            # Of two failures one is raised, and the other need not be reported as forgotten.
            task.exception()


class BackgroundTasks(Generic[T]):
    """The tasks of one kind by key; who waits for one may be cancelled without stopping it."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._tasks: dict[str, asyncio.Task[T]] = {}
        self._service: asyncio.Task[None] | None = None

    def begin(
        self, key: str, work: Coroutine[Any, Any, T], *, on_end: Callable[[str], None] = lambda _: None
    ) -> asyncio.Task[T]:
        """Begin a task; `on_end` is called with its key when it is over."""
        task = asyncio.create_task(work)
        self._tasks[key] = task

        def ended(done: asyncio.Task[T]) -> None:
            self._tasks.pop(key, None)
            on_end(key)
            if not done.cancelled() and (problem := done.exception()) is not None:
                # The caller may be gone; the ledger also knows what happened.
                _log.info("%s %s ended with: %s", self._kind, key, problem)

        task.add_done_callback(ended)
        return task

    def serve(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what begins tasks by itself until the end."""
        self._service = asyncio.create_task(work)

    @property
    def is_busy(self) -> bool:
        """Whether any task runs."""
        return bool(self._tasks)

    def get(self, key: str) -> asyncio.Task[T] | None:
        """The task of this key, while it runs."""
        return self._tasks.get(key)

    async def stop(self, key: str) -> None:
        """Cancel a task and wait until it is over."""
        task = self._tasks.get(key)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self, *, seconds: float = 0.0, must_finish: Callable[[str], bool] = lambda _: False) -> None:
        """Cancel all tasks; those that must finish are given so many seconds first."""
        waited_for = [task for key, task in self._tasks.items() if must_finish(key)]
        cancelled: list[asyncio.Task[Any]] = [task for task in self._tasks.values() if task not in waited_for]
        if self._service is not None:
            cancelled.append(self._service)
        for task in cancelled:
            task.cancel()
        # A server is ended by cancellation, and what its tasks did must be written down all the same.
        with anyio.CancelScope(shield=True):
            if waited_for:
                _, late = await asyncio.wait(waited_for, timeout=seconds)
                for task in late:
                    task.cancel()
            await asyncio.gather(*waited_for, *cancelled, return_exceptions=True)
