"""Pydantic AI makes a video: pip install "a2e-mcp[sandbox]" "pydantic-ai-slim[openai,mcp]", and set OPENAI_API_KEY.

python examples/pydantic_ai_agent.py "Make a video in which Ada says hello, and give me its link."
"""

import asyncio
import os
import sys

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset

# Leave out --sandbox and set A2E_API_TOKEN for real videos, which cost credits.
SERVER = StdioTransport(command="a2e-mcp", args=["serve", "--sandbox"], env=dict(os.environ))


async def main(task: str = "Make a video in which Ada says hello, and give me its link.") -> None:
    # A tool answers within 45 seconds.
    agent = Agent(
        "openai-chat:gpt-4.1",
        instructions="Make videos with A2E. Show the user every result link.",
        toolsets=[MCPToolset(SERVER, init_timeout=60, read_timeout=60)],
    )
    async with agent:
        result = await agent.run(task)
    print(result.output)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
