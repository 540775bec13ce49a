"""A sandbox on a port, which long runs take for A2E."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import httpx2

from a2e_mcp.sandbox.serve import serve_on_port
from a2e_mcp.sandbox.settings import SandboxSettings
from tests.support.fault_proxy import as_live

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox


@asynccontextmanager
async def served_sandbox(folder: Path, workers: int, policy: str = "rendered") -> AsyncIterator[Sandbox]:
    """A sandbox on a port."""
    opened: asyncio.Future[Sandbox] = asyncio.get_running_loop().create_future()
    settings = SandboxSettings(folder=folder, credits=10**8, draft=True, workers=workers, policy=policy)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: serve_on_port(settings, on_ready=opened.set_result))
        try:
            yield await opened
        finally:
            tasks.cancel_scope.cancel()


async def some_picture(sandbox: Sandbox) -> str:
    """The public address of some picture of A2E's."""
    async with httpx2.AsyncClient(base_url=sandbox.base_url, trust_env=False) as http:
        http.headers["authorization"] = f"Bearer {sandbox.token}"
        rows = (await http.post("/api/v1/custom_back/allBackground", json={})).json()["data"]
    return as_live(rows[0]["img_url"].encode(), sandbox.base_url).decode()


def credits_charged(sandbox: Sandbox) -> float:
    """What A2E's books say was charged, less what was refunded."""
    books = sandbox.control.inspect()["transactions"]
    return -sum(float(each["amount"]) for each in books if each["reason"] != "sandbox grant")
