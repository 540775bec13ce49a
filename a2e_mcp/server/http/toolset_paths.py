"""Toolsets by path: `/mcp/video/read-only` is the same server, with fewer of its tools shown.

A path only ever narrows: what the settings hide stays hidden on every path.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from a2e_mcp.errors import NotFound
from a2e_mcp.server import tool_index, visibility
from a2e_mcp.settings import Settings
from a2e_mcp.text import one_line

ROOT = "/mcp"
"""Where everything that the settings show is served."""

_READ_ONLY = "read-only"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a path leaves of the tools that the settings show; no toolsets are all of them."""

    path: str = ROOT
    toolsets: tuple[str, ...] = ()
    read_only: bool = False

    def shows(self, name: str) -> bool:
        """Whether a tool is left."""
        tool = tool_index.tools()[name]
        chosen = not self.toolsets or tool.in_every_set or tool.toolset in self.toolsets
        return chosen and (not self.read_only or visibility.reads(name))

    def hides(self, name: str) -> str | None:
        """The sentence for a tool that exists and is not left, or None."""
        if name not in tool_index.tools() or self.shows(name):
            return None
        return f"{name} is not among the tools of {self.path}. Nothing was charged. {ROOT} has all the others."


_EVERYTHING = Narrowing()
_NARROWING: ContextVar[Narrowing] = ContextVar("narrowing", default=_EVERYTHING)


def current() -> Narrowing:
    """The narrowing of the request that is being answered."""
    return _NARROWING.get()


@contextmanager
def narrowed_to(narrowing: Narrowing) -> Iterator[None]:
    """What is answered inside this block, and in tasks begun there, is narrowed."""
    before = _NARROWING.set(narrowing)
    try:
        yield
    finally:
        _NARROWING.reset(before)


def is_ours(path: str) -> bool:
    """Whether a path is `/mcp` or lies under it."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def narrowing_of(path: str, settings: Settings) -> Narrowing:
    """The narrowing of `/mcp`, `/mcp/read-only`, `/mcp/<toolset>,<toolset>` and `/mcp/<toolset>/read-only`.

    Raises NotFound with one line: what is wrong, and which toolsets there are.
    """
    words = [word.strip().lower().replace("_", "-") for word in path.removeprefix(ROOT).split("/") if word.strip()]
    read_only = words[-1:] == [_READ_ONLY]
    sets = words[:-1] if read_only else words
    offered = visibility.offered_toolsets(settings)
    if len(sets) > 1:
        raise _unknown(
            path, f"use {ROOT}/<toolset>, with commas between several, and /{_READ_ONLY} at the end", offered
        )
    names = tuple(dict.fromkeys(name.strip() for word in sets for name in word.split(",") if name.strip()))
    for name in names:
        if name in offered:
            continue
        if name in (*tool_index.toolsets(), "all"):
            raise _unknown(path, f"the toolset {name} is switched off by A2E_TOOLSETS", offered)
        import difflib

        near = difflib.get_close_matches(name, (*offered, _READ_ONLY), n=1, cutoff=0.5)
        raise _unknown(
            path, f"there is no toolset '{one_line(name)}'{f'; did you mean {near[0]}?' if near else ''}", offered
        )
    return Narrowing(one_line(path, 100), () if "all" in names else names, read_only)


def _unknown(path: str, why: str, offered: tuple[str, ...]) -> NotFound:
    hint = f"Toolsets here are {', '.join(offered)}; add /{_READ_ONLY} to show only the tools that read"
    return NotFound(f"{one_line(path, 100)}: {why}", charged=None, hint=hint)
