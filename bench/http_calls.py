"""Calls over HTTP beside the bare SDK's: one after another in both eras, and from fifty connections at once."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from bench.budgets import CALL_MS, CONNECTIONS_RATIO
from bench.calls import median_ms
from bench.http_load import MODERN, caller, load
from bench.http_servers import SHARED
from bench.table import Row

_ROOT = Path(__file__).parent.parent
_TOOLS = {"ours": "get_credits", "bare": "nothing"}
_CONNECTIONS = 50
_ERAS = ("2025-11-25", MODERN)


async def measure_http(runs: int) -> list[Row]:
    """Both servers in turn; the least of the medians, and the best of the loads."""
    with http_server("ours") as ours, http_server("bare") as bare:
        urls = {"ours": ours, "bare": bare}
        rows = [await _sequential(era, urls, runs) for era in _ERAS]
        return [*rows, *await _together(urls, runs)]


async def _sequential(era: str, urls: Mapping[str, str], runs: int) -> Row:
    least = dict.fromkeys(urls, float("inf"))
    async with httpx2.AsyncClient() as http:
        for _ in range(runs):
            for name, url in urls.items():
                least[name] = min(least[name], await median_ms(caller(http, url, _TOOLS[name], era)))
    added = least["ours"] - least["bare"]
    return Row(
        f"one call over HTTP, {era} (least of {runs} medians)",
        f"{least['ours']:.2f} ms",
        f"{least['bare']:.2f} ms",
        f"+ {added:.2f} ms",
        f"+ {CALL_MS:g} ms",
        added <= CALL_MS,
    )


async def _together(urls: Mapping[str, str], runs: int) -> list[Row]:
    """Calls a second and the 95th percentile, from so many connections."""
    rates, slowest = dict.fromkeys(urls, 0.0), dict.fromkeys(urls, float("inf"))
    for _ in range(runs):
        for name, url in urls.items():
            rate, percentile = await _load(url, name)
            rates[name], slowest[name] = max(rates[name], rate), min(slowest[name], percentile)
    ratio = rates["ours"] / rates["bare"]
    return [
        Row(
            f"calls a second over HTTP, {_CONNECTIONS} connections (best of {runs})",
            f"{rates['ours']:.0f}",
            f"{rates['bare']:.0f}",
            f"x {ratio:.2f}",
            f"x {CONNECTIONS_RATIO:g}",
            ratio >= CONNECTIONS_RATIO,
        ),
        Row(
            f"95 % of them answered within (least of {runs})",
            f"{slowest['ours']:.0f} ms",
            f"{slowest['bare']:.0f} ms",
            f"x {slowest['ours'] / slowest['bare']:.2f}",
            f"x {1 / CONNECTIONS_RATIO:g}",
            slowest["ours"] <= slowest["bare"] / CONNECTIONS_RATIO,
        ),
    ]


async def _load(url: str, name: str) -> tuple[float, float]:
    taken, seconds = await load(url, _TOOLS[name], connections=_CONNECTIONS, calls=20)
    return len(taken) / seconds, statistics.quantiles(taken, n=20)[-1] * 1000


@contextmanager
def http_server(name: str, **shared: str) -> Iterator[str]:
    """The URL of a server in a process of its own, with settings of a company."""
    arguments = [sys.executable, "-m", "bench.http_servers", name]
    environment = {**{key: text for key, text in os.environ.items() if key not in SHARED}, **shared}
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_ROOT, env=environment
    ) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the server has no stdout")
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp"
        finally:
            process.kill()
