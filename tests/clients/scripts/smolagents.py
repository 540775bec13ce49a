"""smolagents."""

import json
import os

from mcp import StdioServerParameters
from smolagents import OpenAIServerModel, ToolCallingAgent, ToolCollection

TASK = json.loads(os.environ["A2E_TASK"])


def main() -> None:
    model = OpenAIServerModel("gpt-4o", api_base=TASK["model"]["openai"], api_key="none")
    parameters = StdioServerParameters(**TASK["server"])
    with ToolCollection.from_mcp(parameters, trust_remote_code=True, structured_output=False) as collection:
        print(ToolCallingAgent(tools=[*collection.tools], model=model).run(TASK["prompt"]))


main()
