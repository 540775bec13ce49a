"""Writes `tools.json` from the declarations: `python -m a2e_mcp.server.schemas` (or `make schemas`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.tool import Tool
from a2e_mcp.server.arguments import flat_schema, option_models
from a2e_mcp.server.visibility import every_tool

_JOB = {
    "type": "object",
    "properties": {"job_id": {"type": "string"}, "state": {"type": "string"}},
    "required": ["job_id", "state"],
}


def wire_form(tool: Tool[Any]) -> dict[str, Any]:
    """One tool as `tools/list` tells it."""
    form: dict[str, Any] = {
        "name": tool.name,
        "title": tool.title,
        "description": tool.about,
        "inputSchema": flat_schema(tool.inputs, *option_models(tool)),
        "annotations": {
            "readOnlyHint": tool.effect is Effect.READS,
            "destructiveHint": tool.effect is Effect.DELETES,
            "idempotentHint": tool.effect in (Effect.READS, Effect.DELETES),
            "openWorldHint": True,
        },
    }
    if tool.answers == "job":
        form["outputSchema"] = _JOB
    elif tool.answers:
        rows = {"type": "object", "properties": {tool.answers: {"type": "array"}}, "required": [tool.answers]}
        form["outputSchema"] = rows
    return form


def rendered() -> str:
    """The text of tools.json: one tool a line."""
    lines = [json.dumps(wire_form(tool), ensure_ascii=False) for tool in every_tool()]
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    Path(__file__).with_name("tools.json").write_text(rendered(), encoding="utf-8")
