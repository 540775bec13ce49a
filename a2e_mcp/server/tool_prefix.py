"""The prefix before tool names, for hosts that refuse two servers with equal names."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from a2e_mcp.server import tool_index


def bare_name(name: str, prefix: str) -> str:
    """A tool's own name; a name given without the prefix is accepted as well."""
    bare = name.removeprefix(prefix)
    return bare if bare in tool_index.tools() or name not in tool_index.tools() else name


def prefixed(text: str, prefix: str) -> str:
    """A text with the prefix before every tool's name in it."""
    return _a_tool().sub(rf"{prefix}\g<0>", text) if prefix else text


def prefixed_data(data: Any, prefix: str) -> Any:
    """JSON with the prefix before every tool's name in its sentences; single words are ids, names and URLs."""
    if not prefix:
        return data
    if isinstance(data, dict):
        return {name: prefixed_data(item, prefix) for name, item in data.items()}
    if isinstance(data, list):
        return [prefixed_data(item, prefix) for item in data]
    return prefixed(data, prefix) if isinstance(data, str) and " " in data else data


@cache
def _a_tool() -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(tool_index.names())})\b")
