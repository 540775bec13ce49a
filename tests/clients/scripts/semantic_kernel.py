"""Semantic Kernel."""

import asyncio
import json
import os

from openai import AsyncOpenAI
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.connectors.mcp import MCPStdioPlugin

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = OpenAIChatCompletion("gpt-4o", async_client=AsyncOpenAI(base_url=TASK["model"]["openai"], api_key="none"))
    async with MCPStdioPlugin(name="a2e", request_timeout=60, **TASK["server"]) as plugin:
        agent = ChatCompletionAgent(service=model, name="video_maker", plugins=[plugin])
        print(await agent.get_response(messages=TASK["prompt"]))


asyncio.run(main())
