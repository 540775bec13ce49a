"""AutoGen."""

import asyncio
import json
import os

from autogen_agentchat.agents import AssistantAgent
from autogen_ext.models.openai import OpenAIChatCompletionClient
from autogen_ext.tools.mcp import McpWorkbench, StdioServerParams

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = OpenAIChatCompletionClient(model="gpt-4o", base_url=TASK["model"]["openai"], api_key="none")
    async with McpWorkbench(StdioServerParams(**TASK["server"], read_timeout_seconds=60)) as workbench:
        agent = AssistantAgent("video_maker", model_client=model, workbench=workbench, max_tool_iterations=6)
        print((await agent.run(task=TASK["prompt"])).messages[-1])


asyncio.run(main())
