"""What the recorder kept: which protocol was spoken, which tools were listed, what each call was answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Recording:
    """One client's talk with the server."""

    protocol: str = ""
    tools: list[str] = field(default_factory=list)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The answers to each tool's calls."""

    def answer(self, tool: str) -> dict[str, Any]:
        """The last answer of a tool, empty when it was not called or never answered."""
        return (self.answers.get(tool) or [{}])[-1]


def read_recording(file: Path) -> Recording:
    """Read what the recorder kept of one client, whose servers may have been several."""
    recording = Recording()
    asked: dict[object, dict[str, Any]] = {}
    # A client that was stopped may have cut the last line.
    whole = file.read_bytes().rpartition(b"\n")[0] if file.exists() else b""
    for line in whole.splitlines():
        message = json.loads(line[1:])
        if line[:1] == b">" and "method" in message:
            asked[message.get("id")] = message
        elif line[:1] == b"<" and "result" in message and message.get("id") in asked:
            _take(recording, asked[message["id"]], message["result"])
    return recording


def _take(recording: Recording, asked: dict[str, Any], result: dict[str, Any]) -> None:
    parameters = asked.get("params") or {}
    if asked["method"] == "initialize":
        recording.protocol = result["protocolVersion"]
        return
    if version := parameters.get("_meta", {}).get("io.modelcontextprotocol/protocolVersion"):
        recording.protocol = version
    if asked["method"] == "tools/list":
        listed = [tool["name"] for tool in result["tools"]]
        recording.tools = [*recording.tools, *listed] if parameters.get("cursor") else listed
    elif asked["method"] == "tools/call":
        recording.answers.setdefault(parameters["name"], []).append(result)
