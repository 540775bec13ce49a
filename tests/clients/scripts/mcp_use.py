"""mcp-use."""

import asyncio
import json
import os

from langchain_openai import ChatOpenAI
from mcp_use import MCPAgent, MCPClient

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = ChatOpenAI(model="gpt-4o", base_url=TASK["model"]["openai"], api_key="none")
    client = MCPClient.from_dict({"mcpServers": {"a2e": TASK["server"]}})
    print(await MCPAgent(llm=model, client=client, max_steps=20).run(TASK["prompt"]))
    await client.close_all_sessions()


asyncio.run(main())
