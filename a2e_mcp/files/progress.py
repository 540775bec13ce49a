"""What files on their way have in common: how far they are, who carries them, and who goes on when that one dies."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

LARGE_FILE = 8 * 2**20
"""Bytes; a larger file on its way is a job of its own."""
QUICK_SECONDS = 4.0
"""A call about a large file answers after this time at the latest."""
FILES = "files"
"""The step of an entry that tells what was saved, as rows of path, bytes and sha256."""
QUIET = "quiet"
"""The step of an entry that is not worth a line in the list of jobs."""

_log = logging.getLogger(__name__)

OnBytes = Callable[[int, int | None], None]
"""Called with the bytes moved so far, and the total when it is known."""


@dataclass(frozen=True, slots=True)
class BytesMoved:
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


class TransferProgress:
    """How far the files are that this process carries, by the ledger's ids."""

    def __init__(self) -> None:
        self._moved: dict[str, BytesMoved] = {}

    def seen(self, entry_id: str) -> OnBytes:
        """What is to be told of an entry's file."""

        def note(done: int, total: int | None) -> None:
            self._moved[entry_id] = BytesMoved(done, total)

        return note

    def moved(self, entry_id: str) -> BytesMoved | None:
        """How far an entry's file is; None when this process carries none."""
        return self._moved.get(entry_id)

    def clear(self, entry_id: str) -> None:
        """Forget an entry's file."""
        self._moved.pop(entry_id, None)
