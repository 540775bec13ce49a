"""A thread that works one thing after another for an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
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
    middle of it costs more than most of the work, and so does each answer by itself. An executor would do much more
    about each piece of work, in both threads, than most of the work is.
    """

    def __init__(self, name: str, closed: Callable[[], Exception]) -> None:
        """`closed` makes the error for what is asked after the end."""
        self._name = name
        self._closed = closed
        self._asked: list[_Task] = []
        self._handed_over: SimpleQueue[Sequence[_Task] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._is_closed = False

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
        self._is_closed = True
        self._handed_over.put(None)

    def _hand_over(self) -> None:
        asked, self._asked = self._asked, []
        if self._is_closed:
            for task in asked:
                task.refuse(self._closed())
            return
        if self._thread is None:
            # A daemon, so that a program that ends without closing it ends: the caller waits for each outcome.
            self._thread = Thread(target=_carry_out, args=(self._handed_over,), name=self._name, daemon=True)
            self._thread.start()
        self._handed_over.put(asked)


def _carry_out(handed_over: SimpleQueue[Sequence[_Task] | None]) -> None:
    """In the thread: do what comes until the end."""
    while (tasks := handed_over.get()) is not None:
        for task in tasks:
            task.carry_out()
