"""Who carries an unfinished entry: heartbeats, leases, and resuming the work of a server that has died.

A server or a worker that was taken for dead may only have been paused, and continue later. Taking an entry over raises
the number of its lease, and what may be charged is written down under the number that one has, or not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Unpack

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.details import DetailChanges
from a2e_mcp.ledger.entry import EntryChanges, LedgerEntry, with_details
from a2e_mcp.ledger.states import is_resumable
from a2e_mcp.ledger.store import Ledger

_log = logging.getLogger(__name__)


def under_next_lease(entry: LedgerEntry) -> LedgerEntry:
    """An entry that is taken over."""
    return with_details(entry, {"lease": entry.details.lease + 1})


def claimed(entry: LedgerEntry, now: float, *, is_under_way: bool) -> LedgerEntry | None:
    """An entry that is taken over from a server that has died; None when it is under way, or has ended."""
    return None if is_under_way or entry.phase != "intended" else replace(under_next_lease(entry), beat=now)


def advanced(
    entry: LedgerEntry, lease: int, learnt: DetailChanges, **changes: Unpack[EntryChanges]
) -> LedgerEntry | None:
    """An entry with what is about to be charged; None when it was taken over, or has left or ended."""
    if entry.phase != "intended" or entry.details.lease != lease:
        return None
    return replace(with_details(entry, learnt), **changes)


@asynccontextmanager
async def heartbeat(ledger: Ledger, entry_id: str, beat_seconds: float) -> AsyncIterator[None]:
    """Show other servers on this ledger that an entry is under way, for the length of an `async with`."""

    async def keep_beating() -> None:
        while True:
            await asyncio.sleep(beat_seconds)
            try:
                await ledger.heartbeat(entry_id)
            except SettingsError as problem:
                # The ledger may be locked for a moment; only lasting silence means that this server died.
                _log.info("the heartbeat of start %s failed: %s", entry_id, problem)

    beating = asyncio.create_task(keep_beating())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def resume_orphans(
    ledger: Ledger, family: str, resume: Callable[[LedgerEntry], None], beat_seconds: float
) -> None:
    """Resume a family's unfinished files: now, and those of another server once its heartbeat has stopped."""
    others = [entry.id for entry in await ledger.unfinished(family) if is_resumable(entry)]
    while others:
        for entry_id in list(others):
            entry = await ledger.entry(entry_id)
            if not is_resumable(entry):
                others.remove(entry_id)
            elif claimed := await ledger.claim(entry_id):
                others.remove(entry_id)
                resume(claimed)
        if others:
            await asyncio.sleep(beat_seconds)
