"""The computer that a soak's servers run on: its clock jumps, its ledger is locked, its disk takes no more.

Run as a program this is `a2e-mcp serve`, with the clock of that computer.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_CLOCK = "SOAK_CLOCK"


@dataclass(frozen=True, slots=True)
class JumpingClock:
    """Real time and an offset that stands in a file, so that all processes of one computer share it."""

    file: Path

    def now(self) -> float:
        """Seconds since 1970 by this clock."""
        return time.time() + float(self.file.read_text())

    def jump_to(self, offset: float) -> None:
        """Set the clock so many seconds ahead of real time."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset:g}")
        fresh.replace(self.file)

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a process with this clock."""
        return {_CLOCK: str(self.file)}


@contextmanager
def locked(ledger: Path) -> Iterator[None]:
    """Keep a ledger locked for the length of a `with`, as a backup program does."""
    with closing(sqlite3.connect(ledger, isolation_level=None, timeout=5)) as database:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            database.execute("ROLLBACK")


def fill_disk(pid: int) -> None:
    """Let a process write no file any further."""
    import resource

    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def clear_disk(pid: int) -> None:
    """Let a process write again."""
    import resource

    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def main() -> None:
    """Serve over stdio with the clock of this computer."""
    import anyio

    from a2e_mcp.cli.connection import connect
    from a2e_mcp.server.server import A2EServer
    from a2e_mcp.server.timing import Timing
    from a2e_mcp.settings import read_settings

    settings = read_settings()
    clock = JumpingClock(Path(os.environ[_CLOCK]))
    anyio.run(A2EServer(settings, connect(settings), Timing(now=clock.now)).run_stdio_async)


if __name__ == "__main__":
    main()
