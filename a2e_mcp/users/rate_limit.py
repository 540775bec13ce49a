"""How many calls a user may make."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from a2e_mcp.errors import A2EError

TakeCalls = Callable[[str, int], Awaitable[tuple[int, float]]]
"""Takes calls of a user from what all servers share: how many of those wanted, and without any the seconds to wait."""

_BLOCKS = 10
"""In how many parts a minute's calls are taken: one call of each part waits for the database."""
_GOOD_SECONDS = 60.0
"""After this time calls that were taken and not used are free again for all."""
_PATIENCE = 2.0
_AWAY_SECONDS = 5.0
_MOST_USERS = 10_000
_log = logging.getLogger(__name__)


class CallLimit(Protocol):
    """So many calls a minute for each user; a burst may use up a minute's at once."""

    async def seconds_to_wait(self, user: str) -> float:
        """Count a call of this user: 0 when it may be made, else after how many seconds it may."""


class RateLimit(CallLimit):
    """A limit that one server counts by itself."""

    def __init__(self, per_minute: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    async def seconds_to_wait(self, user: str) -> float:
        """Count a call of this user: 0 when it may be made, else after how many seconds it may."""
        now = self._clock()
        left, at = self._left.get(user, (self._per_minute, now))
        left = min(self._per_minute, left + (now - at) * self._per_minute / 60)
        if left < 1:
            self._left[user] = (left, now)
            return (1 - left) * 60 / self._per_minute
        self._left[user] = (left - 1, now)
        return 0.0


class SharedRateLimit(CallLimit):
    """A limit that several servers keep together: each takes calls in blocks, so that few of them ask the database.

    While that is away, this server counts by itself.
    """

    def __init__(
        self, per_minute: float, take_calls: TakeCalls, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._block = max(1, int(per_minute / _BLOCKS))
        self._take_calls = take_calls
        self._clock = clock
        self._alone = RateLimit(per_minute, clock=clock)
        self._alone_until = float("-inf")
        self._taken: dict[str, _Taken] = {}

    async def seconds_to_wait(self, user: str) -> float:
        """Count a call of this user: 0 when it may be made, else after how many seconds it may."""
        if len(self._taken) > _MOST_USERS:
            self._taken.clear()
        taken = self._taken.setdefault(user, _Taken())
        if (seconds := taken.seconds_to_wait(self._clock())) is not None:
            return seconds
        async with taken.asking:
            # Who has waited for another's question finds its answer.
            while (seconds := taken.seconds_to_wait(self._clock())) is None:
                if self._clock() < self._alone_until or not await self._take_more(user, taken):
                    return await self._alone.seconds_to_wait(user)
            return seconds

    async def _take_more(self, user: str, taken: _Taken) -> bool:
        """Take a block of calls, or learn when there are any; False when no one can be asked."""
        try:
            async with asyncio.timeout(_PATIENCE):
                count, seconds = await self._take_calls(user, self._block)
        except (A2EError, TimeoutError) as problem:
            _log.info("Calls of users are counted by this server alone for a moment: %s", problem)
            self._alone_until = self._clock() + _AWAY_SECONDS
            return False
        taken.count, taken.until = count, self._clock() + (seconds or _GOOD_SECONDS)
        return True


@dataclass
class _Taken:
    """Calls of a user that this server has taken; of none it is known until when there are none."""

    count: int = 0
    until: float = float("-inf")
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def seconds_to_wait(self, now: float) -> float | None:
        """Use one up and give 0, or the seconds until there are any; None when it must be asked."""
        if now >= self.until:
            return None
        if self.count:
            self.count -= 1
            if not self.count:
                self.until = float("-inf")
            return 0.0
        return self.until - now
