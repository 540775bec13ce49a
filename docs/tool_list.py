"""What stands in `a2e_mcp/server/tools.json`: every tool of the declarations, in order, with its form on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.tool import Tool
from a2e_mcp.server.apps.pages import address
from a2e_mcp.server.arguments.reader import option_models
from a2e_mcp.server.tool_index import declared_tools, is_in_every_set

_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", float: "number", int: "integer"}
_JOB_FIELDS: Mapping[str, type] = {"job_id": str, "state": str}
_MESSAGE_FIELDS: Mapping[str, type] = {"sandbox": bool, "notice": str, "charged": str, "warning": str, "next": str}
"""What an answer says in words. The tools that are called about jobs declare all of it, and a start only what it cost.

A start says the rest too, but each of these bytes would stand in the list once a start, and hosts drop long lists.
"""
_KEYWORDS = ("type", "description", "enum", "minimum", "maximum", "items", "properties")
"""What every provider of models takes; strict modes refuse all others. Our own reader holds the other limits."""


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
    if tool.page:
        form["_meta"] = {"ui": {"resourceUri": address(tool.page)}}
    if tool.answers:
        form["outputSchema"] = _job_schema(tool) if tool.answers == "job" else _list_schema(tool)
    return form


def _job_schema(tool: Tool[Any]) -> dict[str, Any]:
    """The answer of a tool that starts or reads a job; only one that reads may answer with a failed job."""
    properties = _properties(_JOB_FIELDS) | {"results": _list_of({"type": "string"})} | _properties({"credits": float})
    if tool.effect is Effect.READS:
        properties |= _properties({"error": str})
    if {"count", "job_ids"} & tool.inputs.model_fields.keys():
        properties["jobs"] = _list_of({"type": "object", "properties": _properties(_JOB_FIELDS)})
    spends = tool.effect is Effect.SPENDS
    properties |= _properties({name: kind for name, kind in _MESSAGE_FIELDS.items() if not spends or name == "charged"})
    return {"type": "object", "properties": properties, "required": list(_JOB_FIELDS)}


def _list_schema(tool: Tool[Any]) -> dict[str, Any]:
    """A list; a short one has no pages."""
    rows = _list_of({"type": "object", "properties": _properties(tool.row)})
    counts: dict[str, type] = {"total": float, **({"page": int} if "page" in tool.inputs.model_fields else {})}
    return {"type": "object", "properties": {tool.answers: rows} | _properties(counts), "required": [tool.answers]}


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _properties(fields: Mapping[str, type]) -> dict[str, Any]:
    return {name: {"type": _TYPES[kind]} for name, kind in fields.items()}


def flat_schema(*models: type[BaseModel]) -> dict[str, Any]:
    """One flat input schema of several models, in the few keywords that every provider of models takes."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for model in models:
        schema = model.model_json_schema()
        properties |= {name: _plain(given) for name, given in schema.get("properties", {}).items()}
        required += schema.get("required", [])
    flat: dict[str, Any] = {"type": "object", "properties": properties}
    return {**flat, "required": required} if required else flat


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of one input in those keywords."""
    wanted = dict(given)
    if given.get("type") in ("integer", "number"):
        # An enum may only hold texts, so the choices of a number stand in its description.
        choices = wanted.pop("enum", ())
        if choices:
            wanted |= {"minimum": min(choices), "maximum": max(choices)}
        elif "exclusiveMinimum" in given:
            wanted["minimum"] = given["exclusiveMinimum"]
    default = given.get("default")
    # A field that is left out is null or false; saying so for each would only cost bytes.
    if default is not None and default is not False:
        wanted["description"] = f"{given['description']} (default {default})"
    if "items" in given:
        wanted["items"] = _plain(given["items"])
    if "properties" in given:
        wanted["properties"] = {name: _plain(each) for name, each in given["properties"].items()}
    return {name: wanted[name] for name in _KEYWORDS if name in wanted}
