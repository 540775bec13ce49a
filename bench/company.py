"""Servers of a company: what a key or a token adds to a call, and two servers on one database beside one."""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

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
from bench.budgets import KEY_MS
from bench.replicas import replicas_row
from bench.table import Row
from tests.support.identity_provider import AUDIENCE, open_provider
from tests.support.postgresql import scratch_server

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

_REQUESTS = 1000


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
        rows.append(await replicas_row(address, key, runs))
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
