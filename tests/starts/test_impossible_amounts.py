"""Amounts in A2E's records that cannot be true are not believed, whatever they say."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2

from tests.support.faulty_transport import CLIP, Fault, Forward, open_controlled_server

IMPOSSIBLE = (
    "-100",
    "-0.5",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "9" * 400,
    "1e12",
    "true",
    '"many"',
    "[100]",
    '"-5"',
)
"""As they stand in the JSON of an answer."""


def costing(amount: str) -> Fault:
    """A2E starts the job, and its record names this amount."""

    async def fault(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        shown = json.loads(await (await forward(request)).aread())
        for record in shown["data"] if isinstance(shown["data"], list) else [shown["data"]]:
            record["coins"] = "$amount"
        return httpx2.Response(200, content=json.dumps(shown).replace('"$amount"', amount).encode(), request=request)

    return fault


async def test_an_impossible_amount_in_a_jobs_record_changes_neither_spending_nor_the_days_limit(
    tmp_path: Path,
) -> None:
    async with open_controlled_server(tmp_path, daily_credits=100 * len(IMPOSSIBLE) + 50) as server:
        for number, amount in enumerate(IMPOSSIBLE, 1):
            detail = None
            for call in (CLIP, "POST /api/v1/userImage2Video/batchDetail"):
                server.transport.on(call, costing(amount))
            prompt = f"The waves move {number}"
            started = await server.ask("start_image_to_video", **await server.clip_arguments(prompt=prompt))
            path = f"GET /api/v1/userImage2Video/{started.data['job_id'].partition(':')[2]}"
            server.transport.on(path, costing(amount))
            detail = await server.ask("check_status", job_id=started.data["job_id"])
            assert detail.data["credits"] == 100, amount
            total = (await server.ask("list_spending")).data["total"]
            assert total == server.spent == 100 * number, amount
        sentence = await server.refuse("start_image_to_video", **await server.clip_arguments(prompt="One more"))
        assert "allowed in 24 hours are spent" in sentence
