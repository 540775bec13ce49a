"""What stands in `a2e_mcp/server/tools.json`: every tool of the declarations, in order, with its form on the wire."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.tool import Tool
from a2e_mcp.server.arguments import option_models
from a2e_mcp.server.tool_index import declared_tools, is_in_every_set

_JOB = {
    "type": "object",
    "properties": {"job_id": {"type": "string"}, "state": {"type": "string"}},
    "required": ["job_id", "state"],
}


def rendered() -> str:
    """The text of tools.json: one tool a line."""
    rows = (
        {
            "home": home,
            "toolset": tool.toolset,
            "effect": tool.effect,
            "in_every_set": is_in_every_set(tool),
            "uploads": tool.uploads,
            "wire": wire_form(tool),
        }
        for home, tool in declared_tools()
    )
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def wire_form(tool: Tool[Any]) -> dict[str, Any]:
    """One tool as `tools/list` shows it."""
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


def flat_schema(*models: type[BaseModel]) -> dict[str, Any]:
    """One flat input schema of several models: no titles, no null or false defaults, no references."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for model in models:
        schema = model.model_json_schema()
        for name, given in schema.get("properties", {}).items():
            wanted = {key: value for key, value in given.items() if key != "title"}
            # A field that is left out is null or false; saying so for each would only cost bytes.
            if any(wanted.get("default", ...) is plain for plain in (None, False)):
                del wanted["default"]
            properties[name] = wanted
        required += schema.get("required", [])
    flat: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**flat, "required": required} if required else flat
