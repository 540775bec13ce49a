"""What a company's run works with: two servers, two workers, a balancer and PostgreSQL in front of a sandbox as A2E."""

from __future__ import annotations

import asyncio
import io
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from PIL import Image

from a2e_mcp.ledger.postgresql.users import DatabaseUsers
from a2e_mcp.loopback import LOOPBACK, listen
from a2e_mcp.users.caller import SPEND
from a2e_mcp.users.keys import digest_of, new_key
from a2e_mcp.users.user_list import User, UserKey
from tests.company.balancer import PUBLIC, Balancer, open_balancer
from tests.company.job_ends import JobEnds, watched_ends
from tests.company.people import CompanyJob, CompanyUser, Figures
from tests.company.program import Program
from tests.company.report import CompanyReport
from tests.support.fault_proxy import FaultProxy, open_fault_proxy
from tests.support.postgresql import ScratchServer, scratch_server
from tests.support.served_sandbox import served_sandbox, some_picture
from tests.support.token_watch import TOKEN

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

PICTURE, CLIP, SPEECH = 15, 100, 1
"""Credits that the sandbox takes for a picture, a clip, and a short sentence."""


@dataclass(frozen=True, slots=True)
class CompanyPlan:
    """How many users want how many jobs, and how long a clip takes at A2E at least."""

    users: int = 200
    jobs: int = 1000
    seed: int = 1
    clip_seconds: float = 4.0
    starts_per_second: float = 1.5
    """How many starts all users want; what two cores carry is more, or each would only wait for those before."""
    away_seconds: float = 3.0
    """How long what was killed stays away."""
    silent_seconds: float = 15.0
    """How long a worker stands still: longer than it takes until another takes its work over."""
    call_seconds: float = 30.0
    end_seconds: float = 900.0
    wake_seconds: float = 2.0
    """Within this time after the end of a job its wait is answered, while nothing is dead."""
    recovery_seconds: float = 40.0
    """Within this time after a death everything that was under way has its answer."""

    @property
    def pause_seconds(self) -> float:
        """A user asks for the next job after this time, on average."""
        return self.users / self.starts_per_second


@dataclass
class Company:
    """Everything that a run works with; `troubled` is from when until when something was dead or not yet recovered."""

    plan: CompanyPlan
    database: ScratchServer
    address: str
    sandbox: Sandbox
    proxy: FaultProxy
    ends: JobEnds
    balancer: Balancer
    servers: dict[int, Program]
    workers: list[Program]
    users: list[CompanyUser]
    figures: Figures
    report: CompanyReport
    troubled: list[tuple[float, float]] = field(default_factory=list)

    @property
    def jobs(self) -> list[CompanyJob]:
        """What all users want."""
        return [job for user in self.users for job in user.jobs]

    @property
    def settled(self) -> int:
        """How many jobs have ended or were refused."""
        return sum(job.is_settled for job in self.jobs)

    @property
    def programs(self) -> list[Program]:
        """Servers and workers."""
        return [*self.servers.values(), *self.workers]


@asynccontextmanager
async def open_company(plan: CompanyPlan, folder: Path) -> AsyncIterator[Company]:
    """Everything that a run works with; servers and workers are not started yet."""
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
        ends = await stack.enter_async_context(watched_ends(sandbox, proxy.accepted, balancer))
        variables = {
            "A2E_API_TOKEN": TOKEN,
            "A2E_BASE_URL": proxy.url,
            "A2E_CALL_SECONDS": f"{plan.call_seconds:g}",
            "A2E_DAILY_CREDITS": f"{10**7}",
            "A2E_DATABASE": address,
            "A2E_PUBLIC_URL": PUBLIC,
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
        people = _People(plan, await some_picture(sandbox), http, balancer, dice, figures)
        users = await people.all(address)
        yield Company(
            plan, database, address, sandbox, proxy, ends, balancer, servers, workers, users, figures, CompanyReport()
        )


@dataclass(frozen=True, slots=True)
class _People:
    """Makes users with their keys, and with ceilings that the last job of each would pass."""

    plan: CompanyPlan
    picture_url: str
    http: httpx2.AsyncClient
    balancer: Balancer
    dice: random.Random
    figures: Figures

    async def all(self, address: str) -> list[CompanyUser]:
        """All users, written into the database."""
        known = DatabaseUsers(address)
        users = [self._user(number) for number in range(self.plan.users)]
        for user in users:
            ceiling = float(sum(job.price for job in user.jobs[:-1]))
            made = User(user.name, SPEND, per_day=ceiling).with_key(UserKey(digest_of(user.key), time.time()))
            await known.change(user.name, partial(_instead, made))
        await known.close()
        return users

    def _user(self, number: int) -> CompanyUser:
        content = io.BytesIO()
        Image.new("RGB", (64, 48), "teal").save(content, "PNG")
        each, name = self.plan.jobs // self.plan.users, f"user-{number}"
        return CompanyUser(
            name=name,
            key=new_key(),
            jobs=[self._job(number, each, place, name) for place in range(each)],
            picture=content.getvalue(),
            http=self.http,
            balancer=self.balancer,
            dice=self.dice,
            figures=self.figures,
            pause_seconds=self.plan.pause_seconds,
        )

    def _job(self, user: int, each: int, place: int, name: str) -> CompanyJob:
        number = user * each + place
        if 0 < place < each - 1 and place % 2:
            words = {"script": f"Take {number}. Good morning.", "voice": "Aria"}
            return CompanyJob(number, name, "generate_speech", words, SPEECH)
        # Clips spread over the whole run, so that some are waited for at every moment.
        if place < each - 1 and (user + place) % 5 == 0:
            clip = {"image": self.picture_url, "prompt": f"Take {number}. The waves move"}
            return CompanyJob(number, name, "start_image_to_video", clip, CLIP)
        return CompanyJob(number, name, "start_text_to_image", {"prompt": f"Take {number}. A blue house"}, PICTURE)


def _instead(user: User, _: User | None) -> User:
    return user


def _free_ports(count: int) -> list[int]:
    listeners = [listen(LOOPBACK, 0) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
