"""Several things at a time, and their problems as values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from a2e_mcp.errors import A2EError

T = TypeVar("T")


async def or_problem(work: Awaitable[T]) -> T | A2EError:
    """What a piece of work gives, or its error."""
    try:
        return await work
    except A2EError as problem:
        return problem


async def at_most(limit: int, work: Callable[[str], Awaitable[T]], items: Sequence[str]) -> list[T]:
    """Work on all items, so many at a time; what has not begun when this is cancelled is never made."""
    gate = asyncio.Semaphore(limit)

    async def one(item: str) -> T:
        async with gate:
            return await work(item)

    return await asyncio.gather(*(one(item) for item in items))
