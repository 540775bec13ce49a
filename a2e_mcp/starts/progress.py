"""What a start under way is doing, reported to the callers that wait for it.

The work belongs to this process and not to its caller, so it only notes its steps here; every caller that waits
follows them, the first one as well as one that asks for the same again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from a2e_mcp.files.progress import TransferProgress

OnProgress = Callable[[float, str], Awaitable[None]]
"""Called with how far a start is (a share from 0 to 1) and what it is doing."""

Confirm = Callable[[str], Awaitable[float]]
"""Asks the user a question, and answers how many seconds they thought. Raises MoneyRefused unless they agreed."""

_LOOK_SECONDS = 0.5
"""How often a file on its way is looked at."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when a caller waits for a start, by the event loop's clock, and where its steps are reported.

    `confirm` asks the user behind the caller, where that is possible.
    """

    until: float
    report: OnProgress
    confirm: Confirm | None = None

    @classmethod
    def within(cls, seconds: float, report: OnProgress, confirm: Confirm | None = None) -> Deadline:
        """A caller who waits for so many seconds from now on."""
        return cls(asyncio.get_running_loop().time() + seconds, report, confirm)

    @property
    def left(self) -> float:
        """Seconds that are left, 0 at least."""
        return max(0.0, self.until - asyncio.get_running_loop().time())

    def at_most(self, seconds: float) -> Deadline:
        """The same one, who waits no longer than so many seconds from now on."""
        return replace(self, until=min(self.until, asyncio.get_running_loop().time() + seconds))

    def later(self, seconds: float) -> Deadline:
        """The same one, who waits so many seconds longer."""
        return replace(self, until=self.until + seconds)


@dataclass(slots=True)
class _Work:
    """The steps of one start: those begun, how many there will be as far as is known, and a bell for the next one."""

    begun: list[str] = field(default_factory=list)
    expected: int = 0
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def share(self, step: int, of_step: float = 0.0) -> float:
        """How much is done when so much of this step is; resolving and pricing, which came before, count as one."""
        # A file that is sent leaves a little for the next step, or that would not count as progress.
        return (step + 1 + 0.9 * of_step) / (max(self.expected, len(self.begun)) + 1)


class StartProgress:
    """The steps of the starts that this process carries out, by the ledger's ids."""

    def __init__(self, transfers: TransferProgress) -> None:
        self._transfers = transfers
        self._works: dict[str, _Work] = {}

    def expect(self, entry_id: str, steps: int) -> None:
        """Say how many steps a start will have, at most."""
        self._works.setdefault(entry_id, _Work()).expected = steps

    def begin(self, entry_id: str, doing: str) -> None:
        """Say what a start does from now on."""
        work = self._works.setdefault(entry_id, _Work())
        work.begun.append(doing)
        work.bell.set()
        work.bell = asyncio.Event()

    def forget(self, entry_id: str) -> None:
        """Forget a start that is over."""
        self._works.pop(entry_id, None)

    async def follow(self, entry_id: str, task: asyncio.Task[Any], deadline: Deadline) -> None:
        """Wait until a start is over or the deadline has passed, and report every step; the start is left alone."""
        work = self._works.setdefault(entry_id, _Work())
        reported = 0
        while True:
            while reported < len(work.begun):
                await deadline.report(work.share(reported), work.begun[reported])
                reported += 1
            if task.done() or deadline.left <= 0:
                return
            bell = asyncio.create_task(work.bell.wait())
            try:
                # asyncio.wait leaves the start alone when the call that waits is cut.
                seconds = min(deadline.left, _LOOK_SECONDS)
                await asyncio.wait({task, bell}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                bell.cancel()
            moved = self._transfers.moved(entry_id)
            if moved is not None and moved.share is not None and work.begun:
                await deadline.report(work.share(len(work.begun) - 1, moved.share), f"{work.begun[-1]}, {moved}")
