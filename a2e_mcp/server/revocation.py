"""A call whose caller's key is revoked meanwhile ends without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import anyio

from a2e_mcp.errors import AccessDenied, Charged

T = TypeVar("T")
Objection = Callable[[], Awaitable[AccessDenied | None]]

_LOOK_SECONDS = 1.0


async def unless_revoked(work: Coroutine[Any, Any, T], objection: Objection, *, can_be_charged: bool) -> T:
    """The outcome of some work, cut as soon as there is an objection to its caller. Raises AccessDenied."""
    task: asyncio.Task[T] = asyncio.ensure_future(work)
    try:
        while True:
            await asyncio.wait((task,), timeout=_LOOK_SECONDS)
            problem = await objection()
            if problem is not None:
                raise _meanwhile(problem, can_be_charged=can_be_charged)
            if task.done():
                return task.result()
    finally:
        if not task.done():
            task.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait((task,))
        # What became of it is no longer of interest to anyone.
        if not task.cancelled():
            task.exception()


def _meanwhile(problem: AccessDenied, *, can_be_charged: bool) -> AccessDenied:
    """An objection to a caller who was let in; what their call has started belongs to the server."""
    if not can_be_charged:
        return problem
    return problem.advised(
        message=f"{problem.message} during the call; what it had started continues", charged=Charged.UNKNOWN
    )
