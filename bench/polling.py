"""How many requests A2E gets while five calls wait for twenty jobs each, all of one family."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import httpx2

from a2e_mcp.client.client import A2EClient
from a2e_mcp.jobs.polling import Answers, JobPoller
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from bench.budgets import REQUESTS_A_LOOK
from bench.table import Row

_CALLS, _JOBS = 5, 20
_FAMILY = "image_to_video"


async def measure_polling(seconds: float) -> Row:
    """Requests a tick; a tick is one report to the waiting calls. The pace is the sandbox's."""
    requests = 0
    looks = [0] * _CALLS

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal requests
        requests += 1
        rows = [{"_id": each, "current_status": "processing"} for each in json.loads(request.content)["ids"]]
        return httpx2.Response(200, json={"code": 0, "data": rows})

    def seen_by(call: int) -> Callable[[Answers], Awaitable[None]]:
        async def seen(_: Answers) -> None:
            looks[call] += 1

        return seen

    job_ids = [JobId(_FAMILY, f"00000000{number:016x}") for number in range(_CALLS * _JOBS)]
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder:
        async with (
            open_ledger(Path(folder, "ledger.sqlite3"), account="bench", sandbox=True) as ledger,
            A2EClient("sk_bench", transport=httpx2.MockTransport(answer)) as client,
        ):
            waiting = JobPoller(Jobs(client, ledger, sandbox=True), sandbox=True)
            async with anyio.create_task_group() as calls:
                for call in range(_CALLS):
                    calls.start_soon(waiting.wait, job_ids[call * _JOBS : (call + 1) * _JOBS], seconds, seen_by(call))
            await waiting.close()
    # A call may end just before the last report.
    ticks = max(looks)
    each = requests / ticks
    return Row(
        f"requests a tick, {_CALLS} x {_JOBS} jobs waited for",
        f"{requests} in {ticks} ticks",
        f"{_CALLS * _JOBS} one by one",
        f"{each:.2f}",
        f"{REQUESTS_A_LOOK:g}",
        each <= REQUESTS_A_LOOK,
    )
