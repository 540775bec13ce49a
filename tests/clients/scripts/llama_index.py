"""LlamaIndex."""

import asyncio
import json
import os

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.llms.openai_like import OpenAILike
from llama_index.tools.mcp import BasicMCPClient, McpToolSpec

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = OpenAILike(
        model="gpt-4o",
        api_base=TASK["model"]["openai"],
        api_key="none",
        is_chat_model=True,
        is_function_calling_model=True,
    )
    server = TASK["server"]
    client = BasicMCPClient(server["command"], args=server["args"], env=server["env"], timeout=60)
    agent = FunctionAgent(tools=await McpToolSpec(client).to_tool_list_async(), llm=model)
    print(await agent.run(TASK["prompt"]))


asyncio.run(main())
