"""A LangGraph agent makes a video and remembers the conversation. Set OPENAI_API_KEY, and:

pip install "a2e-mcp[sandbox]"
python -m venv agent && agent/bin/pip install langgraph langchain langchain-openai langchain-mcp-adapters
agent/bin/python examples/langgraph_agent.py "Make a video in which Ada says hello, and give me its link."

The adapters need an older MCP SDK than the server, so each has an environment of its own.
"""

import asyncio
import os
import sys

from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from langgraph.checkpoint.memory import InMemorySaver

# Leave out --sandbox and set A2E_API_TOKEN for real videos, which cost credits.
SERVER = {"transport": "stdio", "command": "a2e-mcp", "args": ["serve", "--sandbox"], "env": dict(os.environ)}


async def main(task: str = "Make a video in which Ada says hello, and give me its link.") -> None:
    client = MultiServerMCPClient({"a2e": SERVER})
    # One session for the whole conversation: without it, each call would start a server of its own.
    async with client.session("a2e") as session:
        agent = create_agent("openai:gpt-4.1", await load_mcp_tools(session), checkpointer=InMemorySaver())
        result = await agent.ainvoke(
            {"messages": [("user", task)]}, config={"configurable": {"thread_id": "welcome-videos"}}
        )
    print(result["messages"][-1].content)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
