"""The end of a server that others will replace: nothing new is started, and nothing that can wait is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from a2e_mcp.errors import A2EError, Charged

T = TypeVar("T")


class Drain:
    """Whether a server is about to end; calls that are answered until then send their callers elsewhere."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        """Whether the server takes nothing new."""
        return self._begun.is_set()

    def begin(self) -> None:
        """Take nothing new from now on; waits end at once."""
        self._begun.set()

    def refuse_starts(self) -> None:
        """Raises A2EError once the server is about to end: a start would be cut off with it."""
        if self.has_begun:
            raise A2EError(
                "This server is restarting and starts nothing new",
                charged=Charged.NOTHING,
                hint="Call again in a few seconds; another server answers then",
            )

    async def wait_unless_begun(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The outcome of what waits for something; None, and the wait is over, when the server is about to end."""
        task, begun = asyncio.ensure_future(work), asyncio.create_task(self._begun.wait())
        try:
            await asyncio.wait((task, begun), return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            for each in (task, begun):
                each.cancel()
            await asyncio.gather(task, begun, return_exceptions=True)
