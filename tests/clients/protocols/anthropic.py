"""Anthropic's messages, which Claude Code speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.clients.model import Call, Say, Shown, flat

PATHS = ("/v1/messages",)
_USAGE = {"input_tokens": 1, "output_tokens": 1}


def read(body: Mapping[str, Any]) -> Shown:
    """What a request shows the model."""
    messages = body["messages"]
    parts = [part for each in messages if isinstance(each["content"], list) for part in each["content"]]
    return Shown(
        tools=tuple(each["name"] for each in body.get("tools") or ()),
        conversation="\n".join(flat(each["content"]) for each in messages if each["role"] == "user"),
        calls=sum(part.get("type") == "tool_use" for part in parts),
        schemas={each["name"]: each.get("input_schema") or {} for each in body.get("tools") or ()},
    )


def write(turn: Call | Say) -> dict[str, Any]:
    """The turn as an answer."""
    if isinstance(turn, Call):
        name = f"toolu_{turn.tool}"[:60]
        part: dict[str, Any] = {"type": "tool_use", "id": name, "name": turn.tool, "input": dict(turn.arguments)}
    else:
        part = {"type": "text", "text": turn.text}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [part],
        "stop_reason": "tool_use" if isinstance(turn, Call) else "end_turn",
        "stop_sequence": None,
        "usage": _USAGE,
    }


def is_stream(path: str, body: Mapping[str, Any]) -> bool:
    """Whether the answer is wanted in pieces."""
    del path
    return bool(body.get("stream"))


def stream(answer: Mapping[str, Any]) -> Iterator[str]:
    """An answer in pieces."""
    (part,) = answer["content"]
    if part["type"] == "tool_use":
        begun, delta = {**part, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(part["input"])}
    else:
        begun, delta = {**part, "text": ""}, {"type": "text_delta", "text": part["text"]}
    end = {"stop_reason": answer["stop_reason"], "stop_sequence": None}
    for event in (
        {"type": "message_start", "message": {**answer, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": begun},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": _USAGE},
        {"type": "message_stop"},
    ):
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
