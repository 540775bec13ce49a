"""Clients that have no configuration to write to: they reach a server by its address."""

from __future__ import annotations

import json
import sys

from a2e_mcp.cli.install.clients import NAME, ClientProgram
from a2e_mcp.cli.install.entry import SANDBOX_FLAG
from a2e_mcp.cli.screen import Screen
from a2e_mcp.errors import SettingsError
from a2e_mcp.installation import Installation
from a2e_mcp.sandbox.extra import RENDERING

_ADDRESS = "127.0.0.1:8000"


def explain(client: ClientProgram, installation: Installation, *, sandbox: bool, remove: bool) -> int:
    """Print the node to paste into a workflow of n8n, and how its server is started. Raises SettingsError."""
    if remove:
        raise SettingsError(
            f"{client.name} keeps its servers in its workflows; nothing was changed",
            hint="Delete the node in the workflow",
        )
    print(json.dumps(n8n_node(), indent=2))
    command = f"{installation.command(RENDERING if sandbox else '')} --http {_ADDRESS}"
    screen = Screen(sys.stderr)
    screen.write_line(
        f"{client.name} reaches servers over HTTP; nothing was written. On the computer of {client.name}, keep this"
        f" running: {command}{f' {SANDBOX_FLAG}' if sandbox else ''}"
    )
    screen.write_line("Then paste the lines above onto a workflow and connect the node to an AI Agent.")
    return 0


def n8n_node() -> dict[str, object]:
    """The node of an AI agent's tools, as it is copied between workflows."""
    node = {
        "parameters": {
            "endpointUrl": f"http://{_ADDRESS}/mcp",
            "serverTransport": "httpStreamable",
            "authentication": "none",
            "include": "all",
            "options": {"timeout": 60_000},
        },
        "id": "a2e00000-0000-4000-8000-000000000001",
        "name": NAME,
        "type": "@n8n/n8n-nodes-langchain.mcpClientTool",
        "typeVersion": 1.2,
        "position": [0, 0],
    }
    return {"nodes": [node], "connections": {}}
