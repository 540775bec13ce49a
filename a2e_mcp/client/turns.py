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
