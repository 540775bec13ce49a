"""Which tools the settings show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from a2e_mcp.errors import SettingsError
from a2e_mcp.server import tool_index
from a2e_mcp.server.tool_prefix import prefixed
from a2e_mcp.text import one_line

if TYPE_CHECKING:
    from a2e_mcp.settings import Settings

_ALL = "all"
_LIVE, _FILMS = "streaming", "film"


def visible(settings: Settings) -> tuple[str, ...]:
    """The tools that are shown, in order. Raises SettingsError for a toolset or tool that does not exist."""
    names = tool_index.names()
    for variable, given, known in (
        ("A2E_TOOLSETS", settings.toolsets, (*tool_index.toolsets(), _ALL)),
        ("A2E_TOOLS", settings.tools, names),
        ("A2E_EXCLUDE_TOOLS", settings.exclude_tools, names),
    ):
        for name in given:
            if name not in known:
                raise _unknown(variable, name, known)
    return tuple(name for name in names if hidden_by(name, settings) is None)


def switched_off(name: str, settings: Settings) -> str | None:
    """The sentence for a tool that exists and is hidden, or None."""
    indexed = tool_index.tools().get(name)
    variable = None if indexed is None else hidden_by(name, settings)
    if indexed is None or variable is None:
        return None
    why = f" (it belongs to the toolset {indexed.toolset})" if variable == "A2E_TOOLSETS" else ""
    return f"{name} is switched off by {variable}{why}. Nothing was charged. The user can change that setting."


def out_of_reach(name: str, settings: Settings) -> str | None:
    """The sentence for a tool that is of no use to people at other computers than the server's, or None."""
    toolsets = tool_index.toolsets()
    if name in toolsets[_LIVE]:
        return f"{name} is for live rooms, whose pages open on the server's own computer only. Nothing was charged."
    if name in toolsets[_FILMS] and settings.store is None:
        return f"{name} makes films, which without A2E_STORE stay on the server's own computer. Nothing was charged."
    return None


def offered_toolsets(settings: Settings) -> tuple[str, ...]:
    """The toolsets that the settings show, in order; `all` only where the settings have it."""
    wanted = _wanted(settings)
    known = (*tool_index.toolsets(), _ALL)
    return known if _ALL in wanted else tuple(name for name in known if name in (*wanted, "jobs", "account"))


def listed(shown: Sequence[str], prefix: str) -> list[Mapping[str, Any]]:
    """These tools in their form on the wire."""
    wire = [tool_index.tools()[name].wire for name in tool_index.names() if name in shown]
    return [json.loads(prefixed(json.dumps(tool), prefix)) for tool in wire] if prefix else wire


def hidden_by(name: str, settings: Settings) -> str | None:
    """The setting that hides a tool, or None."""
    tool = tool_index.tools()[name]
    if name in settings.exclude_tools:
        return "A2E_EXCLUDE_TOOLS"
    if settings.read_only and not reads(name):
        return "A2E_READ_ONLY"
    wanted = _wanted(settings)
    chosen = tool.in_every_set or _ALL in wanted or tool.toolset in wanted
    return None if chosen or name in settings.tools else "A2E_TOOLSETS"


def reads(name: str) -> bool:
    """Whether a tool changes and costs nothing."""
    return tool_index.effect_of(name) == "reads"


def _wanted(settings: Settings) -> Sequence[str]:
    return settings.toolsets or tuple(name for name in tool_index.toolsets() if name not in tool_index.OFF_BY_DEFAULT)


def _unknown(variable: str, name: str, known: Sequence[str]) -> SettingsError:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    kind = "toolset" if variable == "A2E_TOOLSETS" else "tool"
    near_hint = f"; did you mean {near[0]}?" if near else ""
    flag = variable.removeprefix("A2E_").lower().replace("_", "-")
    hint = f"Toolsets are {', '.join(known)}" if kind == "toolset" else "Run `a2e-mcp tools` to see them all"
    return SettingsError(
        f"{variable} (--{flag}): there is no {kind} '{one_line(name)}'{near_hint}", charged=None, hint=hint
    )
