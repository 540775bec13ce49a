"""How many requests A2E gets while a hundred jobs of one family are waited for, by five calls of twenty."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import anyio
import httpx2

from a2e_mcp.client.client import A2EClient
from a2e_mcp.jobs.polling import Answers, Waiting
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.ledger.store import Ledger
from bench.table import Row

_CALLS, _HANDLES = 5, 20
_FAMILY = "image_to_video"
_BUDGET = 1.0


async def measure_waiting(seconds: float) -> Row:
    """Requests a tick, where a tick is one look that a waiting call is told of. The pace is the sandbox's."""
    requests = 0
    looks = 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal requests
        requests += 1
        rows = [{"_id": each, "current_status": "processing"} for each in json.loads(request.content)["ids"]]
        return httpx2.Response(200, json={"code": 0, "data": rows})

    async def seen(_: Answers) -> None:
        nonlocal looks
        looks += 1

    handles = [JobId(_FAMILY, f"00000000{number:016x}") for number in range(_CALLS * _HANDLES)]
    with (
        tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder,
        Ledger(Path(folder, "ledger.sqlite3"), account="bench", sandbox=True) as ledger,
    ):
        transport = httpx2.MockTransport(answer)
        async with A2EClient("sk_bench", transport=transport) as client:
            waiting = Waiting(Jobs(client, ledger, sandbox=True), sandbox=True)
            async with anyio.create_task_group() as calls:
                for call in range(_CALLS):
                    calls.start_soon(waiting.wait, handles[call * _HANDLES : (call + 1) * _HANDLES], seconds, seen)
            await waiting.close()
    ticks = looks / _CALLS
    each = requests / ticks
    return Row(
        f"requests a tick, {_CALLS} x {_HANDLES} jobs waited for",
        f"{requests} in {ticks:g} ticks",
        f"{_CALLS * _HANDLES} one by one",
        f"{each:.2f}",
        f"{_BUDGET:g}",
        each <= _BUDGET,
    )
