"""Pydantic AI."""

import asyncio
import json
import os

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = OpenAIChatModel("gpt-4o", provider=OpenAIProvider(base_url=TASK["model"]["openai"], api_key="none"))
    agent = Agent(model, toolsets=[MCPToolset(StdioTransport(**TASK["server"]), init_timeout=60, read_timeout=60)])
    async with agent:
        result = await agent.run(TASK["prompt"])
    print(result.output)


asyncio.run(main())
