"""A worker in a process of its own, whose A2E is a sandbox on a port: `python -m tests.support.worker_process`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from a2e_mcp.client.connection import Connection
from a2e_mcp.server.own_accounts import open_work
from a2e_mcp.server.services import open_services
from a2e_mcp.workers.worker import work_for
from tests.support.paths import CHECKOUT
from tests.support.server import settings_in
from tests.support.token_watch import TOKEN


@asynccontextmanager
async def worker_process(folder: Path, base_url: str, database: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that works until it is killed, at the end of the block at the latest."""
    command = (sys.executable, "-m", "tests.support.worker_process", str(folder), base_url, database)
    process = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _work(folder: Path, base_url: str, database: str) -> None:
    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        yield Connection(base_url, SecretStr(TOKEN))

    settings = settings_in(folder, database=SecretStr(database))
    async with open_services(settings, connect) as services, open_work(settings, services) as carry_out:
        await work_for(services.ledger, carry_out, database, closing_seconds=5.0)


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1]), *sys.argv[2:]))
