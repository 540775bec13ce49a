"""A company's servers under load: two servers, two workers, a balancer and PostgreSQL, killed one after the other.

At the end the books of A2E, which is a sandbox on a port, are compared with what was wanted and with the ledger.
"""

from __future__ import annotations

import asyncio
import io
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import psycopg
from PIL import Image

from a2e_mcp.ledger.postgresql.users import DatabaseUsers
from a2e_mcp.loopback import LOOPBACK, listen
from a2e_mcp.users.caller import SPEND
from a2e_mcp.users.keys import digest_of, new_key
from a2e_mcp.users.user_list import User, UserKey
from tests.company.balancer import Balancer, open_balancer
from tests.company.people import CompanyJob, CompanyUser, Figures
from tests.company.program import Program
from tests.company.report import CompanyReport
from tests.soak.fault_proxy import FaultProxy, open_fault_proxy
from tests.soak.run import served_sandbox, some_picture
from tests.support.postgresql import ScratchServer, scratch_server
from tests.support.token_watch import TOKEN

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

_PICTURE, _CLIP, _SPEECH = 15, 100, 1
"""Credits that the sandbox takes for a picture, a clip, and a short sentence."""
_MOST_OFF = 0.05
"""The ledger may be so much above what A2E charged, and never below: the balance cannot tell charges apart that
overlap, and what was lost counts as charged."""
RECOVERY_SECONDS = 40.0
"""Within this time after a death everything that was under way has its answer."""


@dataclass(frozen=True, slots=True)
class CompanyPlan:
    """How many users want how many jobs, and how long a clip takes at A2E."""

    users: int = 200
    jobs: int = 1000
    seed: int = 1
    clip_seconds: float = 4.0
    pause_seconds: float = 40.0
    """A user asks for the next job after at most this time."""
    away_seconds: float = 3.0
    """How long what was killed stays away."""
    call_seconds: float = 30.0
    end_seconds: float = 600.0


@dataclass
class _Company:
    """Everything that a run works with."""

    plan: CompanyPlan
    folder: Path
    database: ScratchServer
    address: str
    sandbox: Sandbox
    proxy: FaultProxy
    balancer: Balancer
    servers: dict[int, Program]
    workers: list[Program]
    users: list[CompanyUser]
    figures: Figures
    report: CompanyReport
    clips: dict[int, float] = field(default_factory=dict)

    @property
    def jobs(self) -> list[CompanyJob]:
        return [job for user in self.users for job in user.jobs]

    @property
    def settled(self) -> int:
        return sum(job.is_settled for job in self.jobs)


async def run_company(plan: CompanyPlan, folder: Path, say: Callable[[str], None] = lambda _: None) -> CompanyReport:
    """Run a company in a folder and return what it has shown."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with _open_company(plan, folder) as company:
        for program in [*company.servers.values(), *company.workers]:
            await program.start()
        await _until(lambda: all(map(company.balancer.is_ready, company.servers)), 90, "no server is ready")
        say(f"two servers and two workers are ready after {loop.time() - began:.0f} s")
        working = [asyncio.create_task(user.work()) for user in company.users]
        telling = asyncio.create_task(_tell(company, say))
        try:
            for share, name, trouble in (
                (0.1, "kill -9 of a server", _kill_server),
                (0.25, "kill -9 of a worker between a charge and its record", _kill_worker),
                (0.45, "kill -9 of PostgreSQL", _kill_database),
                (0.65, "servers and workers replaced one by one", _replace_all),
            ):
                await _until(partial(_has_settled, company, share), plan.end_seconds, f"stuck before {name}")
                at = loop.time()
                await trouble(company)
                end = loop.time()
                under_way = [
                    job
                    for job in company.jobs
                    if job.asked_at is not None
                    and job.asked_at <= end
                    and (job.answered_at is None or job.answered_at > at)
                ]
                otherwise = f"what was under way at {name} has no answer"
                await _until(partial(_are_answered, under_way), plan.end_seconds, otherwise)
                seconds = max(
                    ((job.answered_at or 0.0) - max(at, job.asked_at or 0.0) for job in under_way), default=0.0
                )
                company.report.recoveries.append((f"{name} ({len(under_way)} starts under way)", seconds))
                say(f"{name}: {len(under_way)} were under way, recovered in {seconds:.1f} s; {company.settled} settled")
            async with asyncio.timeout(plan.end_seconds):
                await asyncio.gather(*working)
        except TimeoutError as problem:
            rest = [job for job in company.jobs if not job.is_settled]
            company.report.problems.append(f"{problem}; not settled: {[(j.number, j.last[:100]) for j in rest[:5]]}")
        finally:
            for task in (telling, *working):
                task.cancel()
            await asyncio.gather(telling, *working, return_exceptions=True)
        for user in company.users:
            await user.look_at_others([job for job in company.jobs if job.user != user.name])
        await _compare(company)
        for program in [*company.servers.values(), *company.workers]:
            if (code := await program.end(within=plan.call_seconds + 20)) != 0:
                company.report.problems.append(f"{program.name} ended with {code}")
        _check_outputs(company)
        company.report.seconds = loop.time() - began
        return company.report


async def _tell(company: _Company, say: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(20)
        say(f"{company.settled} of {company.plan.jobs} settled")


def _has_settled(company: _Company, share: float) -> bool:
    return company.settled >= share * company.plan.jobs


def _are_answered(jobs: Sequence[CompanyJob]) -> bool:
    return all(job.answered_at is not None for job in jobs)


def _instead(user: User, _: User | None) -> User:
    return user


async def _until(is_so: Callable[[], bool], seconds: float, otherwise: str) -> None:
    until = asyncio.get_running_loop().time() + seconds
    while not is_so():
        if asyncio.get_running_loop().time() > until:
            raise TimeoutError(otherwise)
        await asyncio.sleep(0.02)


# ------------------------------------------------------------------ what is there


@asynccontextmanager
async def _open_company(plan: CompanyPlan, folder: Path) -> AsyncIterator[_Company]:
    dice = random.Random(plan.seed)
    async with AsyncExitStack() as stack:
        database = stack.enter_context(scratch_server())
        address = await asyncio.to_thread(database.database)
        sandbox = await stack.enter_async_context(
            served_sandbox(folder / "a2e", workers=2, policy=f"seconds:{plan.clip_seconds:g}")
        )
        proxy = await stack.enter_async_context(open_fault_proxy(sandbox.base_url, ahead=0.0, dice=dice))
        proxy.prices_each = False
        ports = _free_ports(3)
        balancer = await stack.enter_async_context(open_balancer(ports[:2], ports[2]))
        variables = {
            "A2E_API_TOKEN": TOKEN,
            "A2E_BASE_URL": proxy.url,
            "A2E_CALL_SECONDS": f"{plan.call_seconds:g}",
            "A2E_DAILY_CREDITS": f"{10**7}",
            "A2E_DATABASE": address,
            "A2E_PUBLIC_URL": balancer.url,
            "A2E_DRAIN_SECONDS": "1",
            "A2E_USER_CALLS": "10000",
            # Files are at a public address: only through a proxy can that be this computer.
            "HTTP_PROXY": proxy.url,
            "http_proxy": proxy.url,
            "NO_PROXY": "",
        }
        servers = {
            port: Program(f"server-{number}", folder, variables, "serve", "--http", f"{LOOPBACK}:{port}")
            for number, port in enumerate(ports[:2], 1)
        }
        workers = [Program(f"worker-{number}", folder, variables, "worker") for number in (1, 2)]
        for program in [*servers.values(), *workers]:
            stack.push_async_callback(program.kill)
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=50)
        http = await stack.enter_async_context(
            httpx2.AsyncClient(trust_env=False, timeout=plan.call_seconds + 15, limits=limits)
        )
        figures = Figures()
        users = await _people(
            plan=plan,
            address=address,
            picture_url=await some_picture(sandbox),
            http=http,
            url=balancer.url,
            dice=dice,
            figures=figures,
        )
        yield _Company(
            plan, folder, database, address, sandbox, proxy, balancer, servers, workers, users, figures, CompanyReport()
        )


async def _people(
    *,
    plan: CompanyPlan,
    address: str,
    picture_url: str,
    http: httpx2.AsyncClient,
    url: str,
    dice: random.Random,
    figures: Figures,
) -> list[CompanyUser]:
    """Users with their keys, and with ceilings that the last job of each would pass."""
    found = DatabaseUsers(address)
    content = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(content, "PNG")
    each = plan.jobs // plan.users
    users = []
    for number in range(plan.users):
        name, key = f"user-{number}", new_key()
        jobs = [_job(number, each, place, name, picture_url) for place in range(each)]
        ceiling = float(sum(job.price for job in jobs[:-1]))
        known = User(name, SPEND, per_day=ceiling).with_key(UserKey(digest_of(key), time.time()))
        await found.change(name, partial(_instead, known))
        users.append(CompanyUser(name, key, jobs, content.getvalue(), http, url, dice, figures, plan.pause_seconds))
    await found.close()
    return users


def _job(user: int, each: int, place: int, name: str, picture_url: str) -> CompanyJob:
    number = user * each + place
    if 0 < place < each - 1 and place % 2:
        words = {"script": f"Take {number}. Good morning.", "voice": "Aria"}
        return CompanyJob(number, name, "generate_speech", words, _SPEECH)
    if place == 0 and user % 10 == 0:
        clip = {"image": picture_url, "prompt": f"Take {number}. The waves move"}
        return CompanyJob(number, name, "start_image_to_video", clip, _CLIP)
    return CompanyJob(number, name, "start_text_to_image", {"prompt": f"Take {number}. A blue house"}, _PICTURE)


def _free_ports(count: int) -> list[int]:
    listeners = [listen(LOOPBACK, 0) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


# ------------------------------------------------------------------ what goes wrong


async def _kill_server(company: _Company) -> None:
    port, server = next(iter(company.servers.items()))
    await server.kill()
    await asyncio.sleep(company.plan.away_seconds)
    await server.start()
    await _until(lambda: company.balancer.is_ready(port), 90, "the killed server is not ready again")


async def _kill_worker(company: _Company) -> None:
    """Kill a worker while A2E has charged and has not answered yet."""
    proxy = company.proxy
    proxy.answer_delay = 2.0
    found: list[Program] = []

    def is_charging() -> bool:
        ports = list(proxy.charging)
        found[:] = [worker for worker in company.workers if any(map(worker.holds, ports))]
        return bool(found)

    await _until(is_charging, 120, "no worker was charged")
    await found[0].kill()
    proxy.answer_delay = 0.0
    await asyncio.sleep(company.plan.away_seconds)
    await found[0].start()


async def _kill_database(company: _Company) -> None:
    await asyncio.to_thread(company.database.kill)
    await _until(lambda: not any(map(company.balancer.is_ready, company.servers)), 30, "servers are ready without data")
    await asyncio.sleep(company.plan.away_seconds)
    await asyncio.to_thread(company.database.start)
    await _until(lambda: all(map(company.balancer.is_ready, company.servers)), 60, "servers do not recover")


async def _replace_all(company: _Company) -> None:
    for port, server in company.servers.items():
        code = await server.end(within=company.plan.call_seconds + 20)
        if code != 0:
            company.report.problems.append(f"{server.name} was replaced and ended with {code}")
        await server.start()
        await _until(partial(company.balancer.is_ready, port), 90, "a new server is not ready")
    for worker in company.workers:
        code = await worker.end(within=company.plan.call_seconds + 20)
        if code != 0:
            company.report.problems.append(f"{worker.name} was replaced and ended with {code}")
        await worker.start()


_Trouble = Callable[[_Company], Awaitable[None]]


# ------------------------------------------------------------------ what came of it


async def _compare(company: _Company) -> None:
    report, jobs, proxy = company.report, company.jobs, company.proxy
    books = company.sandbox.control.inspect()["transactions"]
    report.users, report.jobs = len(company.users), len(jobs)
    report.charged = -sum(float(each["amount"]) for each in books if each["reason"] != "sandbox grant")
    report.uploads, report.calls, report.broken = (
        company.figures.uploads,
        company.figures.calls,
        company.figures.broken,
    )
    report.longest, report.requests, report.reads = company.figures.longest, proxy.requests, dict(proxy.reads)
    report.problems += company.figures.problems
    with psycopg.connect(company.address) as database:
        report.ledger = float((database.execute("SELECT sum(cost) FROM starts").fetchone() or (0,))[0] or 0)
        report.sums = float((database.execute("SELECT sum(credits) FROM spending").fetchone() or (0,))[0] or 0)
        odd = database.execute(
            "SELECT family, phase, title, cost, charged, expected, steps FROM starts"
            " WHERE cost <> ALL (%s) ORDER BY created",
            ([0, _PICTURE, _CLIP, _SPEECH],),
        ).fetchall()
        report.odd = [str(row)[:500] for row in odd]
    bought = Counter(each.wish for each in proxy.accepted)
    moments = {each.wish: each.at for each in proxy.accepted}
    for job in jobs:
        times = bought.pop(job.number, 0)
        if times != (job.refused is None) and not (job.unknown and times < 2):
            report.problems.append(f"job {job.number} was charged {times} times: {job.last[:200]}")
        report.made += times == 1 and job.done_at is not None
        report.refused += job.refused is not None
        report.unknown += job.unknown
    report.problems += [f"job {number} was charged and not wanted" for number in bought]
    for user in company.users:
        ceiling = sum(job.price for job in user.jobs[:-1])
        paid = sum(job.price for job in user.jobs if job.refused is None)
        if paid > ceiling:
            report.problems.append(f"{user.name} has paid {paid} under a ceiling of {ceiling}")
    if report.ledger != report.sums or not 0 <= report.off <= _MOST_OFF:
        report.problems.append(
            f"A2E charged {report.charged:g}, the ledger has {report.ledger:g}, its sums {report.sums:g}"
        )
    report.problems += [
        f"{name}: recovered after {seconds:.1f} s"
        for name, seconds in report.recoveries
        if seconds > RECOVERY_SECONDS + company.plan.away_seconds
    ]
    report.woken = _woken(jobs, moments, company.plan)


def _woken(jobs: Sequence[CompanyJob], moments: dict[int | None, float], plan: CompanyPlan) -> list[float]:
    """From the end of each clip at A2E to the answer of its wait, where the wait had begun before."""
    found = []
    for job in jobs:
        if job.price == _CLIP and job.done_at is not None and job.answered_at is not None and job.number in moments:
            ended = moments[job.number] + plan.clip_seconds
            if job.answered_at < ended:
                found.append(max(0.0, job.done_at - ended))
    return found


def _check_outputs(company: _Company) -> None:
    """Neither the token nor a key nor a traceback may stand in anything that a process has written."""
    secrets = [TOKEN, *(user.key for user in company.users)]
    for program in [*company.servers.values(), *company.workers]:
        errors = program.errors.read_text(errors="replace")
        if any(secret in errors for secret in secrets):
            company.report.problems.append(f"{program.name} wrote a secret")
        if "Traceback" in errors:
            at = errors.index("Traceback")
            company.report.problems.append(f"{program.name} wrote a traceback: {errors[at : at + 1500]}")
