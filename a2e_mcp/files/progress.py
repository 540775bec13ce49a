"""Progress of transfers, in bytes, and what counts as a large file."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

LARGE_FILE = 8 * 2**20
"""Bytes; the transfer of a larger file is a job of its own."""
QUICK_SECONDS = 4.0
"""A call about a large file answers within this time."""

_log = logging.getLogger(__name__)

OnBytes = Callable[[int, int | None], None]
"""Called with the bytes moved so far, and the total when it is known."""


@dataclass(frozen=True, slots=True)
class BytesMoved:
    """How much of a file was transferred, in bytes; `total` is None when unknown."""

    done: int
    total: int | None

    @property
    def large(self) -> bool:
        """Whether it is a large file, as far as known."""
        return (self.done if self.total is None else self.total) > LARGE_FILE

    @property
    def share(self) -> float | None:
        """The share that is done, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else None

    def __str__(self) -> str:
        done = f"{self.done / 2**20:.1f}"
        return f"{done} MB" if self.total is None else f"{done} of {self.total / 2**20:.1f} MB"


@dataclass(frozen=True, slots=True)
class WorkDone:
    """How much of other work on a file is done, such as rendering: a share from 0 to 1."""

    share: float
    what: str
    large: bool = True

    def __str__(self) -> str:
        return f"{self.what}."


Progress: TypeAlias = BytesMoved | WorkDone


class TransferProgress:
    """The transfers of this process, and other work on files, by ledger entry id."""

    def __init__(self) -> None:
        self._moved: dict[str, Progress] = {}

    def working(self, entry_id: str) -> Callable[[float, str], None]:
        """The callback that records the progress of other work on an entry's file."""

        def note(share: float, what: str) -> None:
            self._moved[entry_id] = WorkDone(share, what)

        return note

    def seen(self, entry_id: str) -> OnBytes:
        """The callback that records the progress of an entry's file."""

        def note(done: int, total: int | None) -> None:
            self._moved[entry_id] = BytesMoved(done, total)

        return note

    def moved(self, entry_id: str) -> Progress | None:
        """The progress of an entry's file; None when this process transfers none."""
        return self._moved.get(entry_id)

    def clear(self, entry_id: str) -> None:
        """Forget an entry's file."""
        self._moved.pop(entry_id, None)
