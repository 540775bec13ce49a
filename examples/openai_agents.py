"""OpenAI's Agents SDK makes a video: pip install "a2e-mcp[sandbox]" openai-agents, and set OPENAI_API_KEY.

python examples/openai_agents.py "Make a video in which Ada says hello, and give me its link."
"""

import asyncio
import os
import sys

from agents import Agent, Runner
from agents.mcp import MCPServerStdio

# Leave out --sandbox and set A2E_API_TOKEN for real videos, which cost credits.
SERVER = {"command": "a2e-mcp", "args": ["serve", "--sandbox"], "env": dict(os.environ)}


async def main(task: str = "Make a video in which Ada says hello, and give me its link.") -> None:
    # A tool answers within 45 seconds; the SDK would give up after 5.
    async with MCPServerStdio(params=SERVER, client_session_timeout_seconds=60) as server:
        agent = Agent(
            "Video maker",
            model="gpt-4.1",
            instructions="Make videos with A2E. Show the user every result link.",
            mcp_servers=[server],
        )
        result = await Runner.run(agent, task)
    print(result.final_output)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
