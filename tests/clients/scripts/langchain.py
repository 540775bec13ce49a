"""LangChain through its MCP adapters, with the binding that gives the tools to Gemini."""

import asyncio
import json
import os

from langchain.agents import create_agent
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = ChatGoogleGenerativeAI(model="gemini-2.5-flash", base_url=TASK["model"]["gemini"], api_key="none")
    client = MultiServerMCPClient({"a2e": {"transport": "stdio", **TASK["server"]}})
    # Without a session of its own each call starts a server, and the sandbox's links end with it.
    async with client.session("a2e") as session:
        agent = create_agent(model, await load_mcp_tools(session))
        result = await agent.ainvoke({"messages": [("user", TASK["prompt"])]})
    print(result["messages"][-1].content)


asyncio.run(main())
