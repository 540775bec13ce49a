"""One render worker: a subprocess that takes orders as JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from a2e_mcp.processes.line_process import LineProcess, RenderFailed
from a2e_mcp.sandbox.protocol import Done, Failed, Order, Outcome, Progress, Ready, Reply, decode_reply, encode_request


class WorkerProcess:
    """A worker, which can outlive the event loop that started it."""

    def __init__(self, process: LineProcess) -> None:
        self._process = process
        self._is_between_orders = False
        self.at_rest_since = 0.0

    @classmethod
    async def start(cls, folder: Path, log: IO[bytes]) -> WorkerProcess:
        """Start a worker and wait until it listens. Raises RenderFailed."""
        process = await LineProcess.start(
            "a2e_mcp.sandbox.render_workers.program", "sandbox's render worker", folder, log
        )
        worker = cls(process)
        try:
            worker._is_between_orders = isinstance(worker._read(process.greeting), Ready)
            if not worker._is_between_orders:
                raise process.unreadable()
        finally:
            if not worker._is_between_orders:
                await worker.end()
        return worker

    @property
    def process_id(self) -> int:
        """The id of the process."""
        return self._process.process_id

    @property
    def is_at_rest(self) -> bool:
        """Whether it is alive and waits for an order."""
        return self._is_between_orders and not self._process.has_ended

    async def carry_out(
        self, order_id: str, order: Order | msgspec.Raw, on_progress: Callable[[float], None]
    ) -> Outcome:
        """Hand over an order and wait for its end; a caller cancelled here must kill it. Raises RenderFailed."""
        self._is_between_orders = False
        await self._process.send(encode_request(order_id, order))
        while True:
            match self._read(await self._process.receive()):
                case Progress(id=answered, progress=progress) if answered == order_id:
                    on_progress(progress)
                case Done(id=answered, outcome=outcome) if answered == order_id:
                    self._is_between_orders = True
                    return outcome
                case Failed() as failure:
                    self._is_between_orders = True
                    raise RenderFailed(failure.code, failure.message)

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        self._process.kill()

    async def end(self) -> None:
        """End the process at once, without holding up the event loop."""
        await self._process.end()

    def _read(self, line: bytes) -> Reply:
        try:
            return decode_reply(line)
        except ValueError:
            raise self._process.unreadable() from None
