"""The index of all tools: which there are, in which order, where each is declared, and its form on the wire.

It is read from `tools.json`, which `make docs` writes from the declarations and a test holds fresh. So the list is
answered without importing a declaration; a section's models are imported when one of its tools is first called.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from a2e_mcp.server.tool_call import AnyTool

_IN_EVERY_SET = ("jobs", "account")

OFF_BY_DEFAULT = ("models", "admin")
"""The toolsets that are shown only where the settings name them."""


@dataclass(frozen=True, slots=True)
class IndexedTool:
    """One tool, as far as it is known without importing its declaration; `home` is the module that has it."""

    name: str
    home: str
    toolset: str
    effect: str
    in_every_set: bool
    uploads: bool
    wire: Mapping[str, Any]


@cache
def tools() -> Mapping[str, IndexedTool]:
    """Every tool by its name, in the order of the list."""
    # Not with importlib.resources, which takes longer to import than the file to read.
    text = pkgutil.get_data("a2e_mcp.server", "tools.json")
    if text is None:
        raise FileNotFoundError("tools.json")
    return {row["wire"]["name"]: IndexedTool(name=row["wire"]["name"], **row) for row in json.loads(text)}


@cache
def names() -> tuple[str, ...]:
    """The name of every tool, in the order of the list."""
    return tuple(tools())


@cache
def toolsets() -> Mapping[str, tuple[str, ...]]:
    """Which tools a toolset has, in their order."""
    found: dict[str, list[str]] = {}
    for tool in tools().values():
        found.setdefault(tool.toolset, []).append(tool.name)
    return {toolset: tuple(members) for toolset, members in found.items()}


def effect_of(name: str) -> str:
    """What a tool does to the account; empty for a name that no tool has."""
    indexed = tools().get(name)
    return indexed.effect if indexed else ""


def can_be_charged(name: str) -> bool:
    """Whether a call of this tool may cost credits."""
    indexed = tools().get(name)
    return indexed is not None and (indexed.effect == "spends" or indexed.uploads)


def find_tool(name: str) -> AnyTool | None:
    """The tool of this name; imports the module that declares it."""
    return _declared(name) if name in tools() else None


@cache
def _declared(name: str) -> AnyTool:
    declared: tuple[AnyTool, ...] = importlib.import_module(tools()[name].home).TOOLS
    return next(tool for tool in declared if tool.name == name)


def meant_tool(text: str) -> str | None:
    """The tool that a text means: its name, with a host's or a server's prefix or not, its title, or what it makes."""
    said = re.sub(r"^the\s+|\s*\(\s*\)$|\s+(?:tool|function)$", "", text.strip().strip("\"'`"), flags=re.IGNORECASE)
    written = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])|[\s-]+", "_", said).casefold()
    known = {name: name for name in tools()}
    known |= {tool.wire["title"].casefold().replace(" ", "_"): name for name, tool in tools().items()}
    for spelling in (written, f"start_{written}", re.sub(r"^.*(?:__|[.:/])", "", written)):
        if spelling in known:
            return known[spelling]
    # The longest name counts: a prefix may end like the beginning of a name.
    ending = [name for name in tools() if written.endswith(f"_{name}")]
    return max(ending, key=len, default=None)


def declared_tools() -> Iterator[tuple[str, AnyTool]]:
    """Every tool with the module that declares it, in the order of the list; imports all of them.

    What every toolset has comes first, since some hosts send only the first tools of a list; then toolset by toolset,
    and in each the starts in the order of the catalogue's sections.
    """
    from a2e_mcp import catalogue
    from a2e_mcp.catalogue.declaration.tool import Toolset
    from a2e_mcp.server.tools import MODULES

    homes = [f"a2e_mcp.catalogue.{section.name}" for section in catalogue.SECTIONS]
    homes += [f"a2e_mcp.server.tools.{module}" for module in MODULES]
    found: list[tuple[str, AnyTool]] = [
        (home, tool) for home in homes for tool in getattr(importlib.import_module(home), "TOOLS", ())
    ]
    order = get_args(Toolset)
    yield from sorted(found, key=lambda each: (not is_in_every_set(each[1]), order.index(each[1].toolset)))


def is_in_every_set(tool: AnyTool) -> bool:
    """Whether a tool is shown with every toolset."""
    return tool.in_every_set or tool.toolset in _IN_EVERY_SET
