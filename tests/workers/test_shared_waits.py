"""Waits on several servers: A2E is asked once for all of them, and all are woken when a job ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from pydantic import SecretStr

from a2e_mcp.catalogue import family
from a2e_mcp.jobs.job import poll_seconds
from a2e_mcp.ledger.entry import NewEntry
from a2e_mcp.ledger.postgresql.ledger import open_ledger
from a2e_mcp.ledger.store import Limits
from tests.support.faulty_transport import (
    CLIP,
    CREDITS,
    RENDERS,
    ControlledServer,
    Forward,
    connect_server,
    open_test_sandbox,
)

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

BATCH = "POST /api/v1/userImage2Video/batchDetail"
PACE = poll_seconds(family("image_to_video"), sandbox=True)


@asynccontextmanager
async def servers_on(
    folder: Path, sandbox: Sandbox, address: str, count: int
) -> AsyncIterator[Sequence[ControlledServer]]:
    """So many servers on one database, in front of one account."""
    async with AsyncExitStack() as stack:
        opened = []
        for number in range(count):
            own = folder / str(number)
            own.mkdir()
            server = connect_server(own, sandbox, database=SecretStr(address))
            opened.append(await stack.enter_async_context(server))
        yield opened


@pytest.mark.parametrize("count", [1, 4])
async def test_servers_that_wait_for_jobs_of_a_family_ask_a2e_once_a_tick_and_are_woken_together(
    database_address: str, tmp_path: Path, count: int
) -> None:
    async with (
        open_test_sandbox(tmp_path, **RENDERS, policy="seconds:5000") as sandbox,
        servers_on(tmp_path, sandbox, database_address, 3) as servers,
    ):
        first = servers[0]
        arguments = await first.clip_arguments()
        job_ids: list[str] = []
        for number in range(4 // count):
            wanted = {**arguments, "prompt": f"Wave {number}", "count": count}
            started = await first.ask("start_image_to_video", **wanted)
            job_ids += [job["job_id"] for job in started.data.get("jobs") or [started.data]]
        assert len(job_ids) == 4
        for server in servers:
            server.transport.attempts.clear()
        waits = [asyncio.create_task(server.ask("wait_for_job", job_ids=job_ids, seconds=20)) for server in servers]
        began = time.monotonic()
        # By themselves the three would ask three times as often.
        await asyncio.sleep(8 * PACE)
        asked, seconds = sum(server.transport.attempts[BATCH] for server in servers), time.monotonic() - began
        assert asked <= 2 + seconds / (0.9 * PACE)
        sandbox.control.advance(10_000)
        ended = time.monotonic()
        answers = await asyncio.gather(*waits)
        assert time.monotonic() - ended < PACE + 2
        assert CLIP not in first.transport.attempts
        assert all(answer.data["jobs"] for answer in answers)


async def test_what_a2e_asks_one_server_to_wait_is_kept_by_all(database_address: str, tmp_path: Path) -> None:
    async def busy(request: httpx2.Request, _: Forward) -> httpx2.Response:
        return httpx2.Response(429, json={"code": 429}, headers={"retry-after": "3600"}, request=request)

    async with (
        open_test_sandbox(tmp_path) as sandbox,
        servers_on(tmp_path, sandbox, database_address, 2) as (first, second),
    ):
        arguments = await first.clip_arguments()
        first.transport.on(CREDITS, busy, times=9)
        await first.refuse("get_credits")
        assert first.transport.attempts[CREDITS] == 1
        sentence = await second.refuse("get_credits")
        assert "A2E takes no more requests of this account for 3600 s. " in sentence
        assert "Nothing was charged" in await second.refuse("start_image_to_video", **arguments)
        assert not second.transport.attempts


async def test_the_requests_of_all_servers_are_paced_together(database_address: str) -> None:
    async with (
        open_ledger(database_address, account="a", sandbox=True) as one,
        open_ledger(database_address, account="a", sandbox=True) as two,
        open_ledger(database_address, account="b", sandbox=True) as other,
    ):
        began = time.monotonic()
        waits = await asyncio.gather(*(ledger.take_turn(20.0) for ledger in (one, two) for _ in range(60)))
        taken = waits.count(0.0)
        assert 40 <= taken <= 41 + 20 * (time.monotonic() - began)
        assert max(waits) <= 1 / 20
        assert await other.take_turn(20.0) == 0


async def test_of_all_servers_one_takes_a_look_and_a_hint_makes_the_next_due(database_address: str) -> None:
    async with (
        open_ledger(database_address, account="a", sandbox=True) as one,
        open_ledger(database_address, account="a", sandbox=True) as two,
        open_ledger(database_address, account="b", sandbox=True) as other,
        two.following("image_to_video") as changed,
    ):
        keys = ["image_to_video", "watermark:1", "watermark:2"]
        taken = await asyncio.gather(*(ledger.take_looks(keys, 60) for ledger in (one, two) for _ in range(10)))
        assert sorted(key for each in taken for key in each) == keys
        assert sorted(await other.take_looks(keys, 60)) == keys
        # The first change is that it listens from now on.
        for _ in range(2):
            async with asyncio.timeout(20):
                while not await changed(20):
                    pass
            await one.look_now("image_to_video")
        assert await two.take_looks(keys, 60) == ["image_to_video"]
        await one.look_now("watermark")
        assert sorted(await two.take_looks(keys, 60)) == ["watermark:1", "watermark:2"]
        assert await one.take_looks(keys, 0) != []


async def test_news_of_a_users_own_account_wake_who_waits_for_that_account_only(database_address: str) -> None:
    async with (
        open_ledger(database_address, account="a", sandbox=True) as one,
        open_ledger(database_address, account="a", sandbox=True) as two,
    ):
        here, there = one.of_account("1" * 16), two.of_account("1" * 16)
        assert here.queue == one.queue
        made = await here.insert_or_get_existing(
            NewEntry(family="image_to_video", title="Waves", fingerprint="clip"), limits=Limits()
        )
        async with (
            there.following("image_to_video") as own_changed,
            there.following(made.entry.id) as start_changed,
            two.following("image_to_video") as company_changed,
        ):
            waiting = (own_changed, start_changed, company_changed)
            # The first change is that it listens from now on.
            assert all(await asyncio.gather(*(changed_within(changed, 20) for changed in waiting)))
            await here.look_now("image_to_video")
            assert await changed_within(own_changed, 20)
            for changed in (start_changed, company_changed):
                assert not await changed_within(changed, 0.3)
            await here.update(made.entry.id, phase="sent")
            for changed in (own_changed, start_changed):
                assert await changed_within(changed, 20)
            await one.look_now("image_to_video")
            assert await changed_within(company_changed, 20)
            assert not await changed_within(own_changed, 0.3)


async def changed_within(changed: Callable[[float], Awaitable[bool]], seconds: float) -> bool:
    """Whether there is news within so many seconds."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if await changed(left):
            return True
    return False
