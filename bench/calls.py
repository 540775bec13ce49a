"""What we add to a tool call: get_credits in memory, less the SDK's own call and the raw HTTP call under it."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from mcp import Client
from pydantic import SecretStr

from a2e_mcp.catalogue.account import GET_CREDITS
from a2e_mcp.client.connection import Connect, Connection
from a2e_mcp.server.server import A2EServer
from a2e_mcp.settings import Settings
from bench import one_tool
from bench.budgets import CALL_MS
from bench.table import Row

_BASE = "https://a2e.invalid"
_CALLS = 200


def _credits(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, json={"code": 0, "data": {"coins": 1234, "diamonds": 0}, "trace_id": "bench"})


async def measure_calls(runs: int) -> Row:
    """The three calls in turn; the median of each run, the least of the medians."""
    transport = httpx2.MockTransport(_credits)
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder:
        server = A2EServer(live_settings(Path(folder)), connect_to_credits(transport))
        async with (
            Client(server, cache=None) as ours,
            Client(one_tool.server, cache=None) as bare,
            httpx2.AsyncClient(transport=transport, base_url=_BASE) as http,
        ):
            calls: dict[str, Callable[[], Awaitable[object]]] = {
                "ours": lambda: ours.call_tool("get_credits", {}),
                "SDK": lambda: bare.call_tool("nothing", {}),
                "HTTP": lambda: http.get(GET_CREDITS.endpoint.path),
            }
            medians: dict[str, list[float]] = {name: [] for name in calls}
            for _ in range(runs):
                for name, call in calls.items():
                    medians[name].append(await median_ms(call))
    least = {name: min(each) for name, each in medians.items()}
    added = least["ours"] - least["SDK"] - least["HTTP"]
    return Row(
        f"one get_credits call (median of {_CALLS}, least of {runs})",
        f"{least['ours']:.2f} ms",
        f"{least['SDK']:.2f} SDK + {least['HTTP']:.2f} HTTP ms",
        f"+ {added:.2f} ms",
        f"+ {CALL_MS:g} ms",
        added <= CALL_MS,
    )


async def median_ms(call: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of one call."""
    seconds = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        await call()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1000


def live_settings(folder: Path) -> Settings:
    """Live mode with a token of no account."""
    return Settings(token=SecretStr("sk_bench"), data=folder, output=folder / "out", files=())


def connect_to_credits(transport: httpx2.MockTransport | None = None) -> Connect:
    """A connection to an A2E that answers every call with a balance."""
    transport = transport or httpx2.MockTransport(_credits)
    return lambda: _opened(transport)


@asynccontextmanager
async def _opened(transport: httpx2.MockTransport) -> AsyncIterator[Connection]:
    yield Connection(_BASE, SecretStr("sk_bench"), transport)
