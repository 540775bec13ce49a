"""Google's GenAI SDK, which calls the tools of an MCP session by itself."""

import asyncio
import json
import os

from google import genai
from google.genai import types
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = genai.Client(api_key="none", http_options=types.HttpOptions(base_url=TASK["model"]["gemini"]))
    async with (
        stdio_client(StdioServerParameters(**TASK["server"])) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        result = await model.aio.models.generate_content(
            model="gemini-2.5-flash", contents=TASK["prompt"], config={"tools": [session]}
        )
    print(result.text)


asyncio.run(main())
