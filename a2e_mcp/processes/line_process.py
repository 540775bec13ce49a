"""A subprocess that exchanges lines of JSON over its pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import anyio
from anyio.to_thread import run_sync

import a2e_mcp

_LONGEST_LINE = 1_000_000
_SECONDS_TO_START = 30.0
_LARGEST_LOG = 1_000_000


class RenderFailed(Exception):
    """An order was not carried out; the text is meant for the person who asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class LineProcess:
    """One module of ours in a process of its own; `name` is what messages call it.

    Its pipes are read and written in threads, so that it belongs to no event loop and can outlive the one that started
    it. Every method raises RenderFailed when the process ended or wrote what cannot be read.
    """

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        self._process = process
        self._name = name
        if process.stdin is None or process.stdout is None:
            raise RenderFailed("internal", f"The {name} was started without its pipes.")
        self._requests = process.stdin
        self._replies = process.stdout
        self.greeting = b""

    @classmethod
    async def start(cls, module: str, name: str, folder: Path, log: IO[bytes]) -> LineProcess:
        """Start the module in a folder and wait for its first line, the greeting."""
        started = cls(_process(module, folder, log), name)
        try:
            with anyio.fail_after(_SECONDS_TO_START):
                started.greeting = await started.receive()
        except TimeoutError:
            raise RenderFailed("internal", f"The {name} did not start in time.") from None
        finally:
            if not started.greeting:
                await started.end()
        return started

    @property
    def process_id(self) -> int:
        """Its id in the system."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is over."""
        return self._process.poll() is not None

    async def send(self, line: bytes) -> None:
        """Hand over a line, its end included."""

        def send() -> None:
            self._requests.write(line)
            self._requests.flush()

        try:
            await run_sync(send, abandon_on_cancel=True)
        except (OSError, ValueError):
            raise self._broke_off() from None

    async def receive(self) -> bytes:
        """The next line it writes; a caller that is cancelled here must end the process."""
        try:
            line = await run_sync(self._replies.readline, _LONGEST_LINE, abandon_on_cancel=True)
        except (OSError, ValueError):
            raise self._broke_off() from None
        if not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            raise self._broke_off()
        return line

    async def end(self, seconds: float = 0.0) -> None:
        """End the process: by the end of its input when it is given time for that, else, and after it, at once."""
        with anyio.CancelScope(shield=True):
            await run_sync(self._end, seconds)

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        # Whatever thread was at a pipe has seen its end by now.
        with suppress(OSError):
            self._requests.close()
        self._replies.close()

    def unreadable(self) -> RenderFailed:
        """What to raise when a line makes no sense."""
        return RenderFailed("internal", f"The {self._name} sent an unreadable answer.")

    def _end(self, seconds: float) -> None:
        if seconds:
            with suppress(OSError):
                self._requests.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()

    def _broke_off(self) -> RenderFailed:
        message = f"The {self._name} ended unexpectedly; workers.log in its folder may say why."
        return RenderFailed("internal", message)


def _process(module: str, folder: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P keeps the folder's files from being imported in place of modules.
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd=folder,
        env=worker_environment(),
    )


def open_log(folder: Path) -> IO[bytes]:
    """Where the processes of a folder write their warnings and errors."""
    path = folder / "workers.log"
    is_large = path.exists() and path.stat().st_size > _LARGEST_LOG
    return path.open("wb" if is_large else "ab")


def worker_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The worker's environment: no setting and no token of ours, and a way to find this very package."""
    kept = {name: value for name, value in environment.items() if not name.upper().startswith("A2E_")}
    home = str(Path(a2e_mcp.__file__).parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join(part for part in (home, kept.get("PYTHONPATH")) if part)
    # Several workers share the cores; numpy's own threads only get in their way, and cost a fifth of the work.
    kept.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What a thread of a clip gives back, the next one's can use: by default each has an arena of its own.
    kept.setdefault("MALLOC_ARENA_MAX", "2")
    return kept
