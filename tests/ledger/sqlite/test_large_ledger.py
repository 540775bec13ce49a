"""A ledger of twenty thousand starts costs what an empty one costs."""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.ledger.codec import to_row
from a2e_mcp.ledger.details import Details, Measured
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from tests.support.faulty_transport import connect_server, open_test_sandbox

ROWS = 20_000
INSERT = """
INSERT INTO starts (id, account, mode, family, title, fingerprint, phase, created, sent, expected, charged, units,
    handles, steps, state)
VALUES (:id, :account, :mode, :family, :title, :fingerprint, :phase, :created, :sent, :expected, :charged, :units,
    :handles, :steps, :state)
"""


def entry(*, lost: bool, failed: bool) -> LedgerEntry:
    """A start that failed or not, or lost its answer."""
    return LedgerEntry(
        id="",
        family="image_to_video",
        title="",
        fingerprint="",
        phase="unknown" if lost else "started",
        created=0.0,
        sent=time.time(),
        expected=100.0,
        charged=None if lost else 100.0,
        units=5.0,
        job_ids=[] if lost else ["image_to_video:JOB"],
        details=Details(priced={"image_to_video": 100.0}, measured={"image_to_video": Measured(100.0, 5.0)}),
        state="failed" if failed else "succeeded",
    )


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Starts of the last twenty hours, newest last; some failed, some lost their answer."""
    now = time.time()
    kinds = {
        (lost, failed): to_row(entry(lost=lost, failed=failed)) for lost in (False, True) for failed in (False, True)
    }
    for number in range(count):
        kind = kinds[number % 160 == 0, number % 7 == 0]
        yield {
            **kind,
            "id": f"00000000ffffffff{number:08x}",
            "title": f"Waves {number}",
            "fingerprint": f"print {number}",
            "created": now - 72_000 + 3.5 * number,
            "handles": kind["handles"].replace("JOB", f"00000000{secrets.token_hex(8)}"),
        }


async def fill(folder: Path, token: str, count: int) -> None:
    """Write starts into a ledger as a server of an earlier version does, which knows of no index."""
    path = folder / "data" / "ledger.sqlite3"
    async with open_ledger(path, account=token, sandbox=True) as ledger:
        account = hashlib.sha256(token.encode()).hexdigest()[:16]
        with closing(sqlite3.connect(path)) as database, database:
            written = ({**row, "account": account, "mode": "sandbox"} for row in rows(count))
            database.executemany(INSERT, written)
        # The first look after that is slower, once.
        await ledger.spent_since(0)


@dataclass
class Cost:
    """What a start and list_jobs take with a ledger, in time of the processor."""

    ask: Callable[..., Awaitable[object]]
    picture: str
    start: float = math.inf
    listing: float = math.inf

    async def measure(self) -> None:
        """Once more; the least counts, for a busy computer makes everything slower and nothing faster."""
        prompt = f"Waves {secrets.token_hex(4)}"
        self.start = min(self.start, await seconds(self.ask("start_image_to_video", image=self.picture, prompt=prompt)))
        self.listing = min(self.listing, await seconds(self.ask("list_jobs")))


async def seconds(call: Awaitable[object]) -> float:
    """Seconds of the processor, which those who wait for it do not use."""
    began = time.process_time()
    await call
    return time.process_time() - began


async def test_twenty_thousand_starts_make_neither_a_start_nor_list_jobs_slow(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:

        async def opened(name: str, count: int) -> Cost:
            folder = tmp_path / name
            folder.mkdir()
            sandbox = await stack.enter_async_context(open_test_sandbox(folder))
            await fill(folder, sandbox.token, count)
            server = await stack.enter_async_context(connect_server(folder, sandbox, daily_credits=10_000_000))
            return Cost(server.ask, await server.picture())

        empty, full = await opened("empty", 0), await opened("full", ROWS)

        def is_quick() -> bool:
            # The budgets are 5 ms and twice as long; here is room for an unlucky moment.
            return full.start - empty.start < 0.02 and full.listing < 2 * empty.listing + 0.02

        # The first of each is slower.
        for measured in (empty, full):
            await measured.measure()
            measured.start = measured.listing = math.inf
        # Enough that a busy computer leaves some of them alone; what is slow is slow in all of them.
        for number in range(40):
            await empty.measure()
            await full.measure()
            if number >= 3 and is_quick():
                break
        assert is_quick(), (empty, full)


async def test_lists_and_sums_of_a_large_ledger_are_complete(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox:
        await fill(tmp_path, sandbox.token, 500)
        async with connect_server(tmp_path, sandbox) as server:
            shown = await server.ask("list_jobs")
            assert shown.data["total"] == 500
            assert [job["title"] for job in shown.data["jobs"]] == [f"Waves {number}" for number in range(499, 489, -1)]
            last = await server.ask("list_jobs", page=50)
            assert [job["title"] for job in last.data["jobs"]] == [f"Waves {number}" for number in range(9, -1, -1)]
            failed = [number for number in range(500) if number % 7 == 0 and number % 160]
            assert (await server.ask("list_jobs", state="failed")).data["total"] == len(failed)
            spending = await server.ask("list_spending", days=1, page=2)
            assert (spending.data["total"], spending.data["starts"]) == (50_000, 500)
            assert "Waves 489" in spending.text


@pytest.mark.long
async def test_four_hundred_starts_at_once_are_all_answered_within_a_call(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path, credits=10**6) as sandbox:
        await fill(tmp_path, sandbox.token, ROWS)
        async with connect_server(tmp_path, sandbox, daily_credits=10_000_000, call_seconds=45) as server:
            picture = await server.picture()

            async def start(number: int) -> str:
                arguments = {"image": picture, "prompt": f"Number {number}"}
                return str((await server.ask("start_image_to_video", **arguments)).data["job_id"])

            async with asyncio.timeout(45 + 1.5):
                job_ids = await asyncio.gather(*map(start, range(400)))
            assert len(set(job_ids)) == 400
            assert server.spent == 40_000
