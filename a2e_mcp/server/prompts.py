"""Prompts for whole workflows: Markdown files with a TOML head, shipped in the package."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent

from a2e_mcp.server.tool_prefix import prefixed
from a2e_mcp.text import one_line

_HEAD = re.compile(r"\+\+\+\n(.*?)\n\+\+\+\n(.*)", re.DOTALL)
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LONGEST_ARGUMENT = 20_000


@dataclass(frozen=True, slots=True)
class Workflow:
    """One prompt: what it is called, what it takes, and its text with `{{ name }}` places."""

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...]
    defaults: Mapping[str, str]
    text: str


def listed(prefix: str = "") -> list[Prompt]:
    """Every prompt as MCP lists it; `prefix` goes before the tool names in it."""
    return [
        Prompt(
            name=each.name,
            title=each.title,
            description=prefixed(each.description, prefix),
            arguments=[_prefixed_argument(argument, prefix) for argument in each.arguments],
        )
        for each in _workflows().values()
    ]


def filled_in(name: str, arguments: Mapping[str, Any], prefix: str = "") -> GetPromptResult:
    """A prompt with its arguments filled in, `prefix` before the tool names in it.

    Raises MCPError -32602 saying what is wrong.
    """
    workflow = _workflows().get(name)
    if workflow is None:
        near = difflib.get_close_matches(name, _workflows(), n=1, cutoff=0.4)
        raise _invalid(f"Prompt not found{f'; did you mean {near[0]}?' if near else ''}")
    known = {argument.name for argument in workflow.arguments}
    if unknown := arguments.keys() - known:
        raise _invalid(f"{name} takes {', '.join(sorted(known))}, not {one_line(', '.join(sorted(unknown)), 80)}")
    missing = [
        each.name for each in workflow.arguments if each.required and not str(arguments.get(each.name) or "").strip()
    ]
    if missing:
        raise _invalid(f"{name} needs {' and '.join(missing)}")
    values = {**workflow.defaults, **{key: str(value)[:_LONGEST_ARGUMENT] for key, value in arguments.items() if value}}
    # Before the person's own words come in, which are left as they are.
    text = _PLACE.sub(lambda place: values.get(place[1], ""), prefixed(workflow.text, prefix))
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(description=prefixed(workflow.description, prefix), messages=[message])


def folder() -> Traversable:
    """Where the prompt files are: inside an installed package, or beside it in a checkout."""
    installed = resources.files("a2e_mcp").joinpath("prompts")
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "prompts"


@cache
def _workflows() -> Mapping[str, Workflow]:
    files = sorted((file for file in folder().iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return {each.name: each for each in map(_read, files)}


def _read(file: Traversable) -> Workflow:
    parts = _HEAD.fullmatch(file.read_text(encoding="utf-8"))
    if parts is None:
        raise ValueError(f"{file.name} has no +++ head")
    head = tomllib.loads(parts[1])
    arguments = head.get("arguments", {})
    return Workflow(
        name=file.name.removesuffix(".md"),
        title=head["title"],
        description=head["description"],
        arguments=tuple(
            PromptArgument(name=name, description=declared["description"], required="default" not in declared)
            for name, declared in arguments.items()
        ),
        defaults={name: declared["default"] for name, declared in arguments.items() if "default" in declared},
        text=parts[2].strip(),
    )


def _prefixed_argument(argument: PromptArgument, prefix: str) -> PromptArgument:
    return argument.model_copy(update={"description": prefixed(argument.description or "", prefix)})


def _invalid(message: str) -> MCPError:
    return MCPError(code=INVALID_PARAMS, message=message)
