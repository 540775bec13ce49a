"""Google's generateContent, which google-genai and Gemini CLI speak."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.clients.model import Call, Say, Shown, flat

PATHS = (":generateContent", ":streamGenerateContent")


def read(body: Mapping[str, Any]) -> Shown:
    """What a request shows the model."""
    contents: Sequence[Mapping[str, Any]] = body["contents"]
    parts = [(each.get("role"), part) for each in contents for part in each.get("parts") or ()]
    return Shown(
        tools=tuple(
            declared["name"]
            for tool in body.get("tools") or ()
            for declared in tool.get("functionDeclarations") or tool.get("function_declarations") or ()
        ),
        conversation="\n".join(part.get("text") or flat(part) for role, part in parts if role != "model"),
        calls=sum("functionCall" in part for _, part in parts),
    )


def write(turn: Call | Say) -> dict[str, Any]:
    """The turn as an answer."""
    if isinstance(turn, Call):
        part: dict[str, Any] = {"functionCall": {"name": turn.tool, "args": dict(turn.arguments)}}
    else:
        part = {"text": turn.text}
    content = {"role": "model", "parts": [part]}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}


def is_stream(path: str, body: Mapping[str, Any]) -> bool:
    """Whether the answer is wanted in pieces."""
    del body
    return ":streamGenerateContent" in path


def stream(answer: Mapping[str, Any]) -> Iterator[str]:
    """An answer in pieces."""
    yield f"data: {json.dumps(answer)}\r\n\r\n"
