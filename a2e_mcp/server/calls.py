"""The calls that a host waits for: each is answered in time, whatever its work does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import count
from types import TracebackType
from typing import Any, TypeVar

from a2e_mcp.background import BackgroundTasks
from a2e_mcp.errors import A2EError
from a2e_mcp.server.time_limit import TimeLimit

T = TypeVar("T")

_SPARE_SECONDS = 1.0
"""How long a call may exceed its seconds before it is cut: what keeps an eye on them itself answers better."""
_STOPPING_SECONDS = 0.25
"""How long work that was cut is waited for."""


_TRY_AGAIN = "Try again; jobs that were started are in list_jobs"


class Unfinished(Exception):
    """The work did not end in time and was cut."""


class CannotBeStopped(Unfinished):
    """The work did not end when it was cut: it waits for a disk, a lock or the system, and continues."""


class CutElsewhere(Unfinished):
    """Something else has cut the work."""


class Calls:
    """The work of the calls under way, each a task of its own, so that no call waits longer for it than it may.

    Whatever is shielded from a cancellation, or blocked, ends in the background and writes down what came of it.
    """

    def __init__(self) -> None:
        self._tasks = BackgroundTasks[Any]("call")
        self._numbers = count()

    async def __aenter__(self) -> Calls:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()

    @property
    def is_busy(self) -> bool:
        """Whether any call is under way."""
        return self._tasks.is_busy

    async def within(self, limit: TimeLimit, work: Coroutine[Any, Any, T]) -> T:
        """The outcome of some work. Raises Unfinished when it took longer, or was cut by something else.

        A caller who is cancelled is let go at once, and the work is cut.
        """
        task: asyncio.Task[T] = self._tasks.begin(str(next(self._numbers)), work)
        try:
            # The limit may stand still meanwhile.
            while not task.done() and (seconds := limit.left + _SPARE_SECONDS) > 0:
                await _ended(task, seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        is_cut = task.cancel()
        if is_cut:
            await _ended(task, _STOPPING_SECONDS)
        if not task.done():
            raise CannotBeStopped
        if task.cancelled():
            # Its cancellation must not become that of the connection, which would end the server.
            raise Unfinished if is_cut else CutElsewhere
        try:
            return task.result()
        except TimeoutError:
            raise Unfinished from None


async def _ended(task: asyncio.Task[Any], seconds: float) -> None:
    """Wait for the end of a task, at most so many seconds: half the work of `asyncio.wait`, which waits for several."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def release(*_: object) -> None:
        if not over.done():
            over.set_result(None)

    alarm = loop.call_later(seconds, release)
    task.add_done_callback(release)
    try:
        await over
    finally:
        alarm.cancel()
        task.remove_done_callback(release)


def unfinished(problem: Unfinished, limit: TimeLimit) -> A2EError:
    """The error of a call that was cut; whether anything was charged is for the caller to say."""
    within = f"within {limit.seconds:g} s"
    match problem:
        case CannotBeStopped():
            return A2EError(
                f"The call did not end {within}: a slow disk, or a program that has the data locked, may hold it up",
                hint="It continues in the background; look in list_jobs before trying again",
            )
        case CutElsewhere():
            return A2EError("The call was interrupted inside a2e-mcp", hint=_TRY_AGAIN)
        case _:
            return A2EError(f"A2E did not answer {within}", hint=_TRY_AGAIN)
