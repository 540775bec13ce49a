"""The start pipeline by itself, in front of a sandbox: with a ledger and a transport of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from a2e_mcp.client.client import A2EClient
from a2e_mcp.files.local import Files
from a2e_mcp.files.progress import TransferProgress
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.sqlite.ledger import SqliteLedger
from a2e_mcp.lookup.directory import Directory
from a2e_mcp.lookup.script_language import ScriptLanguages
from a2e_mcp.starts.ceilings import Ceilings
from a2e_mcp.starts.payments import Payments
from a2e_mcp.starts.plan import StartContext
from a2e_mcp.starts.pricing import Spending
from a2e_mcp.starts.progress import Deadline, StartProgress
from a2e_mcp.starts.purchase import Keeper
from a2e_mcp.starts.resolve import Resolver
from a2e_mcp.starts.service import Starts

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox


@dataclass(frozen=True)
class Pipeline:
    """Open starts, and what they work with."""

    starts: Starts
    context: StartContext
    resolver: Resolver


async def unheard(_: float, __: str) -> None:
    """Progress that is not looked at."""


def patient() -> Deadline:
    """A caller who waits for whatever comes."""
    return Deadline.within(30, unheard)


@asynccontextmanager
async def open_pipeline(
    sandbox: Sandbox,
    ledger: SqliteLedger,
    inbox: Path,
    transport: httpx2.AsyncBaseTransport | None = None,
    keepers: Mapping[str, Keeper] | None = None,
) -> AsyncIterator[Pipeline]:
    """Open starts on a ledger, in front of a sandbox; leaving them ends what is under way, as a server does."""

    async def no_pause(_: float) -> None:
        await asyncio.sleep(0)

    async with AsyncExitStack() as stack:
        await ledger.open()
        stack.push_async_callback(ledger.close)
        client = await stack.enter_async_context(
            A2EClient(
                sandbox.token, base_url=sandbox.base_url, transport=transport or sandbox.transport(), pause=no_pause
            )
        )
        files = await stack.enter_async_context(Files(folders=(inbox,), output=inbox, trusted=sandbox.owns))
        transfers = TransferProgress()
        jobs = Jobs(client, ledger, sandbox=True, fresh=sandbox.fresh, transfers=transfers)
        directory = Directory(client)
        resolver = Resolver(directory, files, jobs, ledger, sandbox=True)
        context = StartContext(
            client=client,
            ledger=ledger,
            jobs=jobs,
            files=files,
            spending=Spending(client, ledger),
            account_ceilings=Ceilings(None, None),
            payments=Payments(client, ledger),
            progress=StartProgress(transfers),
            transfers=transfers,
            pause=no_pause,
            fresh=sandbox.fresh,
            closing_seconds=5,
        )
        starts = await stack.enter_async_context(
            Starts(
                context,
                resolver=resolver,
                languages=ScriptLanguages(client, directory, seconds=3),
                keepers=keepers,
            )
        )
        yield Pipeline(starts, context, resolver)
