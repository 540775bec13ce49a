"""What files on their way have in common: how far they are, who carries them, and who goes on when that one dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from a2e_mcp.errors import SettingsError
from a2e_mcp.handles import DOWNLOAD, UPLOAD
from a2e_mcp.ledger import Entry, Ledger

LARGE_FILE = 8 * 2**20
"""Bytes; a larger file on its way is a job of its own."""
QUICK_SECONDS = 4.0
"""A call about a large file answers after this time at the latest."""
FILES = "files"
"""The step of an entry that tells what was saved, as rows of path, bytes and sha256."""
QUIET = "quiet"
"""The step of an entry that is not worth a line in the list of jobs."""

_log = logging.getLogger(__name__)

Seen = Callable[[int, int | None], None]
"""Told of bytes that have gone or come so far, and of all of them when that is known."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a file is, in bytes; `total` is None when nobody has said."""

    done: int
    total: int | None

    @property
    def large(self) -> bool:
        """Whether it is a large file, as far as is known."""
        return (self.done if self.total is None else self.total) > LARGE_FILE

    @property
    def share(self) -> float | None:
        """How much of it is done, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else None

    def __str__(self) -> str:
        done = f"{self.done / 2**20:.1f}"
        return f"{done} MB" if self.total is None else f"{done} of {self.total / 2**20:.1f} MB"


class Board:
    """How far the files are that this process carries, by the ledger's ids."""

    def __init__(self) -> None:
        self._moved: dict[str, Moved] = {}

    def seen(self, entry_id: str) -> Seen:
        """What is to be told of an entry's file."""

        def note(done: int, total: int | None) -> None:
            self._moved[entry_id] = Moved(done, total)

        return note

    def moved(self, entry_id: str) -> Moved | None:
        """How far an entry's file is; None when this process carries none."""
        return self._moved.get(entry_id)

    def clear(self, entry_id: str) -> None:
        """Forget an entry's file."""
        self._moved.pop(entry_id, None)


def goes_on(entry: Entry) -> bool:
    """Whether an entry is a file on its way that whoever opens this ledger carries on with."""
    known = entry.family == DOWNLOAD or (entry.family == UPLOAD and bool(entry.steps.get("addresses")))
    return known and entry.phase == "intended" and entry.paying is None


@asynccontextmanager
async def said_to_be_under_way(ledger: Ledger, entry_id: str, beat_seconds: float) -> AsyncIterator[None]:
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


async def take_over(ledger: Ledger, family: str, go_on: Callable[[Entry], None], beat_seconds: float) -> None:
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
