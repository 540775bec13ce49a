"""LangChain through its MCP adapters, with the binding that gives the tools to Gemini."""

import asyncio
import json
import os

from langchain.agents import create_agent
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_mcp_adapters.client import MultiServerMCPClient

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    model = ChatGoogleGenerativeAI(model="gemini-2.5-flash", base_url=TASK["model"]["gemini"], api_key="none")
    tools = await MultiServerMCPClient({"a2e": {"transport": "stdio", **TASK["server"]}}).get_tools()
    agent = create_agent(model, tools)
    result = await agent.ainvoke({"messages": [("user", TASK["prompt"])]})
    print(result["messages"][-1].content)


asyncio.run(main())
