"""OpenAI's chat completions, which most frameworks and local models speak."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.clients.model import Call, Say, Shown, flat

PATHS = ("/chat/completions",)
_ABOUT = {"id": "chatcmpl-1", "created": 1_700_000_000, "model": "gpt-4o"}
_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def read(body: Mapping[str, Any]) -> Shown:
    """What a request shows the model."""
    messages = body["messages"]
    heard = [flat(each["content"]) for each in messages if each["role"] in ("user", "tool", "function")]
    return Shown(
        tools=tuple(each["function"]["name"] for each in body.get("tools") or ()),
        conversation="\n".join(heard),
        calls=sum(len(each.get("tool_calls") or ()) for each in messages),
        schemas={
            each["function"]["name"]: each["function"].get("parameters") or {} for each in body.get("tools") or ()
        },
    )


def write(turn: Call | Say) -> dict[str, Any]:
    """The turn as an answer."""
    message: dict[str, Any] = {"role": "assistant", "content": turn.text if isinstance(turn, Say) else None}
    if isinstance(turn, Call):
        function = {"name": turn.tool, "arguments": turn.arguments_text()}
        message["tool_calls"] = [{"id": f"call_{turn.tool}", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if isinstance(turn, Call) else "stop"}
    return {**_ABOUT, "object": "chat.completion", "choices": [choice], "usage": _USAGE}


def is_stream(path: str, body: Mapping[str, Any]) -> bool:
    """Whether the answer is wanted in pieces."""
    del path
    return bool(body.get("stream"))


def stream(answer: Mapping[str, Any]) -> Iterator[str]:
    """An answer in pieces."""
    choice = answer["choices"][0]
    delta = dict(choice["message"])
    if "tool_calls" in delta:
        delta["tool_calls"] = [{"index": 0, **each} for each in delta["tool_calls"]]
    about = {**_ABOUT, "object": "chat.completion.chunk"}
    yield _piece({**about, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _piece({**about, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
    yield _piece({**about, "choices": [], "usage": _USAGE})
    yield "data: [DONE]\n\n"


def _piece(chunk: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(chunk)}\n\n"
