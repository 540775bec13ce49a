"""How long a tool call may take: a fixed time, which stands still while a person is asked something."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import anyio


class TimeLimit:
    """So many seconds from now on, by the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._scopes: list[anyio.CancelScope] = []

    @property
    def left(self) -> float:
        """Seconds that are left; negative after the end."""
        return self._until - time.monotonic()

    @contextmanager
    def enforced(self, *, grace: float) -> Iterator[None]:
        """Raises TimeoutError when the block has not ended so many seconds after the end."""
        with anyio.fail_after(self.left + grace) as scope:
            self._scopes.append(scope)
            try:
                yield
            finally:
                self._scopes.remove(scope)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stand still for the length of the block."""
        began, deadlines = time.monotonic(), [scope.deadline for scope in self._scopes]
        for scope in self._scopes:
            scope.deadline = float("inf")
        try:
            yield
        finally:
            seconds = time.monotonic() - began
            self._until += seconds
            for scope, deadline in zip(self._scopes, deadlines, strict=True):
                scope.deadline = deadline + seconds
