"""Servers and workers that share a database, in one process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from pydantic import SecretStr

from a2e_mcp.server.own_accounts import open_work
from a2e_mcp.server.services import Services, open_services
from a2e_mcp.server.timing import Timing
from a2e_mcp.workers.worker import work_for
from tests.support.faulty_transport import FaultyTransport
from tests.support.processes import ServerProcess
from tests.support.server import connection_to, settings_in

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox


@dataclass(frozen=True)
class WorkerUnderTest:
    """A worker with its own way to A2E."""

    services: Services
    transport: FaultyTransport


@asynccontextmanager
async def open_worker(
    folder: Path, sandbox: Sandbox, address: str, *, takes_work: bool = True
) -> AsyncIterator[WorkerUnderTest]:
    """A worker that has begun to work, or one that is told by the test what to do."""
    transport = FaultyTransport(sandbox.transport())
    settings = settings_in(folder, database=SecretStr(address))
    timing = Timing(closing_seconds=0.5)
    async with (
        open_services(settings, connection_to(sandbox, lambda _: transport), timing) as services,
        open_work(settings, services, timing) as carry_out,
    ):
        worker = WorkerUnderTest(services, transport)
        shared = services.ledger.shared
        assert shared is not None
        await shared.worker_lives("under test")
        if not takes_work:
            yield worker
            return
        working = asyncio.create_task(work_for(services.ledger, carry_out, address, closing_seconds=0.5))
        try:
            yield worker
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def health_of(worker: ServerProcess) -> str:
    """The address that a worker prints for those who run it."""
    assert worker.process.stderr is not None
    greeting = (await worker.process.stderr.readline()).decode()
    assert "health at http://" in greeting, greeting
    return greeting.partition("health at ")[2].strip().rstrip(".")


async def until_ready(http: httpx2.AsyncClient, health: str, *, seconds: float = 30.0) -> None:
    """Wait until a worker could carry out a start."""
    until = time.monotonic() + seconds
    for _ in range(10_000):
        answer = await http.get(f"{health}/readyz")
        if answer.status_code == 200:
            return
        assert time.monotonic() < until, answer.text
        await asyncio.sleep(0.05)
