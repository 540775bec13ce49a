"""A clock and looks that a test makes happen: servers and workers look after jobs when they are told to."""

from __future__ import annotations

import asyncio
import time

import anyio

from a2e_mcp.server.result_sweep import LOOK_SECONDS
from a2e_mcp.server.timing import Timing


class Looks:
    """A clock that can be moved, and pauses between looks that end when the next `look` is wanted."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._wanted = asyncio.Semaphore(0)
        self._resting = asyncio.Semaphore(0)

    @property
    def timing(self) -> Timing:
        """How services wait."""
        return Timing(now=lambda: time.time() + self.ahead, pause=self._pause)

    async def look(self) -> None:
        """Let so much time pass that a look is due, and wait until it is over."""
        self.ahead += LOOK_SECONDS + 1
        async with asyncio.timeout(30):
            await self._resting.acquire()
            self._wanted.release()
            await self._resting.acquire()
        self._resting.release()

    async def _pause(self, seconds: float) -> None:
        if seconds != LOOK_SECONDS:
            await anyio.sleep(seconds)
            return
        self._resting.release()
        await self._wanted.acquire()
