"""Agno."""

import asyncio
import json
import os

from agno.agent import Agent
from agno.models.openai import OpenAIChat
from agno.tools.mcp import MCPTools
from mcp import StdioServerParameters

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = OpenAIChat(id="gpt-4o", base_url=TASK["model"]["openai"], api_key="none")
    async with MCPTools(server_params=StdioServerParameters(**TASK["server"]), timeout_seconds=60) as tools:
        result = await Agent(model=model, tools=[tools], telemetry=False).arun(TASK["prompt"])
    print(result.content)


asyncio.run(main())
