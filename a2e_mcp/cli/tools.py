"""`a2e-mcp tools`: the tools as a table, or as JSON."""

from __future__ import annotations

import json

from a2e_mcp.server.surface import snapshot


def print_tools(*, as_json: bool) -> int:
    """Print every tool, in order."""
    tools = snapshot()
    if as_json:
        print(json.dumps(tools, ensure_ascii=False, indent=1))
        return 0
    width = max(len(tool["name"]) for tool in tools)
    for tool in tools:
        print(f"{tool['name']:{width}}  {tool['description']}")
    return 0
