"""Who carries an unfinished entry: heartbeats, and taking over from a server that has died."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.job_ids import DOWNLOAD, UPLOAD
from a2e_mcp.ledger.store import Entry, Ledger

_log = logging.getLogger(__name__)


def goes_on(entry: Entry) -> bool:
    """Whether an entry is a file on its way that whoever opens this ledger carries on with."""
    known = entry.family == DOWNLOAD or (entry.family == UPLOAD and bool(entry.steps.get("addresses")))
    return known and entry.phase == "intended" and entry.paying is None


@asynccontextmanager
async def heartbeat(ledger: Ledger, entry_id: str, beat_seconds: float) -> AsyncIterator[None]:
    """Keep telling other servers on this folder that an entry is being carried out."""

    async def keep_saying() -> None:
        while True:
            await asyncio.sleep(beat_seconds)
            try:
                ledger.beat(entry_id)
            except SettingsError as problem:
                # The file may be locked for a moment; who falls silent for good is taken for dead.
                _log.info("start %s could not be said to be under way: %s", entry_id, problem)

    saying = asyncio.create_task(keep_saying())
    try:
        yield
    finally:
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)


async def resume_orphans(ledger: Ledger, family: str, go_on: Callable[[Entry], None], beat_seconds: float) -> None:
    """Go on with a family's unfinished files: now, and with those of another server once it has fallen silent."""
    others = [entry.id for entry in ledger.recent() if entry.family == family and goes_on(entry)]
    while others:
        for entry_id in list(others):
            entry = ledger.entry(entry_id)
            if not goes_on(entry):
                others.remove(entry_id)
            elif ledger.claim(entry_id):
                others.remove(entry_id)
                go_on(entry)
        if others:
            await asyncio.sleep(beat_seconds)
