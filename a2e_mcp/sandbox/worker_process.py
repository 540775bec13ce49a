"""One render worker: a subprocess that takes orders as JSON lines, and belongs to no event loop."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import anyio
from anyio.to_thread import run_sync

import a2e_mcp
from a2e_mcp.sandbox.orders import (
    Done,
    Failed,
    InvalidLine,
    Order,
    Outcome,
    Progress,
    Ready,
    Reply,
    order_to_line,
    reply_from_line,
)

_LONGEST_LINE = 1_000_000
_SECONDS_TO_START = 30.0


class RenderFailed(Exception):
    """An order was not carried out; the text is meant for the person who asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class WorkerProcess:
    """A worker; its pipes are read and written in threads, so that it can outlive the event loop that started it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        if process.stdin is None or process.stdout is None:
            raise RenderFailed("internal", "The sandbox's render worker was started without its pipes.")
        self._orders = process.stdin
        self._replies = process.stdout
        self._is_between_orders = False
        self.at_rest_since = 0.0

    @classmethod
    async def start(cls, folder: Path, log: IO[bytes]) -> WorkerProcess:
        """Start a worker and wait until it listens. Raises RenderFailed."""
        worker = cls(_started(folder, log))
        try:
            with anyio.fail_after(_SECONDS_TO_START):
                ready = await worker._next_reply()
            if not isinstance(ready, Ready):
                raise RenderFailed(
                    "internal", "The sandbox's render worker began with something else than its greeting."
                )
            worker._is_between_orders = True
        except TimeoutError:
            raise RenderFailed("internal", "The sandbox's render worker did not start in time.") from None
        finally:
            if not worker.is_at_rest:
                await worker.end()
        return worker

    @property
    def process_id(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def is_at_rest(self) -> bool:
        """Whether it is alive and waits for an order."""
        return self._is_between_orders and self._process.poll() is None

    async def carry_out(self, order_id: str, order: Order, on_progress: Callable[[float], None]) -> Outcome:
        """Hand over an order and wait for its end; whoever is cancelled here must kill it. Raises RenderFailed."""
        self._is_between_orders = False
        await self._send(order_to_line(order_id, order).encode())
        while True:
            match await self._next_reply():
                case Progress(id=answered, progress=progress) if answered == order_id:
                    on_progress(progress)
                case Done(id=answered, outcome=outcome) if answered == order_id:
                    self._is_between_orders = True
                    return outcome
                case Failed(failure=failure):
                    self._is_between_orders = True
                    raise RenderFailed(failure.code, failure.message)

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        # Whatever thread was at a pipe has seen its end by now.
        with suppress(OSError):
            self._orders.close()
        self._replies.close()

    async def end(self) -> None:
        """End the process at once, without holding up the event loop."""
        with anyio.CancelScope(shield=True):
            await run_sync(self.kill)

    async def _send(self, line: bytes) -> None:
        def send() -> None:
            self._orders.write(line)
            self._orders.flush()

        try:
            await run_sync(send, abandon_on_cancel=True)
        except (OSError, ValueError):
            raise _broke_off() from None

    async def _next_reply(self) -> Reply:
        try:
            line = await run_sync(self._replies.readline, _LONGEST_LINE, abandon_on_cancel=True)
        except (OSError, ValueError):
            raise _broke_off() from None
        if not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            raise _broke_off()
        try:
            return reply_from_line(line.decode())
        except (UnicodeDecodeError, InvalidLine):
            raise RenderFailed("internal", "The sandbox's render worker answered with something unreadable.") from None


def _started(folder: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P keeps the folder's files from being imported in place of modules.
        [sys.executable, "-P", "-m", "a2e_mcp.sandbox.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd=folder,
        env=worker_environment(),
    )


def _broke_off() -> RenderFailed:
    message = "The sandbox's render worker ended in the middle of this job; its workers.log may say why."
    return RenderFailed("internal", message)


def worker_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The worker's environment: no setting and no token of ours, and a way to find this very package."""
    kept = {name: value for name, value in environment.items() if not name.upper().startswith("A2E_")}
    home = str(Path(a2e_mcp.__file__).parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join(part for part in (home, kept.get("PYTHONPATH")) if part)
    # Several workers share the cores; numpy's own threads only get in their way, and cost a fifth of the work.
    kept.setdefault("OPENBLAS_NUM_THREADS", "1")
    return kept
