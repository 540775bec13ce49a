"""How long a tool call may take: a fixed time, which stands still while a person is asked something."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class TimeLimit:
    """So many seconds from now on, by the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = time.monotonic() + seconds
        self._paused_at: float | None = None

    @property
    def left(self) -> float:
        """Seconds that are left; negative after the end."""
        return self._until - (time.monotonic() if self._paused_at is None else self._paused_at)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stand still for the length of the block."""
        self._paused_at = began = time.monotonic()
        try:
            yield
        finally:
            self._until += time.monotonic() - began
            self._paused_at = None
