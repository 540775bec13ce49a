"""CrewAI."""

import json
import os

from crewai import LLM, Agent, Crew, Task
from crewai_tools import MCPServerAdapter
from mcp import StdioServerParameters

TASK = json.loads(os.environ["A2E_TASK"])


def main() -> None:
    model = LLM(model="openai/gpt-4o", base_url=TASK["model"]["openai"], api_key="none")
    with MCPServerAdapter(StdioServerParameters(**TASK["server"]), connect_timeout=60) as tools:
        agent = Agent(role="Video maker", goal="Make videos", backstory="Makes videos.", tools=tools, llm=model)
        task = Task(description=TASK["prompt"], expected_output="The link", agent=agent)
        print(Crew(agents=[agent], tasks=[task]).kickoff())


main()
