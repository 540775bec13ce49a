"""The scripted model: it starts a video, waits, and gives the link, knowing only what a client shows it.

It has no memory. Each turn is decided from the conversation in the request, as a real model's is: a job id or a link
that the client leaves out is one that the model never sees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PROMPT = "Use the a2e tools: make a video that says hello, wait until it is ready, and give me its link."
START_TOOL, START = "start_avatar_video", {"script": "Hello.", "voice": "Aria", "avatar": "Ada"}
WAIT_TOOL, WAIT_SECONDS = "wait_for_job", 20
# In text, in JSON, and in JSON as text in JSON.
_JOB_ID = re.compile(r"avatar_video:[0-9a-f]{24}")
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/[^\s\"'\\<>)\]]+\.mp4")
_MOST_WAITS = 4


@dataclass(frozen=True)
class Shown:
    """What one request shows the model."""

    tools: tuple[str, ...]
    conversation: str
    """The user's words and the results of tools, without the instructions and the model's own words."""
    calls: int
    """How many calls the model made so far."""
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The parameters of tools as the model sees them, where a client may have made them all required."""


@dataclass(frozen=True)
class Call:
    """The model calls a tool."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def arguments_text(self) -> str:
        """The arguments as JSON."""
        return json.dumps(dict(self.arguments))


@dataclass(frozen=True)
class Say:
    """The model answers the user."""

    text: str


def next_turn(shown: Shown) -> Call | Say:
    """What the model does next."""
    said, links, jobs = shown.conversation, links_in(shown.conversation), _JOB_ID.findall(shown.conversation)
    if START_TOOL not in map(plain_name, shown.tools):
        return Say("Hello")
    if links:
        return _finish(shown, f"Here is your video: {links[-1]}")
    # Hosts write much of their own to the model, before the answers of tools.
    is_over = re.search(r"succeeded|failed", said.rpartition(jobs[-1])[2]) if jobs else None
    if jobs and shown.calls <= _MOST_WAITS and not is_over:
        wait = {"job_ids": [jobs[-1]], "seconds": WAIT_SECONDS}
        return _call(shown, WAIT_TOOL, wait)
    if not shown.calls:
        return _call(shown, START_TOOL, START)
    return _finish(shown, "I was shown no link.")


def links_in(text: str) -> list[str]:
    """The links of finished videos in a text."""
    return _LINK.findall(text)


def plain_name(tool: str) -> str:
    """The name of a tool without what a client puts before it, such as `mcp__a2e__`."""
    for name in (START_TOOL, WAIT_TOOL):
        if tool.endswith(name):
            return name
    return tool


def flat(content: object) -> str:
    """Any content as one text: what is no text is shown as JSON, as providers do."""
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _call(shown: Shown, name: str, arguments: Mapping[str, Any]) -> Call:
    tool = next(each for each in shown.tools if plain_name(each) == name)
    schema = shown.schemas.get(tool, {})
    properties = schema.get("properties", {})
    # A model that must give an argument it has no value for leaves it empty.
    empty = {each: _empty(properties[each]) for each in schema.get("required", ()) if each in properties}
    return Call(tool, {**empty, **arguments})


def _empty(schema: Mapping[str, Any]) -> object:
    kinds = [schema.get("type"), *(each.get("type") for each in schema.get("anyOf", ()))]
    if schema.get("nullable") or "null" in kinds or any(isinstance(kind, list) and "null" in kind for kind in kinds):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    empties: dict[object, object] = {"string": "", "boolean": False, "array": [], "object": {}}
    return empties.get(kinds[0], schema.get("minimum", 0))


def _finish(shown: Shown, text: str) -> Call | Say:
    # smolagents ends with a call.
    if "final_answer" in shown.tools:
        return Call("final_answer", {"answer": text})
    return Say(text)
