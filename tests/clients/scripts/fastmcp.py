"""FastMCP's client."""

import asyncio
import json
import os

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    async with Client(StdioTransport(**TASK["server"])) as client:
        tools = [tool.name for tool in await client.list_tools()]
        started = await client.call_tool(TASK["start"]["tool"], TASK["start"]["arguments"])
        wait = {"job_ids": [started.structured_content["job_id"]], "seconds": TASK["wait"]["seconds"]}
        answer = await client.call_tool(TASK["wait"]["tool"], wait)
    # Its own addition is the typed data of the answer.
    assert answer.data.job_id == started.data.job_id
    print(json.dumps({"tools": tools, "shown": " ".join(part.model_dump_json() for part in answer.content)}))


asyncio.run(main())
