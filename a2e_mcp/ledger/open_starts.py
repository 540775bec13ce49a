"""Starts that have not come to an end: what those who run a server watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a2e_mcp.ledger.store import Ledger

_DAY = 86_400.0


async def open_starts(ledger: Ledger) -> Mapping[str, Sequence[float]]:
    """For how many seconds each start of the last day has been intended, sent, or unknown; files on their way are
    none. Raises SettingsError."""
    now = ledger.now()
    seconds: dict[str, list[float]] = {}
    for entry in await ledger.unsettled(now - _DAY):
        if not entry.is_awaited:
            seconds.setdefault(entry.phase, []).append(max(0.0, now - (entry.sent or entry.created)))
    return seconds
