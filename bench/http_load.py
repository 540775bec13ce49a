"""Calls from many connections at once: `python -m bench.http_load URL TOOL CONNECTIONS CALLS` prints their time.

It is a process of its own, so that several can load several servers. The variable BENCH_KEY is the key that is sent.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx2

MODERN = "2026-07-28"
KEY = "BENCH_KEY"


def caller(
    http: httpx2.AsyncClient, url: str, tool: str, era: str = MODERN, *, key: str = ""
) -> Callable[[], Awaitable[None]]:
    """A function that calls a tool over HTTP as a client of this era does; it raises when the server refuses."""
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": era}
    if key:
        headers["authorization"] = f"Bearer {key}"
    params: dict[str, Any] = {"name": tool, "arguments": {}}
    if era == MODERN:
        headers |= {"mcp-method": "tools/call", "mcp-name": tool}
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
        }
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}

    async def call() -> None:
        answer = await http.post(url, json=request, headers=headers)
        if '"result"' not in answer.text or '"isError":true' in answer.text:
            raise RuntimeError(f"{tool} was refused: {json.dumps(answer.text)}")

    return call


async def load(url: str, tool: str, *, connections: int, calls: int, key: str = "") -> tuple[list[float], float]:
    """How long each call took, and all of them together, in seconds; each connection makes so many calls."""
    taken: list[float] = []

    async def connection() -> None:
        async with httpx2.AsyncClient(timeout=60, trust_env=False) as http:
            call = caller(http, url, tool, key=key)
            await call()
            for _ in range(calls):
                began = time.perf_counter()
                await call()
                taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(connections):
            tasks.start_soon(connection)
    return taken, time.perf_counter() - began


async def _main(*arguments: str) -> None:
    url, tool, connections, calls = arguments
    key = os.environ.get(KEY, "")
    taken, seconds = await load(url, tool, connections=int(connections), calls=int(calls), key=key)
    print(json.dumps({"calls": len(taken), "seconds": seconds}))


if __name__ == "__main__":
    anyio.run(_main, *sys.argv[1:])
