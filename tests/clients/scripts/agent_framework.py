"""Microsoft's Agent Framework."""

import asyncio
import json
import os

from agent_framework import Agent, MCPStdioTool
from agent_framework.openai import OpenAIChatClient

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = OpenAIChatClient(model="gpt-4o", base_url=TASK["model"]["openai"], api_key="none")
    async with MCPStdioTool(name="a2e", request_timeout=60, **TASK["server"]) as server:
        print(await Agent(model, tools=[server]).run(TASK["prompt"]))


asyncio.run(main())
