"""A subprocess of the sandbox that is spoken to in lines of JSON over its pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

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
    """One module of ours in a process of its own; `name` is what people are told broke when it breaks.

    Every method raises RenderFailed when the process ended or wrote what cannot be read.
    """

    def __init__(self, process: Process, name: str) -> None:
        self._process = process
        self._name = name
        if process.stdin is None or process.stdout is None:
            raise RenderFailed("internal", f"The sandbox's {name} was started without its pipes.")
        self._requests = process.stdin
        self._replies = BufferedByteReceiveStream(process.stdout)
        self.greeting = ""

    @classmethod
    async def start(cls, module: str, name: str, folder: Path, log: IO[bytes]) -> LineProcess:
        """Start the module in a folder and wait for its first line, the greeting."""
        process = await anyio.open_process(
            # -P keeps the folder's files from being imported in place of modules.
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env=worker_environment(),
        )
        started = cls(process, name)
        try:
            with anyio.fail_after(_SECONDS_TO_START):
                started.greeting = await started.receive()
        except TimeoutError:
            raise RenderFailed("internal", f"The sandbox's {name} did not start in time.") from None
        finally:
            if not started.greeting:
                await started.kill()
        return started

    @property
    def process_id(self) -> int:
        """Its id in the system."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is known to be over."""
        return self._process.returncode is not None

    async def send(self, line: str) -> None:
        """Hand over a line, its end included."""
        try:
            await self._requests.send(line.encode())
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise self._broke_off() from None

    async def receive(self) -> str:
        """The next line it writes."""
        try:
            return (await self._replies.receive_until(b"\n", _LONGEST_LINE)).decode()
        except (anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise self._broke_off() from None
        except (anyio.DelimiterNotFound, UnicodeDecodeError):
            raise self.unreadable() from None

    async def end(self, seconds: float) -> None:
        """Close its stdin, on which it ends by itself, and kill it when it has not within some seconds."""
        with anyio.CancelScope(shield=True):
            await self._requests.aclose()
            with anyio.move_on_after(seconds):
                await self._process.wait()
            await self.kill()

    async def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        with anyio.CancelScope(shield=True):
            if self._process.returncode is None:
                self._process.kill()
            await self._process.aclose()

    def unreadable(self) -> RenderFailed:
        """What to raise when a line makes no sense."""
        return RenderFailed("internal", f"The sandbox's {self._name} answered with something unreadable.")

    def _broke_off(self) -> RenderFailed:
        message = f"The sandbox's {self._name} ended in the middle of its work; workers.log in its folder may say why."
        return RenderFailed("internal", message)


def open_log(folder: Path) -> IO[bytes]:
    """Where the processes of a folder write what nobody asked for."""
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
    return kept
