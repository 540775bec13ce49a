"""Turns: the requests of one account are paced, where several servers make them."""

from __future__ import annotations

from typing import Protocol


class Turns(Protocol):
    """When the next request of an account may leave."""

    async def take_turn(self) -> float:
        """Take a turn and give 0, or the seconds after which to ask again."""

    async def busy(self, seconds: float) -> None:
        """Note that A2E takes no requests of this account for so many seconds."""


class AtOnce:
    """Every request leaves at once: one server alone keeps to what A2E tells it by itself."""

    async def take_turn(self) -> float:
        """No one is before it."""
        return 0.0

    async def busy(self, seconds: float) -> None:
        """The request that was answered so waits by itself."""


class Pace(Protocol):
    """What several servers share to keep one pace."""

    async def take_turn(self, per_second: float) -> float:
        """Take one of so many turns a second and give 0, or the seconds after which to ask again."""

    async def busy(self, seconds: float) -> None:
        """Note that A2E takes no requests for so many seconds."""


class SharedTurns(Turns):
    """So many requests a second leave from all servers together."""

    def __init__(self, pace: Pace, per_second: float) -> None:
        self._pace = pace
        self._per_second = per_second

    async def take_turn(self) -> float:
        """Take a turn and give 0, or the seconds after which to ask again."""
        return await self._pace.take_turn(self._per_second)

    async def busy(self, seconds: float) -> None:
        """Note that A2E takes no requests of this account for so many seconds."""
        await self._pace.busy(seconds)
