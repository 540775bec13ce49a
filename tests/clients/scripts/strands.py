"""Strands Agents."""

import json
import os

from mcp import StdioServerParameters, stdio_client
from strands import Agent
from strands.models.openai import OpenAIModel
from strands.tools.mcp import MCPClient

TASK = json.loads(os.environ["A2E_TASK"])


def main() -> None:
    model = OpenAIModel(client_args={"base_url": TASK["model"]["openai"], "api_key": "none"}, model_id="gpt-4o")
    with MCPClient(lambda: stdio_client(StdioServerParameters(**TASK["server"]))) as client:
        print(Agent(model=model, tools=client.list_tools_sync())(TASK["prompt"]))


main()
