"""`a2e-mcp worker`: carries on what the servers of a company have begun, beside them on any computer."""

from __future__ import annotations

import asyncio
import sys

import anyio

from a2e_mcp import __version__
from a2e_mcp.cli.connection import connect
from a2e_mcp.cli.log_lines import begin_logging
from a2e_mcp.cli.signals import call_on_signals
from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.choice import check_extra
from a2e_mcp.settings import Settings, read_settings

_AWAY_SECONDS = 2.0
_CLOSING_SECONDS = 15.0
"""Starts under way are given this time; then other workers carry them on."""


def run_worker(*, sandbox: bool = False) -> int:
    """Work until SIGTERM or Ctrl-C. Raises SettingsError."""
    settings = read_settings(None, sandbox=sandbox or None)
    if settings.database is None:
        raise SettingsError(
            "A worker needs the database of its servers, and A2E_DATABASE is not set",
            hint="Set it to postgresql://user@host/name; a single server needs no worker",
        )
    if settings.mode == "unset":
        raise SettingsError(settings.unconfigured)
    check_extra()
    begin_logging(settings)
    anyio.run(_until_signal, settings, settings.database.get_secret_value())
    return 0


async def _until_signal(settings: Settings, address: str) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    call_on_signals(lambda: loop.call_soon_threadsafe(ended.set), "SIGINT", "SIGTERM", "SIGHUP")
    working = asyncio.create_task(_work(settings, address))
    print(f"a2e-mcp {__version__} worker ({settings.mode}).", file=sys.stderr, flush=True)
    waiting = asyncio.create_task(ended.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    if not ended.is_set():
        working.result()


async def _work(settings: Settings, address: str) -> None:
    """Work as soon as the database is there and has the tables of this version."""
    from a2e_mcp.server.services import open_services
    from a2e_mcp.workers.worker import work_for

    told = ""
    while True:
        try:
            async with open_services(settings, connect(settings)) as services:
                told = ""
                await work_for(services.ledger, services.starts.workers, address, closing_seconds=_CLOSING_SECONDS)
        except SettingsError as problem:
            if str(problem) != told:
                told = str(problem)
                print(f"a2e-mcp: {told}", file=sys.stderr, flush=True)
        await asyncio.sleep(_AWAY_SECONDS)
