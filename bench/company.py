"""Servers of a company: what a key or a token adds to a call, and two servers on one database beside one."""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import httpx2
import pytest

from a2e_mcp.ledger.postgresql.ledger import open_ledger
from a2e_mcp.ledger.postgresql.users import DatabaseUsers
from a2e_mcp.server.http.gate import Gate
from a2e_mcp.settings import Settings
from a2e_mcp.users.authenticator import Authenticator
from a2e_mcp.users.caller import READ
from a2e_mcp.users.keys import digest_of, new_key
from a2e_mcp.users.keys_file import KeysFile
from a2e_mcp.users.oidc import OidcTokens
from a2e_mcp.users.rate_limit import CallLimit, RateLimit, SharedRateLimit
from a2e_mcp.users.user_list import User, UserKey, UserList
from bench.budgets import KEY_MS, REPLICAS_RATIO
from bench.http_calls import http_server
from bench.http_load import KEY
from bench.http_servers import PROCESSOR
from bench.table import Row
from tests.support.identity_provider import AUDIENCE, open_provider
from tests.support.postgresql import scratch_server

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

_TOOL = "list_spending"
"""It is answered from the ledger, which all servers share; what asks A2E keeps a pace."""
_ENOUGH_CORES = 4
"""Two servers, and two programs that load them."""
_REQUESTS = 1000
_CONNECTIONS = 25
_CALLS = 40


async def measure_company(runs: int) -> list[Row]:
    """All rows; those of a database only where PostgreSQL is installed."""
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        keys_file = KeysFile(Path(folder) / "users.toml")
        key = await _added_to(keys_file)
        rows = [await _row_of_gate("a key of a file", Authenticator(keys_file), key, runs)]
        async with open_provider() as provider:
            tokens = OidcTokens(provider.issuer, AUDIENCE)
            rows.append(
                await _row_of_gate("a token of a provider", Authenticator(None, tokens), provider.token(), runs)
            )
        try:
            address = await asyncio.to_thread(stack.enter_context(scratch_server()).database)
        except pytest.skip.Exception as missing:
            print(f"Not measured with a database: {missing}", file=sys.stderr)
            return rows
        users = DatabaseUsers(address)
        key = await _added_to(users)
        async with open_ledger(address, account="bench", sandbox=True) as ledger:

            async def take_calls(user: str, wanted: int) -> tuple[int, float]:
                # As many at once as usual, and never refused.
                return await ledger.take_calls(user, wanted, per_minute=1e9)

            limit = SharedRateLimit(Settings().user_calls, take_calls)
            rows.append(await _row_of_gate("a key of the database", Authenticator(users), key, runs, limit))
        await users.close()
        rows.append(await _row_of_replicas(address, key, runs))
        return rows


async def _added_to(users: UserList) -> str:
    key = new_key()
    made = User(name="ada", scope=READ, keys=(UserKey(digest_of(key), time.time()),))
    await users.change("ada", lambda _: made)
    return key


async def _row_of_gate(
    what: str, authenticator: Authenticator, credential: str, runs: int, limit: CallLimit | None = None
) -> Row:
    """What the gate does for a request, in processor time, which other programs on the computer change little."""
    gate = Gate(_nothing, authenticator.caller, Settings(), limit=limit or RateLimit(math.inf))
    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {credential}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/mcp", "headers": headers}
    least = dict.fromkeys(("gated", "free"), math.inf)
    for _ in range(runs):
        for name, app in (("gated", gate), ("free", _nothing)):
            began = time.process_time()
            for _ in range(_REQUESTS):
                await app(scope, _no_request, _no_answer)
            least[name] = min(least[name], (time.process_time() - began) / _REQUESTS * 1000)
    return Row(
        f"processor time of a request that shows {what} (least of {runs})",
        f"{least['gated']:.3f} ms",
        "nothing",
        f"+ {least['gated'] - least['free']:.3f} ms",
        f"+ {KEY_MS:g} ms",
        least["gated"] - least["free"] <= KEY_MS,
    )


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """The app behind the gate; only who is let in comes here."""


async def _no_request() -> Message:
    return {"type": "http.disconnect"}


async def _no_answer(message: Message) -> None:
    raise RuntimeError(f"the gate refused: {message}")


@dataclass(frozen=True, slots=True)
class _Load:
    """What came of loading servers: calls a second, and the processor time of the servers for each call."""

    rate: float
    processor_ms: float


async def _row_of_replicas(address: str, key: str, runs: int) -> Row:
    """Two servers beside one, in turn: measured and held to a budget where each program has a core.

    With fewer cores two servers share what one had alone, and only the arithmetic is left: how much processor time a
    call takes in each case. It is no more than a hint, since what runs beside changes it too.
    """
    shared = {"A2E_DATABASE": address, "A2E_USER_CALLS": "100000"}
    with http_server("ours", **shared) as one, http_server("ours", **shared) as two:
        loads: dict[str, list[_Load]] = {"one": [], "two": []}
        for _ in range(runs):
            loads["one"].append(await _loaded([one], key))
            loads["two"].append(await _loaded([one, two], key))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    best = {name: max(each.rate for each in found) for name, found in loads.items()}
    work = {name: min(each.processor_ms for each in found) for name, found in loads.items()}
    is_measured = cores >= _ENOUGH_CORES
    ratio = best["two"] / best["one"] if is_measured else 2 * work["one"] / work["two"]
    how = "measured" if is_measured else f"2 x processor time a call, since {cores} cores are too few to measure"
    return Row(
        f"two servers on one database beside one: {how} (best of {runs})",
        f"{best['two']:.0f}, {work['two']:.2f} ms each",
        f"{best['one']:.0f}, {work['one']:.2f} ms each",
        f"x {ratio:.2f}",
        f"x {REPLICAS_RATIO:g}" if is_measured else f"none with {cores} cores",
        ratio >= REPLICAS_RATIO or not is_measured,
    )


async def _loaded(urls: Sequence[str], key: str) -> _Load:
    """Each of these servers loaded by a program of its own."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        before = [await _processor_seconds(http, url) for url in urls]
        found = await asyncio.gather(*(_one_load(url, key) for url in urls))
        after = [await _processor_seconds(http, url) for url in urls]
    # The first call of each connection is not timed.
    calls = sum(count + _CONNECTIONS for count, _ in found)
    work = (sum(after) - sum(before)) / calls * 1000
    return _Load(rate=sum(count / seconds for count, seconds in found), processor_ms=work)


async def _one_load(url: str, key: str) -> tuple[int, float]:
    command = (sys.executable, "-m", "bench.http_load", url, _TOOL, str(_CONNECTIONS), str(_CALLS))
    loading = await anyio.run_process(command, cwd=Path(__file__).parent.parent, env={**os.environ, KEY: key})
    report = json.loads(loading.stdout)
    return report["calls"], report["seconds"]


async def _processor_seconds(http: httpx2.AsyncClient, url: str) -> float:
    return float((await http.get(url.removesuffix("/mcp") + PROCESSOR)).text)
