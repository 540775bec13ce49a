"""A soak: many starts over a bad line, on a computer on which much goes wrong, compared with A2E's books at the end."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from a2e_mcp.ledger.store import CLOCK_STEP_SECONDS, SILENT_SECONDS
from tests.soak.computer import JumpingClock, clear_disk, fill_disk, locked
from tests.soak.report import SoakReport, compare
from tests.soak.server_process import LiveServer, ServerKilled
from tests.soak.wishes import Model, Wish, make_wishes
from tests.support.fault_proxy import FaultProxy, open_fault_proxy
from tests.support.reliability import faults_in
from tests.support.served_sandbox import credits_charged, served_sandbox, some_picture
from tests.support.token_watch import TOKEN

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

_A2E_AHEAD = 2400.0
"""A2E's clock is so far ahead of this computer's."""
_NOMINAL = {"text_to_image": 10, "image_to_video": 100, "speech": 1, "avatar_video": 4}
_MOST_TRIES = 12


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """How much is wanted and how much goes wrong; `daily_share` is the day's ceiling as a share of what is wanted."""

    starts: int
    kills: int
    seed: int = 1
    players: int = 16
    call_seconds: float = 20.0
    rates: tuple[float, ...] = (0.0, 0.02, 0.05, 0.12)
    trouble_seconds: float = 12.0
    """How long it takes from one trouble of the computer to the next."""
    silence_seconds: float = SILENT_SECONDS + 2
    """After this time nothing is left that is under way; 0 looks for no such thing."""
    daily_share: float | None = 0.97
    most_off: float = 0.03
    """How far the ledger may be from A2E's books; of few starts every single one is too large a share."""
    spare_seconds: float = 8.0
    """By how much an answer may exceed a call's seconds before it counts as too late."""
    late_seconds: float = 12.0
    pause_seconds: float = 12.0
    """After at most this time a model tries again."""
    lock_seconds: tuple[float, ...] = (0.5, 2.0, 11.0)
    settle_seconds: float = 300.0
    user_seconds: float = 125.0
    """After this time the user says that something may be made again; a server takes it for a retry before."""
    jump: float = 0.0
    """By how much the clock jumps after a kill and at the end, so that a quick run waits for nothing."""
    workers: int = 0


@dataclass
class _Stage:
    """Everything that a soak works with."""

    plan: SoakPlan
    dice: random.Random
    folder: Path
    clock: JumpingClock
    sandbox: Sandbox
    proxy: FaultProxy
    servers: list[LiveServer]
    model: Model
    wishes: list[Wish]
    daily: float | None
    troubles: Counter[str]
    is_over: bool = False
    """Whether all that was wanted has been played."""

    @property
    def ledger(self) -> Path:
        return self.folder / "data" / "ledger.sqlite3"

    @property
    def settled(self) -> int:
        return sum(wish.is_settled for wish in self.wishes)


async def soak(plan: SoakPlan, folder: Path, say: Callable[[str], None] = lambda _: None) -> SoakReport:
    """Run a soak in a folder and return what it has shown."""
    began = asyncio.get_running_loop().time()
    async with _open_stage(plan, folder) as stage:
        for server in stage.servers:
            await server.start()
        async with asyncio.TaskGroup() as tasks:
            chaos = [tasks.create_task(work) for work in (_weather(stage), _trouble(stage))]
            kills = tasks.create_task(_kills(stage, say))
            await _play(stage, say)
            # A server that is being started again is waited for, and kills that are still due are made.
            stage.is_over = True
            await kills
            for task in chaos:
                task.cancel()
        say(f"all faults are over; {stage.settled} of {plan.starts} are settled")
        await _settle(stage, say)
        await asyncio.sleep(stage.plan.silence_seconds)
        report = await _report(stage)
        report.seconds = asyncio.get_running_loop().time() - began
        for server in stage.servers:
            if (code := await server.stop()) != 0:
                report.problems.append(f"{server.name} ended with exit code {code}")
        _check_outputs(stage, report)
    return report


# ------------------------------------------------------------------ the stage


@asynccontextmanager
async def _open_stage(plan: SoakPlan, folder: Path) -> AsyncIterator[_Stage]:
    dice = random.Random(plan.seed)
    clock = JumpingClock(folder / "clock")
    clock.jump_to(0)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(served_sandbox(folder / "a2e", plan.workers))
        sandbox.control.advance(_A2E_AHEAD)
        proxy = await stack.enter_async_context(open_fault_proxy(sandbox.base_url, ahead=_A2E_AHEAD, dice=dice))
        proxy.late_seconds = plan.late_seconds
        files = folder / "files"
        files.mkdir()
        Image.new("RGB", (320, 180), "teal").save(files / "harbour.png")
        wishes = make_wishes(plan.starts, dice, await some_picture(sandbox), "harbour.png")
        daily = None if plan.daily_share is None else round(plan.daily_share * sum(map(_nominal, wishes)))
        variables = {
            "A2E_API_TOKEN": TOKEN,
            "A2E_BASE_URL": proxy.url,
            "A2E_CALL_SECONDS": f"{plan.call_seconds:g}",
            "A2E_DAILY_CREDITS": f"{daily or 10**8}",
            "A2E_FILES": str(files),
            # Files are at a public address: only through a proxy can that be this computer.
            "HTTP_PROXY": proxy.url,
            "http_proxy": proxy.url,
            **clock.variables,
        }
        servers = [LiveServer(f"server-{number}", folder, variables, TOKEN) for number in (1, 2)]
        for server in servers:
            stack.push_async_callback(server.kill)
        model = Model(servers, dice, plan.call_seconds, plan.user_seconds, plan.spare_seconds)
        yield _Stage(plan, dice, folder, clock, sandbox, proxy, servers, model, wishes, daily, Counter())


def _nominal(wish: Wish) -> float:
    """About what a wish will cost."""
    cost = float(sum(_NOMINAL[step] for step in wish.steps))
    return 0.0 if wish.max_credits is not None and wish.max_credits < cost else cost


# ------------------------------------------------------------------ what goes wrong


async def _weather(stage: _Stage) -> None:
    """The line is now good and now bad."""
    while True:
        stage.proxy.rate = stage.dice.choice(stage.plan.rates)
        await asyncio.sleep(stage.dice.uniform(1.0, 8.0))


async def _trouble(stage: _Stage) -> None:
    """The clock jumps, the ledger is locked, the disk is full; one after the other."""
    while True:
        await asyncio.sleep(stage.dice.uniform(0.5, 1.5) * stage.plan.trouble_seconds)
        match stage.dice.choice(("clock", "lock", "disk")):
            case "clock":
                stage.troubles["clock of the computer jumps"] += 1
                stage.clock.jump_to(stage.dice.choice((0, 0, 3600, -3600, 300, -300, -20)))
            case "lock":
                stage.troubles["ledger locked by another process"] += 1
                with suppress(sqlite3.Error), locked(stage.ledger):
                    await asyncio.sleep(stage.dice.choice(stage.plan.lock_seconds))
            case _:
                stage.troubles["disk full"] += 1
                await _fill_disk(stage)


async def _fill_disk(stage: _Stage) -> None:
    pid = stage.dice.choice(stage.servers).pid
    if pid is None:
        return
    with suppress(ProcessLookupError):
        fill_disk(pid)
        try:
            await asyncio.sleep(stage.dice.uniform(0.3, 3.0))
        finally:
            clear_disk(pid)


async def _kills(stage: _Stage, say: Callable[[str], None]) -> None:
    """Servers are killed evenly over the run, at random moments, and started again."""
    kills = stage.plan.kills
    for number in range(kills):
        due = stage.plan.starts * (number + stage.dice.random()) / (kills + 1)
        while True:
            if stage.settled >= due or stage.is_over:
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(stage.dice.random())
        server = stage.dice.choice(stage.servers)
        await server.kill()
        say(f"kill {number + 1} of {kills}: {server.name}, {stage.settled} of {stage.plan.starts} settled")
        await asyncio.sleep(stage.dice.choice((0.0, 0.2, 3.0)))
        stage.clock.jump_to(stage.plan.jump)
        await _revive(server)


async def _revive(server: LiveServer) -> None:
    while server.pid is None:
        with suppress(ServerKilled):
            await server.start()


# ------------------------------------------------------------------ what is wanted


async def _play(stage: _Stage, say: Callable[[str], None]) -> None:
    """Several callers ask for everything, and again for what failed, until nearly all is settled."""
    waiting = deque(stage.wishes)
    loop = asyncio.get_running_loop()

    async def caller() -> None:
        while any(_is_open(wish) for wish in stage.wishes):
            if not waiting:
                await asyncio.sleep(0.1)
                continue
            wish = waiting.popleft()
            await stage.model.try_once(wish)
            if _is_open(wish):
                loop.call_later(stage.dice.uniform(0.1, stage.plan.pause_seconds), waiting.append, wish)
            elif wish.job_id is not None and stage.dice.random() < 0.15:
                await stage.model.repeat(wish)

    async def progress() -> None:
        while True:
            await asyncio.sleep(15)
            say(f"{stage.settled} of {stage.plan.starts} settled, {sum(stage.proxy.counts.values())} faults")

    telling = asyncio.create_task(progress())
    try:
        await asyncio.gather(*(caller() for _ in range(stage.plan.players)))
    finally:
        telling.cancel()


def _is_open(wish: Wish) -> bool:
    """Whether a wish is worth another try while so much goes wrong."""
    return not wish.is_settled and wish.calls < _MOST_TRIES


async def _settle(stage: _Stage, say: Callable[[str], None]) -> None:
    """Without faults everything must come to an end."""
    stage.proxy.rate = 0.0
    stage.clock.jump_to(2 * stage.plan.jump)
    for server in stage.servers:
        await _revive(server)
    loop = asyncio.get_running_loop()
    until = loop.time() + stage.plan.settle_seconds
    while (rest := [wish for wish in stage.wishes if not wish.is_settled]) and loop.time() < until:
        say(f"{len(rest)} are not settled yet, such as {rest[0].number}: {rest[0].last[:160]}")
        gate = asyncio.Semaphore(stage.plan.players)

        async def one(wish: Wish, gate: asyncio.Semaphore = gate) -> None:
            async with gate:
                await stage.model.try_once(wish)

        await asyncio.gather(*map(one, rest))
        await asyncio.sleep(min(4.0, stage.plan.user_seconds))


# ------------------------------------------------------------------ what came of it


async def _report(stage: _Stage) -> SoakReport:
    spending = await stage.model.call(stage.servers[0], "list_spending", {"days": 3650})
    assert spending is not None
    report = SoakReport(
        starts=len(stage.wishes),
        refused=sum(wish.refused is not None for wish in stage.wishes),
        calls=stage.model.calls,
        requests=stage.proxy.requests,
        kills=sum(server.kills for server in stage.servers),
        unanswered=stage.model.unanswered,
        longest_answer=stage.model.longest,
        call_seconds=stage.plan.call_seconds,
        charged=credits_charged(stage.sandbox),
        ledger=float(spending["structuredContent"]["total"]),
        daily=stage.daily,
        faults=dict(stage.proxy.counts + stage.troubles),
    )
    compare(report, stage.wishes, stage.proxy.accepted, most_off=stage.plan.most_off)
    report.problems += [*stage.model.late, *stage.model.internal, *stage.model.twice]
    if not stage.plan.silence_seconds:
        return report
    with closing(sqlite3.connect(stage.ledger)) as database:
        # What was interrupted is unknown until it is asked for again; nothing may look as if it were under way.
        stuck = database.execute(
            "SELECT id, family, phase FROM starts WHERE phase IN ('intended', 'sent') AND beat BETWEEN ? AND ?",
            # A heartbeat in the future was sent before the clock was set back.
            (time.time() - SILENT_SECONDS, time.time() + CLOCK_STEP_SECONDS),
        )
        report.problems += [f"a row is stuck: {row}" for row in stuck.fetchall()]
    return report


def _check_outputs(stage: _Stage, report: SoakReport) -> None:
    for server in stage.servers:
        report.problems += [f"the token was answered: {leak}" for leak in server.leaks]
        report.problems += faults_in(server.errors, secrets=[TOKEN])
