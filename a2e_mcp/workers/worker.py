"""A worker: takes work from the queue until it is stopped, also while its database comes and goes."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import psycopg
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.store import Ledger, SharedLedger
from a2e_mcp.workers.queue import DEAD_SECONDS, HEARTBEAT_SECONDS, RESCUE_QUEUE, QueueTasks, queue_app
from a2e_mcp.workers.queue_logs import log_no_outages

_AT_ONCE = 40
_AWAY_SECONDS = 1.0
_FORGOTTEN_SECONDS = 60.0

_log = logging.getLogger(__name__)


async def work_for(
    ledger: Ledger,
    carry_out: Callable[[str], Awaitable[None]],
    address: str,
    *,
    closing_seconds: float,
    on_begin: Callable[[], None] = lambda: None,
) -> None:
    """Work until this is cancelled; what is under way then is given so many seconds, and left to other workers.

    `on_begin` is called once servers know that there is this worker. Raises SettingsError when that cannot be written.
    """
    shared = ledger.shared
    if shared is None:
        raise AssertionError("a worker needs a ledger that several servers share")
    log_no_outages()
    tasks = QueueTasks(carry_out=carry_out, sweep=partial(_sweep, shared))
    async with _known(shared):
        on_begin()
        while True:
            app = queue_app(address, tasks)
            try:
                async with app.open_async():
                    await app.run_worker_async(
                        queues=[shared.queue, RESCUE_QUEUE],
                        name="a2e-mcp",
                        concurrency=_AT_ONCE,
                        delete_jobs="successful",
                        install_signal_handlers=False,
                        update_heartbeat_interval=HEARTBEAT_SECONDS,
                        stalled_worker_timeout=DEAD_SECONDS,
                        shutdown_graceful_timeout=closing_seconds,
                    )
            except (ConnectorException, psycopg.Error, PoolTimeout) as problem:
                # The queue library's own error says no more than that there was one.
                reason = problem.__cause__ or problem
                _log.warning("The worker has lost its database and tries again: %s", " ".join(str(reason).split()))
            await asyncio.sleep(_AWAY_SECONDS)


@asynccontextmanager
async def _known(ledger: SharedLedger) -> AsyncIterator[None]:
    """Let servers know that there is a worker, for the length of an `async with`."""
    worker_id = secrets.token_hex(8)

    async def say() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                await ledger.worker_lives(worker_id)
            except SettingsError as problem:
                _log.info("the worker could not say that it lives: %s", problem)

    await ledger.worker_lives(worker_id)
    saying = asyncio.create_task(say())
    try:
        yield
    finally:
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)
        with suppress(SettingsError):
            await ledger.worker_ends(worker_id)


async def _sweep(ledger: SharedLedger) -> None:
    """Put into the queue again what it should hold and does not, such as after its tables were restored."""
    if found := await ledger.defer_forgotten(_FORGOTTEN_SECONDS):
        _log.warning("%s starts were not in the queue and are again", found)
