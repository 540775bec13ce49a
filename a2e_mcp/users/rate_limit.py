"""How many calls a user may make."""

from __future__ import annotations

import time
from collections.abc import Callable


class RateLimit:
    """So many calls a minute for each user; a burst may use up a minute's at once."""

    def __init__(self, per_minute: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def seconds_to_wait(self, user: str) -> float:
        """Count a call of this user: 0 when it may be made, else after how many seconds it may."""
        now = self._clock()
        left, at = self._left.get(user, (self._per_minute, now))
        left = min(self._per_minute, left + (now - at) * self._per_minute / 60)
        if left < 1:
            self._left[user] = (left, now)
            return (1 - left) * 60 / self._per_minute
        self._left[user] = (left - 1, now)
        return 0.0
