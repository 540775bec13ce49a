"""The sandbox's own time: real time plus an offset, or standing still."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from a2e_mcp.sandbox.store import Store


class Clock:
    """A clock that can be moved forward and stopped; its setting is kept in the folder.

    Leases between processes do not use it: they are about real time.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offset = float(store.fact("clock_offset") or 0.0)
        stopped = store.fact("clock_stopped_at")
        self._stopped_at = float(stopped) if stopped else None

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still."""
        return self._stopped_at is not None

    def now(self) -> float:
        """Seconds since 1970 by this clock."""
        return time.time() + self._offset if self._stopped_at is None else self._stopped_at

    def advance(self, seconds: float) -> None:
        """Move forward, also while standing still."""
        if self._stopped_at is None:
            self._offset += seconds
        else:
            self._stopped_at += seconds
        self._keep()

    def freeze(self) -> None:
        """Stand still."""
        self._stopped_at = self.now()
        self._keep()

    def resume(self) -> None:
        """Run on from where it stands."""
        if self._stopped_at is not None:
            self._offset = self._stopped_at - time.time()
            self._stopped_at = None
            self._keep()

    def reset(self) -> None:
        """Show real time again."""
        self._offset, self._stopped_at = 0.0, None
        self._keep()

    def _keep(self) -> None:
        self._store.set_fact("clock_offset", repr(self._offset))
        self._store.set_fact("clock_stopped_at", "" if self._stopped_at is None else repr(self._stopped_at))


def iso(moment: float) -> str:
    """A moment as A2E writes it: ISO 8601 in UTC with milliseconds."""
    written = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")
