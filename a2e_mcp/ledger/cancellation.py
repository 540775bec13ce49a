"""What is done when a change of the ledger is cancelled: it is carried out, and its outcome comes first."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio


async def finish(future: asyncio.Future[Any]) -> None:
    """Wait until this is done; a cancellation arrives when its outcome has been looked at."""
    cancellations = 0
    # anyio's scopes would cancel again and again; a task's own cancellation arrives once and is passed on below.
    with anyio.CancelScope(shield=True):
        while not future.done():
            try:
                await asyncio.wait({future})
            except asyncio.CancelledError:
                cancellations += 1
    if (task := asyncio.current_task()) is not None:
        for _ in range(cancellations):
            task.uncancel()
            task.cancel()
