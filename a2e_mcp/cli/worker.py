"""`a2e-mcp worker`: carries on what the servers of a company have begun, beside them on any computer."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from functools import partial

import anyio
from starlette.responses import PlainTextResponse

from a2e_mcp import __version__
from a2e_mcp.cli.authentication import check_own_keys
from a2e_mcp.cli.connection import connect
from a2e_mcp.cli.log_lines import begin_logging
from a2e_mcp.cli.signals import call_on_signals
from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.choice import check_extra
from a2e_mcp.ledger.open_starts import open_starts
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.loopback import listen, serve_until_cancelled
from a2e_mcp.operations.endpoints import Endpoints
from a2e_mcp.operations.instruments import measured_operation
from a2e_mcp.operations.operation import Operation
from a2e_mcp.settings import Settings, read_settings

_AWAY_SECONDS = 2.0
_CLOSING_SECONDS = 15.0
"""Starts under way are given this time; then other workers carry them on."""
_log = logging.getLogger(__name__)


def run_worker(*, sandbox: bool = False, health: str | None = None) -> int:
    """Work until SIGTERM or Ctrl-C. Raises SettingsError."""
    settings = read_settings(None, sandbox=sandbox or None, health=health)
    if settings.database is None:
        raise SettingsError(
            "A worker needs the database of its servers, and A2E_DATABASE is not set",
            hint="Set it to postgresql://user@host/name; a single server needs no worker",
        )
    if settings.mode == "unset":
        raise SettingsError(settings.unconfigured)
    check_extra()
    check_own_keys(settings)
    begin_logging(settings)
    worker = _Worker(settings, settings.database.get_secret_value(), measured_operation("a2e-mcp-worker"))
    anyio.run(worker.run)
    return 0


class _Worker:
    """A worker, and what it answers to those who run it."""

    def __init__(self, settings: Settings, address: str, operation: Operation) -> None:
        self._settings = settings
        self._address = address
        self._operation = operation
        self._problem = SettingsError("The worker has not begun yet", charged=None)
        self._ledger: Ledger | None = None

    async def run(self) -> None:
        """Work until a signal. Raises SettingsError."""
        settings = self._settings
        listener = None if settings.health is None else listen(*settings.health)
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        call_on_signals(lambda: loop.call_soon_threadsafe(ended.set), "SIGINT", "SIGTERM", "SIGHUP")
        working = asyncio.create_task(self._work())
        tasks = [working]
        at = ""
        if listener is not None:
            tasks.append(asyncio.create_task(serve_until_cancelled(self._endpoints(), listener)))
            host, port = listener.getsockname()[:2]
            at = f", health at http://{f'[{host}]' if ':' in host else host}:{port}"
        self._say(f"a2e-mcp {__version__} worker ({settings.mode}){at}.", logging.INFO)
        waiting = asyncio.create_task(ended.wait())
        await asyncio.wait({*tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self._operation.drain.begin()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        if not ended.is_set():
            raise next(each for each in outcomes if isinstance(each, Exception))

    async def _work(self) -> None:
        """Work as soon as the database is there and has the tables of this version."""
        from a2e_mcp.server.own_accounts import open_work
        from a2e_mcp.server.services import open_services
        from a2e_mcp.workers.worker import work_for

        while True:
            try:
                async with (
                    open_services(self._settings, connect(self._settings), operation=self._operation) as services,
                    open_work(self._settings, services, operation=self._operation) as carry_out,
                ):
                    ledger = services.ledger
                    await work_for(
                        ledger,
                        carry_out,
                        self._address,
                        closing_seconds=_CLOSING_SECONDS,
                        on_begin=partial(self._begun, ledger),
                    )
            except SettingsError as problem:
                if self._ledger is not None or str(problem) != str(self._problem):
                    self._say(f"a2e-mcp: {problem}", logging.WARNING)
                self._problem = problem
            finally:
                self._ledger = None
            await asyncio.sleep(_AWAY_SECONDS)

    def _begun(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def _say(self, text: str, level: int) -> None:
        if self._settings.log == "json":
            _log.log(level, text)
        else:
            print(text, file=sys.stderr, flush=True)

    def _endpoints(self) -> Endpoints:
        return Endpoints(
            PlainTextResponse("A worker answers /healthz, /readyz and /metrics\n", 404),
            check=self._check,
            open_starts=self._open_starts,
            drain=self._operation.drain,
            measurements=self._operation.measurements,
        )

    async def _check(self) -> None:
        """Raises SettingsError when it could not carry out a start now."""
        await self._open_ledger().recent(most=1)

    async def _open_starts(self) -> Mapping[str, Sequence[float]]:
        return await open_starts(self._open_ledger())

    def _open_ledger(self) -> Ledger:
        if self._ledger is None:
            # A new one each time: what is raised keeps where it was raised.
            raise SettingsError(self._problem.message, hint=self._problem.hint, charged=None)
        return self._ledger
