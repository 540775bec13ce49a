"""Haystack."""

import json
import os

from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret
from haystack_integrations.tools.mcp import MCPToolset, StdioServerInfo

TASK = json.loads(os.environ["A2E_TASK"])


def main() -> None:
    model = OpenAIChatGenerator(model="gpt-4o", api_base_url=TASK["model"]["openai"], api_key=Secret.from_token("none"))
    toolset = MCPToolset(StdioServerInfo(**TASK["server"]), connection_timeout=60, invocation_timeout=60)
    agent = Agent(chat_generator=model, tools=toolset)
    print(agent.run(messages=[ChatMessage.from_user(TASK["prompt"])])["last_message"].text)
    toolset.close()


main()
