"""The clients that are tried: one declaration each, in the order of the table in docs/compatibility.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent
NODE = "node@22.23.3"
"""The runtime of the clients in JavaScript, from npm: most of them refuse the Node of a stable Debian."""


@dataclass(frozen=True)
class Client:
    """One client: what is installed for it, and the script that uses the server through it."""

    name: str
    title: str
    packages: tuple[str, ...]
    """Pinned; the first is the client itself, whose version the table shows."""
    runtime: Literal["python", "node"] = "python"
    script: str = ""
    """A file in scripts/; by default it is called like the client."""
    fault: str = ""
    """What the client does wrong, in a sentence; the smallest server that shows it is in faults/."""
    setting: str = ""
    """A setting of the server that the client needs, as `NAME=value`; the table shows it."""
    arguments: tuple[str, ...] = ()
    """What the script is called with, where one script serves two clients."""
    environment: str = ""
    """The client whose environment is used; by default it has its own."""
    over: Literal["stdio", "https"] = "stdio"
    """How the server is reached: over HTTPS it is a company's, beyond loopback, and the client sends a key."""
    seconds: int = 240
    """A client that takes longer has failed."""

    @property
    def version(self) -> str:
        """The version of the client itself."""
        return self.packages[0].rpartition("==" if self.runtime == "python" else "@")[2]

    @property
    def script_file(self) -> Path:
        """The script that uses the server through the client."""
        default = f"{self.name.replace('-', '_')}.{'py' if self.runtime == 'python' else 'mjs'}"
        return FOLDER / "scripts" / (self.script or default)

    @property
    def fault_file(self) -> Path:
        """The smallest server that shows the fault."""
        return FOLDER / "faults" / f"{self.name.replace('-', '_')}.py"


CLIENTS: tuple[Client, ...] = (
    Client("sdk-2", "Python SDK 2", ("mcp==2.3.0",)),
    Client(
        "sdk-2-older",
        "Python SDK 2, older protocol",
        ("mcp==2.3.0",),
        script="sdk_2.py",
        arguments=("older",),
        environment="sdk-2",
    ),
    Client("sdk-1", "Python SDK 1", ("mcp==1.30.0",)),
    Client("typescript-sdk-2", "TypeScript SDK 2", ("@modelcontextprotocol/client@2.4.0",), "node"),
    Client(
        "typescript-sdk-2-older",
        "TypeScript SDK 2, older protocol",
        ("@modelcontextprotocol/client@2.4.0",),
        "node",
        script="typescript_sdk_2.mjs",
        arguments=("older",),
        environment="typescript-sdk-2",
    ),
    Client("typescript-sdk-1", "TypeScript SDK 1", ("@modelcontextprotocol/sdk@1.32.2",), "node"),
    Client("fastmcp", "FastMCP", ("fastmcp==4.2.3",)),
    Client("pydantic-ai", "Pydantic AI", ("pydantic-ai-slim[openai,mcp]==2.68.0",)),
    Client("google-genai", "Google GenAI SDK", ("google-genai==3.6.1", "mcp==2.3.0")),
    Client("openai-agents", "OpenAI Agents SDK", ("openai-agents==0.24.0",)),
    Client(
        "langchain",
        "LangChain with Gemini",
        ("langchain-mcp-adapters==0.3.2", "langchain-google-genai==4.4.3", "langchain==1.5.2"),
    ),
    Client("google-adk", "Google ADK", ("google-adk[mcp]==2.13.0",)),
    Client("strands", "Strands Agents", ("strands-agents[openai]==1.62.0",)),
    Client("agno", "Agno", ("agno==3.1.10", "openai==3.57.0", "fastmcp==4.2.3")),
    Client(
        "smolagents",
        "smolagents",
        ("smolagents[mcp,openai]==1.26.0", "mcp[ws]==1.30.0"),
        fault="its tool-calling agent requires every argument, optional ones too",
    ),
    Client("haystack", "Haystack", ("mcp-haystack==2.1.1",)),
    Client(
        "llama-index",
        "LlamaIndex",
        ("llama-index-tools-mcp==0.6.0", "llama-index-llms-openai-like==0.8.1", "llama-index-core==0.14.25"),
    ),
    Client(
        "agent-framework",
        "Microsoft Agent Framework",
        ("agent-framework-core==1.23.0", "agent-framework-openai==1.17.0", "mcp==2.3.0", "tenacity==9.2.1"),
    ),
    Client("mcp-use", "mcp-use", ("mcp-use==1.7.1", "langchain==1.5.2", "langchain-openai==1.7.4")),
    Client(
        "semantic-kernel",
        "Semantic Kernel",
        ("semantic-kernel[mcp]==1.45.0",),
        # It fails on any answer with a resource link.
        setting="A2E_RESOURCE_LINKS=off",
    ),
    Client(
        "autogen",
        "AutoGen",
        ("autogen-ext[mcp,openai]==0.7.5", "autogen-agentchat==0.7.5", "mcp==1.30.0"),
        # It fails on any answer with a resource link.
        setting="A2E_RESOURCE_LINKS=off",
    ),
    Client("crewai", "CrewAI", ("crewai==1.15.30", "crewai-tools[mcp]==1.15.30")),
    Client("vercel-ai", "Vercel AI SDK", ("@ai-sdk/mcp@2.0.99", "ai@7.0.173", "@ai-sdk/openai@4.0.118"), "node"),
    Client("mastra", "Mastra", ("@mastra/mcp@2.0.0", "@mastra/core@1.71.0", "@ai-sdk/openai@4.0.118"), "node"),
    Client("claude-code", "Claude Code", ("@anthropic-ai/claude-code@2.1.332",), "node", script="claude_code.py"),
    Client(
        "claude-code-key",
        "Claude Code, HTTPS and a key",
        ("@anthropic-ai/claude-code@2.1.332",),
        "node",
        script="claude_code.py",
        environment="claude-code",
        over="https",
    ),
    Client("codex", "Codex", ("@openai/codex@0.171.0",), "node", script="codex.py"),
    Client("gemini-cli", "Gemini CLI", ("@google/gemini-cli@0.61.0",), "node", script="gemini_cli.py"),
    Client(
        "inspector", "MCP Inspector, strict", ("@modelcontextprotocol/inspector@2.12.0",), "node", script="inspector.py"
    ),
    Client(
        "inspector-key",
        "MCP Inspector, HTTPS and a key",
        ("@modelcontextprotocol/inspector@2.12.0",),
        "node",
        script="inspector.py",
        environment="inspector",
        over="https",
    ),
    Client(
        "conformance-2026-07-28",
        "Conformance suite, 2026-07-28",
        ("@modelcontextprotocol/conformance@0.2.0-alpha.12",),
        "node",
        script="conformance.py",
        arguments=("2026-07-28",),
        environment="conformance",
        seconds=600,
    ),
    Client(
        "conformance-tasks",
        "Conformance suite, tasks",
        ("@modelcontextprotocol/conformance@0.2.0-alpha.12",),
        runtime="node",
        script="conformance.py",
        arguments=("tasks",),
        environment="conformance",
        seconds=300,
    ),
    Client(
        "conformance-2025-11-25",
        "Conformance suite, 2025-11-25",
        ("@modelcontextprotocol/conformance@0.2.0-alpha.12",),
        "node",
        script="conformance.py",
        arguments=("2025-11-25",),
        environment="conformance",
        seconds=600,
    ),
    Client("opencode", "opencode", ("opencode-ai@1.18.33",), "node", script="opencode.py"),
)


def chosen(only: str) -> tuple[Client, ...]:
    """The clients whose names are given, separated by commas; all when none is given."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = set(names) - {client.name for client in CLIENTS}
    if unknown:
        known = ", ".join(client.name for client in CLIENTS)
        raise SystemExit(f"Unknown client: {', '.join(sorted(unknown))}. Known: {known}.")
    return tuple(client for client in CLIENTS if not names or client.name in names)
