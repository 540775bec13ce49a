"""Fifty greetings from a CSV file under one ceiling.

python examples/greetings.py examples/greetings.csv 200

Starts a video for each row, for at most so many credits in all, and saves each as greetings/NAME.mp4. At the ceiling it
stops and says so. Run it again with a higher one: a row that was started before is not charged again.
"""

import asyncio
import csv
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult

AT_ONCE = 20


def greetings_in(file: str) -> dict[str, str]:
    with open(file, encoding="utf-8", newline="") as rows:
        return {row["name"]: row["text"] for row in csv.DictReader(rows)}


async def main(greetings: Mapping[str, str], folder: Path, ceiling: str) -> int:
    # The server itself holds the ceiling, over all starts of 24 hours. Leave out --sandbox for real videos.
    environment = {**os.environ, "A2E_DAILY_CREDITS": ceiling, "A2E_OUTPUT_DIR": str(folder)}
    server = StdioServerParameters(command="a2e-mcp", args=["serve", "--sandbox"], env=environment)
    async with Client(stdio_client(server)) as client:
        saved, problems = await make_greetings(client, greetings)
    print(f"{len(saved)} of {len(greetings)} greetings are in {folder}.", *problems, sep="\n")
    return 1 if problems else 0


async def make_greetings(client: Client, greetings: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The names of the greetings that were saved, and why others were not."""
    jobs: dict[str, str] = {}
    problems: list[str] = []
    for name, text in greetings.items():
        started = await client.call_tool("start_avatar_video", {"avatar": "Ada", "voice": "Aria", "script": text})
        if started.is_error:
            # The ceiling, a text that cannot be spoken, an account without credits: the answer says what to do.
            problems.append(f"Stopped at {name}: {text_of(started)}")
            break
        jobs[(started.structured_content or {})["job_id"]] = name
    saved = []
    while jobs:
        some = list(jobs)[:AT_ONCE]
        await client.call_tool("wait_for_job", {"job_ids": some, "until": "all", "seconds": 40})
        for job_id in some:
            job = (await client.call_tool("check_status", {"job_id": job_id})).structured_content or {}
            if job["state"] not in ("succeeded", "failed"):
                continue
            name = jobs.pop(job_id)
            if job["state"] == "succeeded":
                done = await client.call_tool("download_result", {"job_id": job_id, "name": f"{name}.mp4"})
            if job["state"] == "failed" or done.is_error:
                problems.append(f"{name}: {job.get('error') or text_of(done)}")
            else:
                saved.append(name)
    return saved, problems


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("python examples/greetings.py FILE.csv CREDITS")
    sys.exit(asyncio.run(main(greetings_in(sys.argv[1]), Path("greetings").resolve(), sys.argv[2])))
