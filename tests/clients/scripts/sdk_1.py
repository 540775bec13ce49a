"""The Python SDK 1, which most frameworks still build on."""

import asyncio
import json
import os

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    async with (
        stdio_client(StdioServerParameters(**TASK["server"])) as (read, write),
        ClientSession(read, write) as client,
    ):
        await client.initialize()
        tools = [tool.name for tool in (await client.list_tools()).tools]
        started = (await client.call_tool(TASK["start"]["tool"], TASK["start"]["arguments"])).model_dump()
        wait = {"job_ids": [started["structuredContent"]["job_id"]], "seconds": TASK["wait"]["seconds"]}
        answer = await client.call_tool(TASK["wait"]["tool"], wait)
    print(json.dumps({"tools": tools, "shown": " ".join(part.model_dump_json() for part in answer.content)}))


asyncio.run(main())
