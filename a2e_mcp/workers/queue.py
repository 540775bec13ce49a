"""The queue in the database: its tasks, and how the work of a worker that has died is given to another."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from a2e_mcp.errors import SettingsError

RESCUE_QUEUE = "a2e_rescue"
HEARTBEAT_SECONDS = 2.0
DEAD_SECONDS = 10.0
"""After this time without a heartbeat of its worker, work is given to another. A worker that was only slow pays nothing
twice, but its users read that something may have been charged; so it is given the time of five heartbeats."""
_MOST_CONNECTIONS = 4
_AGAIN = RetryStrategy(max_attempts=20, wait=1, linear_wait=1)
"""QueueTasks raise only what another run may not meet again: the database was away, or the worker was stopped."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueTasks:
    """What the tasks of the queue do."""

    carry_out: Callable[[str], Awaitable[None]]
    sweep: Callable[[], Awaitable[object]]
    """Puts into the queue again what it should hold and does not."""


def queue_app(address: str, tasks: QueueTasks) -> App:
    """The queue's side of a worker, which is open as long as its database is there."""
    app = App(
        connector=PsycopgConnector(
            conninfo=address,
            min_size=1,
            max_size=_MOST_CONNECTIONS,
            kwargs={"application_name": "a2e-mcp worker", "connect_timeout": 5},
        )
    )

    @app.task(name="a2e.carry_out", retry=_AGAIN)
    async def carry_out(entry_id: str) -> None:
        await tasks.carry_out(entry_id)

    # The sixth field: every two seconds. Of several workers one does it.
    @app.periodic(cron="* * * * * */2")
    @app.task(name="a2e.rescue", queue=RESCUE_QUEUE, queueing_lock="a2e rescue")
    async def rescue(timestamp: int) -> None:
        await rescue_stalled(app)

    @app.periodic(cron="* * * * * */10")
    @app.task(name="a2e.sweep", queue=RESCUE_QUEUE, queueing_lock="a2e sweep")
    async def sweep(timestamp: int) -> None:
        try:
            await tasks.sweep()
        except SettingsError as problem:
            _log.info("the queue was not swept: %s", problem)

    return app


async def rescue_stalled(app: App) -> None:
    """Give the work of workers that have died to others."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_SECONDS):
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            # Its successor is queued already: the dead one would hold its lock for ever.
            if job.id is not None:
                await app.job_manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)
