"""OpenAI's Agents SDK, over the responses that its models speak."""

import asyncio
import json
import os

from agents import Agent, OpenAIResponsesModel, Runner, set_tracing_disabled
from agents.mcp import MCPServerStdio
from openai import AsyncOpenAI

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    set_tracing_disabled(True)
    model = OpenAIResponsesModel("gpt-4o", AsyncOpenAI(base_url=TASK["model"]["openai"], api_key="none"))
    async with MCPServerStdio(params=TASK["server"], client_session_timeout_seconds=60) as server:
        result = await Runner.run(Agent("video maker", model=model, mcp_servers=[server]), TASK["prompt"])
    print(result.final_output)


asyncio.run(main())
