"""OpenAI's responses, which its own agents and Codex speak."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.clients.model import Call, Say, Shown, flat

PATHS = ("/responses",)
_USAGE = {
    "input_tokens": 1,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 1,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 2,
}


def read(body: Mapping[str, Any]) -> Shown:
    """What a request shows the model."""
    given = body["input"]
    items: Sequence[Mapping[str, Any]] = [{"role": "user", "content": given}] if isinstance(given, str) else given
    heard = [flat(each["output"]) for each in items if str(each.get("type", "")).endswith("call_output")]
    heard += [flat(each["content"]) for each in items if each.get("role") == "user"]
    return Shown(
        tools=tuple(_names(body.get("tools") or ())),
        conversation="\n".join(heard),
        calls=sum(each.get("type") == "function_call" for each in items),
        schemas={each["name"]: each.get("parameters") or {} for each in body.get("tools") or () if "name" in each},
    )


def _names(tools: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for tool in tools:
        if tool.get("type") == "namespace":
            # The tools of one server; a call names the server beside the tool.
            yield from (f"{tool['name']}{_SEPARATOR}{name}" for name in _names(tool["tools"]))
        elif "name" in tool:
            yield tool["name"]


_SEPARATOR = "\t"


def write(turn: Call | Say) -> dict[str, Any]:
    """The turn as an answer."""
    if isinstance(turn, Call):
        space, _, name = turn.tool.rpartition(_SEPARATOR)
        item: dict[str, Any] = {
            "type": "function_call",
            "id": f"fc_{name}",
            "call_id": f"call_{name}",
            "status": "completed",
            "name": name,
            "arguments": turn.arguments_text(),
        }
        if space:
            item["namespace"] = space
    else:
        text = {"type": "output_text", "text": turn.text, "annotations": []}
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "model": "gpt-4o",
        "output": [item],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": _USAGE,
    }


def is_stream(path: str, body: Mapping[str, Any]) -> bool:
    """Whether the answer is wanted in pieces."""
    del path
    return bool(body.get("stream"))


def stream(answer: Mapping[str, Any]) -> Iterator[str]:
    """An answer in pieces."""
    (item,) = answer["output"]
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**answer, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress"}},
    ]
    if item["type"] == "message":
        text = item["content"][0]["text"]
        at = {"item_id": item["id"], "output_index": 0, "content_index": 0}
        events += [
            {"type": "response.content_part.added", **at, "part": {**item["content"][0], "text": ""}},
            {"type": "response.output_text.delta", **at, "delta": text, "logprobs": []},
            {"type": "response.output_text.done", **at, "text": text, "logprobs": []},
            {"type": "response.content_part.done", **at, "part": item["content"][0]},
        ]
    else:
        at = {"item_id": item["id"], "output_index": 0}
        arguments = item["arguments"]
        events += [
            {"type": "response.function_call_arguments.delta", **at, "delta": arguments},
            {"type": "response.function_call_arguments.done", **at, "name": item["name"], "arguments": arguments},
        ]
    events += [
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": answer},
    ]
    for number, event in enumerate(events):
        yield f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n"
