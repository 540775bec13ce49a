"""What goes wrong in a company, each in its turn: deaths, a worker that stands still, and a rolling restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from tests.company.program import Program
from tests.company.stage import Company

Trouble = Callable[[Company], Awaitable[None]]


async def kill_server(company: Company) -> None:
    """Kill a server, and start it again."""
    port, server = next(iter(company.servers.items()))
    await server.kill()
    await asyncio.sleep(company.plan.away_seconds)
    await server.start()
    await until(lambda: company.balancer.is_ready(port), 90, "the killed server is not ready again")


async def kill_worker(company: Company) -> None:
    """Kill a worker while A2E has charged and has not answered yet, and start it again."""
    worker = await _charged_worker(company)
    await worker.kill()
    company.proxy.answer_delay = 0.0
    await asyncio.sleep(company.plan.away_seconds)
    await worker.start()


async def pause_worker(company: Company) -> None:
    """Let a worker stand still in the middle of its work until others have taken it over, and then continue."""
    worker = await _charged_worker(company)
    worker.pause()
    company.proxy.answer_delay = 0.0
    await asyncio.sleep(company.plan.silent_seconds)
    worker.resume()


async def kill_database(company: Company) -> None:
    """Kill PostgreSQL, and start it again once servers have noticed."""
    await asyncio.to_thread(company.database.kill)
    await until(lambda: not any(map(company.balancer.is_ready, company.servers)), 30, "servers are ready without data")
    await asyncio.sleep(company.plan.away_seconds)
    await asyncio.to_thread(company.database.start)
    await until(lambda: all(map(company.balancer.is_ready, company.servers)), 60, "servers do not recover")


async def replace_all(company: Company) -> None:
    """End servers and workers in order and start them again, one after the other."""
    within = company.plan.call_seconds + 20
    for port, server in company.servers.items():
        await _replace(company, server, within)
        await until(partial(company.balancer.is_ready, port), 90, "a new server is not ready")
    for worker in company.workers:
        await _replace(company, worker, within)


async def _replace(company: Company, program: Program, within: float) -> None:
    if (code := await program.end(within=within)) != 0:
        company.report.problems.append(f"{program.name} was replaced and ended with {code}")
    await program.start()


async def _charged_worker(company: Company) -> Program:
    """A worker that A2E has charged and not answered yet; A2E is slow from now on."""
    proxy = company.proxy
    proxy.answer_delay = 2.0
    found: list[Program] = []

    def is_charging() -> bool:
        ports = list(proxy.charging)
        found[:] = [worker for worker in company.workers if any(map(worker.holds, ports))]
        return bool(found)

    await until(is_charging, 120, "no worker was charged")
    return found[0]


TROUBLES: tuple[tuple[float, str, Trouble], ...] = (
    (0.1, "kill -9 of a server", kill_server),
    (0.25, "kill -9 of a worker between a charge and its record", kill_worker),
    (0.4, "a worker stood still between a charge and its record", pause_worker),
    (0.55, "kill -9 of PostgreSQL", kill_database),
    (0.7, "servers and workers replaced one by one", replace_all),
)
"""After which share of the jobs each happens."""


async def until(is_so: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Wait until something is so. Raises TimeoutError with these words."""
    end = asyncio.get_running_loop().time() + seconds
    while not is_so():
        if asyncio.get_running_loop().time() > end:
            raise TimeoutError(otherwise)
        await asyncio.sleep(0.02)
