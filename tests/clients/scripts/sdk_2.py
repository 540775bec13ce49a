"""The Python SDK 2, in the newest protocol; what a program would show is all text and links of the last answer."""

import asyncio
import json
import os
import sys
from typing import Literal

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

TASK = json.loads(os.environ["A2E_TASK"])


async def main(mode: Literal["auto", "legacy"]) -> None:
    async with Client(stdio_client(StdioServerParameters(**TASK["server"])), mode=mode) as client:
        tools, cursor = [], None
        while True:
            page = await client.list_tools(cursor=cursor)
            tools += [tool.name for tool in page.tools]
            cursor = page.next_cursor
            if cursor is None:
                break
        started = await client.call_tool(TASK["start"]["tool"], TASK["start"]["arguments"])
        assert started.structured_content is not None, started
        wait = {"job_ids": [started.structured_content["job_id"]], "seconds": TASK["wait"]["seconds"]}
        answer = await client.call_tool(TASK["wait"]["tool"], wait)
    print(json.dumps({"tools": tools, "shown": " ".join(part.model_dump_json() for part in answer.content)}))


if __name__ == "__main__":
    asyncio.run(main("legacy" if sys.argv[1:] == ["older"] else "auto"))
