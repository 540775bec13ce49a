"""Claude makes a video: pip install "a2e-mcp[sandbox]" claude-agent-sdk, and set ANTHROPIC_API_KEY.

python examples/claude_agent_sdk.py "Make a video in which Ada says hello, and give me its link."
"""

import asyncio
import sys

from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, query

# Leave out --sandbox and set A2E_API_TOKEN for real videos, which cost credits.
SERVER = {"type": "stdio", "command": "a2e-mcp", "args": ["serve", "--sandbox"]}


async def main(task: str = "Make a video in which Ada says hello, and give me its link.") -> None:
    options = ClaudeAgentOptions(
        mcp_servers={"a2e": SERVER},
        # The tools of this server, and none of those that change files or run commands.
        allowed_tools=["mcp__a2e"],
        tools=[],
        strict_mcp_config=True,
        system_prompt="Make videos with A2E. Show the user every result link.",
    )
    async for message in query(prompt=task, options=options):
        if isinstance(message, ResultMessage):
            print(message.result)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
