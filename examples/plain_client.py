"""A video from a program, without a model: its price, its start, its end, its link.

python examples/plain_client.py "Welcome to our bakery."
"""

import asyncio
import os
import sys
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult

# Leave out --sandbox and set A2E_API_TOKEN for a real video, which costs credits.
SERVER = StdioServerParameters(command="a2e-mcp", args=["serve", "--sandbox"], env=dict(os.environ))


async def main(script: str = "Welcome to our bakery.") -> None:
    async with Client(stdio_client(SERVER)) as client:
        job = await make_video(client, script)
    print(*job["results"], f"It cost {job['credits']:g} credits.", sep="\n")


async def make_video(client: Client, script: str) -> dict[str, Any]:
    """The finished job. Exits with the reason when there is no video."""
    video = {"avatar": "Ada", "voice": "Aria", "script": script}
    print(text_of(await client.call_tool("quote_job", {"tool": "start_avatar_video", "arguments": video})))

    # An identical start returns the first job, so running this twice is charged once.
    started = await client.call_tool("start_avatar_video", {**video, "max_credits": 50})
    if started.is_error:
        raise SystemExit(text_of(started))
    job: dict[str, Any] = started.structured_content or {}
    while job["state"] not in ("succeeded", "failed"):
        waited = await client.call_tool("wait_for_job", {"job_ids": [job["job_id"]], "seconds": 40})
        job = waited.structured_content or {}
    if job["state"] == "failed":
        raise SystemExit(job["error"])
    return job


def text_of(result: CallToolResult) -> str:
    """What a tool answers to a model: the same facts as its structured content, in sentences."""
    return "\n".join(block.text for block in result.content if block.type == "text")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
