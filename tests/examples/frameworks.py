"""The examples that need an agent framework: one declaration each, run by `make examples`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.clients.declarations import CLIENTS, Client
from tests.support.paths import CHECKOUT

EXAMPLES = CHECKOUT / "examples"


@dataclass(frozen=True)
class FrameworkExample:
    """An example, and the environment that it runs in."""

    file: str
    client: Client

    @property
    def path(self) -> Path:
        """The example itself."""
        return EXAMPLES / self.file


def _known(name: str) -> Client:
    return next(client for client in CLIENTS if client.name == name)


FRAMEWORK_EXAMPLES: tuple[FrameworkExample, ...] = (
    FrameworkExample(
        "claude_agent_sdk.py", Client("claude-agent-sdk", "Claude Agent SDK", ("claude-agent-sdk==0.2.184",))
    ),
    FrameworkExample("openai_agents.py", _known("openai-agents")),
    FrameworkExample("pydantic_ai_agent.py", _known("pydantic-ai")),
    FrameworkExample(
        "langgraph_agent.py",
        Client(
            "langgraph",
            "LangGraph",
            (
                "langgraph==1.2.22",
                "langchain-mcp-adapters==0.3.2",
                "langchain-openai==1.7.4",
                "langchain==1.5.2",
            ),
        ),
    ),
)
