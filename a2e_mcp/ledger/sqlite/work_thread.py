"""A thread that works one thing after another for an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")


class _Task:
    """Something that is done in the thread, and the future of its outcome."""

    def __init__(self, work: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.future = loop.create_future()
        self._work = work
        self._loop = loop

    def carry_out(self) -> None:
        """In the thread: do it and tell the loop, unless it was cancelled before its turn."""
        if not self.future.cancelled():
            with self:
                self._tell(self._work(), None)

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Whatever goes wrong is the outcome."""
        if problem is not None:
            self._tell(None, problem)
        return problem is not None

    def refuse(self, problem: Exception) -> None:
        """In the loop: it will not be done."""
        self._settle(None, problem)

    def _tell(self, outcome: Any, problem: BaseException | None) -> None:
        # A loop that is closed has no one left who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._settle, outcome, problem)

    def _settle(self, outcome: Any, problem: BaseException | None) -> None:
        if self.future.done():
            return
        if problem is not None:
            self.future.set_exception(problem)
        else:
            self.future.set_result(outcome)


class WorkThread:
    """One thread, in which everything is done in the order of the questions.

    What is asked in one turn of the loop is handed over together, once the turn is over: to wake the thread in the
    middle of it costs more than most of the work, and so does each answer by itself.
    """

    def __init__(self, name: str, closed: Callable[[], Exception]) -> None:
        """`closed` makes the error for what is asked after the end."""
        self._thread = ThreadPoolExecutor(1, name)
        self._closed = closed
        self._asked: list[_Task] = []

    def begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have this done in the thread; what is cancelled before its turn is left out."""
        loop = asyncio.get_running_loop()
        task = _Task(work, loop)
        self._asked.append(task)
        if len(self._asked) == 1:
            loop.call_soon(self._hand_over)
        return task.future

    def close(self) -> None:
        """Take nothing more; what was handed over is still done."""
        self._thread.shutdown(wait=False)

    def _hand_over(self) -> None:
        asked, self._asked = self._asked, []
        try:
            self._thread.submit(_carry_out, asked)
        except RuntimeError:
            for task in asked:
                task.refuse(self._closed())


def _carry_out(tasks: Sequence[_Task]) -> None:
    for task in tasks:
        task.carry_out()
