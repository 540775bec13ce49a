"""Two servers on one database beside one, and two of the bare SDK, which share nothing, beside one of those."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2

from bench.budgets import REPLICAS_RATIO, REPLICAS_SHARE
from bench.http_calls import http_server
from bench.http_load import KEY
from bench.http_servers import PROCESSOR
from bench.table import Row

_TOOLS = {"ours": "list_spending", "bare": "nothing"}
"""Ours is answered from the ledger, which all servers share; what asks A2E keeps a pace."""
_ENOUGH_CORES = 4
"""Two servers, and two programs that load them."""
_CONNECTIONS = 25
_CALLS = 40


@dataclass(frozen=True, slots=True)
class _Load:
    """What came of loading servers: calls a second, and the processor time of the servers for each call."""

    rate: float
    processor_ms: float


async def replicas_row(address: str, key: str, runs: int) -> Row:
    """Measured, and held to a budget of its own, where each program has a core.

    With fewer cores two servers share what one had alone, and the arithmetic is left: twice as many calls, each of so
    much processor time. What runs beside slows any program down, so the bare SDK's servers say how much of it is the
    computer's doing.
    """
    with _servers("ours", A2E_DATABASE=address, A2E_USER_CALLS="100000") as ours, _servers("bare") as bare:
        loads: dict[str, list[_Load]] = {}
        for _ in range(runs):
            for name, urls in (("ours", ours), ("bare", bare)):
                for count in (1, 2):
                    loads.setdefault(f"{name} {count}", []).append(
                        await _loaded(urls[:count], _TOOLS[name], key if name == "ours" else "")
                    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores >= _ENOUGH_CORES:
        rates = {name: max(each.rate for each in found) for name, found in loads.items()}
        ratio = rates["ours 2"] / rates["ours 1"]
        return Row(
            f"calls a second of two servers on one database beside one (best of {runs})",
            f"{rates['ours 2']:.0f}",
            f"{rates['ours 1']:.0f}",
            f"x {ratio:.2f}",
            f"x {REPLICAS_RATIO:g}",
            ratio >= REPLICAS_RATIO,
        )
    work = {name: min(each.processor_ms for each in found) for name, found in loads.items()}
    ratio, possible = (2 * work[f"{name} 1"] / work[f"{name} 2"] for name in ("ours", "bare"))
    return Row(
        f"two servers on one database beside one, by processor time a call, since {cores} cores are too few (best of"
        f" {runs}); beside two of the bare SDK",
        f"{work['ours 1']:.2f} -> {work['ours 2']:.2f} ms, x {ratio:.2f}",
        f"{work['bare 1']:.2f} -> {work['bare 2']:.2f} ms, x {possible:.2f}",
        f"x {ratio / possible:.2f}",
        f"x {REPLICAS_SHARE:g}",
        ratio / possible >= REPLICAS_SHARE,
    )


@contextmanager
def _servers(name: str, **shared: str) -> Iterator[Sequence[str]]:
    with http_server(name, **shared) as one, http_server(name, **shared) as two:
        yield one, two


async def _loaded(urls: Sequence[str], tool: str, key: str) -> _Load:
    """Each of these servers loaded by a program of its own."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        before = [await _processor_seconds(http, url) for url in urls]
        found = await asyncio.gather(*(_one_load(url, tool, key) for url in urls))
        after = [await _processor_seconds(http, url) for url in urls]
    # The first call of each connection is not timed.
    calls = sum(count + _CONNECTIONS for count, _ in found)
    work = (sum(after) - sum(before)) / calls * 1000
    return _Load(rate=sum(count / seconds for count, seconds in found), processor_ms=work)


async def _one_load(url: str, tool: str, key: str) -> tuple[int, float]:
    command = (sys.executable, "-m", "bench.http_load", url, tool, str(_CONNECTIONS), str(_CALLS))
    loading = await anyio.run_process(command, cwd=Path(__file__).parent.parent, env={**os.environ, KEY: key})
    report = json.loads(loading.stdout)
    return report["calls"], report["seconds"]


async def _processor_seconds(http: httpx2.AsyncClient, url: str) -> float:
    return float((await http.get(url.removesuffix("/mcp") + PROCESSOR)).text)
