"""Google's Agent Development Kit."""

import asyncio
import json
import os

from google.adk.agents import LlmAgent
from google.adk.runners import InMemoryRunner
from google.adk.tools.mcp_tool import McpToolset, StdioConnectionParams
from google.genai import types
from mcp import StdioServerParameters

TASK = json.loads(os.environ["A2E_TASK"])


async def main() -> None:
    parameters = StdioConnectionParams(server_params=StdioServerParameters(**TASK["server"]), timeout=60)
    toolset = McpToolset(connection_params=parameters)
    agent = LlmAgent(name="video_maker", model="gemini-2.5-flash", tools=[toolset])
    runner = InMemoryRunner(agent=agent, app_name="videos")
    session = await runner.session_service.create_session(app_name="videos", user_id="user")
    message = types.Content(role="user", parts=[types.Part(text=TASK["prompt"])])
    async for event in runner.run_async(user_id="user", session_id=session.id, new_message=message):
        print(event.content)
    await toolset.close()


asyncio.run(main())
