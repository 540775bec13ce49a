"""A nightly job that collects the results of the day before, in UTC: result links end after about three days.

python examples/nightly.py
python examples/nightly.py 2026-11-28

Saves every finished file of that day into results/DAY. With cron: 5 0 * * * cd /videos && a2e/bin/python nightly.py
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

JOBS_ON_A_PAGE = 10


async def main(day: date, folder: Path) -> int:
    # Only what reads: this job can start nothing and cost nothing. Leave out --sandbox for real results.
    environment = {**os.environ, "A2E_OUTPUT_DIR": str(folder), "A2E_TOOLSETS": "jobs"}
    server = StdioServerParameters(command="a2e-mcp", args=["serve", "--sandbox"], env=environment)
    async with Client(stdio_client(server)) as client:
        lines = [line async for line in collect(client, day)]
    print(*lines, f"{len(lines)} results of {day} are in {folder}.", sep="\n")
    return 0


async def collect(client: Client, day: date) -> AsyncIterator[str]:
    """What was saved, one line for each job with a result."""
    async for job in jobs_of(client, day):
        if job["state"] == "succeeded" and job.get("result"):
            name = job["job_id"].replace(":", "-")
            saved = await client.call_tool("download_result", {"job_id": job["job_id"], "name": name})
            yield next(block.text for block in saved.content if block.type == "text").partition("\n")[0]


async def jobs_of(client: Client, day: date) -> AsyncIterator[dict[str, Any]]:
    """All jobs of a day, page by page."""
    days = {"since": day.isoformat(), "before": (day + timedelta(days=1)).isoformat()}
    for page in count(1):
        listed = (await client.call_tool("list_jobs", {**days, "page": page})).structured_content or {}
        for job in listed["jobs"]:
            yield job
        if len(listed["jobs"]) < JOBS_ON_A_PAGE:
            return


if __name__ == "__main__":
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    chosen = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else yesterday
    sys.exit(asyncio.run(main(chosen, Path("results", chosen.isoformat()).resolve())))
