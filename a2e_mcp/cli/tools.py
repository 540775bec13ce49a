"""`a2e-mcp tools`: the tools a server with these settings shows, as a table or as JSON."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from a2e_mcp.server import tool_index, visibility
from a2e_mcp.settings import Settings, read_settings

_SHORTEST_ABOUT = 20
_HIDDEN_BY: Mapping[str, str] = {
    "A2E_EXCLUDE_TOOLS": "excluded by A2E_EXCLUDE_TOOLS (--exclude-tools)",
    "A2E_READ_ONLY": "not read-only, which A2E_READ_ONLY (--read-only) asks for",
    "A2E_TOOLSETS": "left out by A2E_TOOLSETS (--toolsets)",
}


def print_tools(*, as_json: bool, **flags: str | bool | None) -> int:
    """Print the tools in order; `flags` are settings. Raises SettingsError where a server would not start."""
    settings = read_settings(None, **flags)
    shown = visibility.visible(settings)
    listed = visibility.listed(shown, settings.tool_prefix)
    if as_json:
        print(json.dumps(listed, ensure_ascii=False, indent=1))
        return 0
    # Lines are cut for a terminal only.
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in (*_table(listed, shown, columns), *_counted(shown, settings)):
        print(line)
    return 0


def _table(listed: Sequence[Mapping[str, str]], shown: Sequence[str], columns: int | None) -> Iterator[str]:
    rows = [(toolset, name) for toolset, names in tool_index.toolsets().items() for name in names if name in shown]
    entries = dict(zip(shown, listed, strict=True))
    width = max((len(tool["name"]) for tool in listed), default=0)
    above = ""
    for toolset, name in rows:
        if toolset != above:
            yield f"{toolset}, in every set" if toolset in ("jobs", "account") else toolset
            above = toolset
        start = f"  {entries[name]['name']:{width}}  {tool_index.tools()[name].effect:7}  "
        about = entries[name]["description"]
        if columns is not None:
            about = textwrap.shorten(about, max(_SHORTEST_ABOUT, columns - len(start)), placeholder=" ...")
        yield start + about


def _counted(shown: Sequence[str], settings: Settings) -> Iterator[str]:
    yield ""
    hidden: dict[str, list[str]] = {}
    for name in tool_index.names():
        if (variable := visibility.hidden_by(name, settings)) is not None:
            hidden.setdefault(variable, []).append(name)
    yield f"{len(shown)} of {len(tool_index.names())} tools are shown{':' if hidden else '.'}"
    for variable, names in hidden.items():
        if variable == "A2E_TOOLSETS" and not settings.toolsets:
            sets = " and ".join(tool_index.OFF_BY_DEFAULT)
            yield f"  {len(names)} {sets} tools are off by default; --toolsets all shows them"
        else:
            yield f"  {len(names)} {'is' if len(names) == 1 else 'are'} {_HIDDEN_BY[variable]}"
