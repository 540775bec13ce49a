"""Every schema that is listed is one that the providers of models take: one bad tool loses all of them there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from a2e_mcp.server import tool_index
from a2e_mcp.server.arguments.reader import option_models
from docs.tool_list import flat_schema

INPUTS = {name: tool.wire["inputSchema"] for name, tool in tool_index.tools().items()}
OUTPUTS = {name: tool.wire["outputSchema"] for name, tool in tool_index.tools().items() if "outputSchema" in tool.wire}

_BASIC = {"type", "description", "enum", "items", "properties", "required"}
_NUMBERS = {"minimum", "maximum"}
_SIZES = {"minItems", "maxItems", "minLength", "maxLength", "pattern", "format"}


@dataclass(frozen=True)
class Provider:
    """What one way to reach a model takes; of the outermost object some take less."""

    keywords: set[str]
    outermost: set[str] | None = None


PROVIDERS = {
    "OpenAI": Provider(_BASIC | _NUMBERS | _SIZES | {"additionalProperties", "default", "title", "anyOf"}),
    # Strings' lengths and defaults are answered with 400, on Azure at least.
    "OpenAI, strict": Provider(_BASIC | _NUMBERS | {"additionalProperties", "anyOf", "const"}),
    "Gemini": Provider(_BASIC | _NUMBERS | _SIZES | {"nullable", "anyOf"}),
    "Anthropic": Provider(_BASIC | _NUMBERS | _SIZES | {"additionalProperties", "default", "title"}),
    "Bedrock, Nova": Provider(_BASIC | _NUMBERS, outermost={"type", "properties", "required"}),
    "VS Code": Provider(_BASIC | _NUMBERS | _SIZES | {"additionalProperties", "default", "title"}),
}


def parts(schema: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A schema and all schemas in it, each with where it is."""
    yield where, schema
    for name, part in schema.get("properties", {}).items():
        yield from parts(part, f"{where}.{name}")
    if "items" in schema:
        yield from parts(schema["items"], f"{where}[]")


def as_it_is(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema as the client hands it on."""
    return schema


def as_strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as clients with a strict mode hand it on: closed, and everything is required."""
    strict = dict(schema)
    if "properties" in schema:
        strict["properties"] = {name: as_strict(part) for name, part in schema["properties"].items()}
        strict |= {"required": list(schema["properties"]), "additionalProperties": False}
    if "items" in schema:
        strict["items"] = as_strict(schema["items"])
    return strict


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_takes_every_schema(provider: str) -> None:
    takes = PROVIDERS[provider]
    handed_on: Callable[[Mapping[str, Any]], Mapping[str, Any]] = as_strict if "strict" in provider else as_it_is
    bad = [
        f"{name}{where}: {keyword}"
        for schemas in (INPUTS, OUTPUTS)
        for name, schema in schemas.items()
        for where, part in parts(handed_on(schema))
        for keyword in set(part) - (takes.keywords if where or takes.outermost is None else takes.outermost)
    ]
    assert not bad


def test_every_part_has_one_type_and_what_belongs_to_it() -> None:
    for schemas in (INPUTS, OUTPUTS):
        for name, schema in schemas.items():
            assert schema["type"] == "object", name
            for where, part in parts(schema):
                place = f"{name}{where}"
                assert part["type"] in {"string", "integer", "number", "boolean", "array", "object"}, place
                assert ("items" in part) is (part["type"] == "array"), place
                assert ("properties" in part) is (part["type"] == "object"), place
                assert part.get("properties", {}) or not where or part["type"] != "object", place
                assert set(part.get("required", ())) <= set(part.get("properties", ())), place
                if "enum" in part:
                    assert part["type"] == "string", place
                    assert part["enum"], place
                    assert all(value and isinstance(value, str) for value in part["enum"]), place


def test_what_the_schema_cannot_say_is_said_in_the_description() -> None:
    for _, tool in tool_index.declared_tools():
        listed = flat_schema(tool.inputs, *option_models(tool))["properties"]
        for name, given in tool.inputs.model_json_schema().get("properties", {}).items():
            said = listed[name]["description"]
            choices = given.get("enum", ()) if given.get("type") != "string" else ()
            assert all(str(choice) in said for choice in choices), f"{tool.name}.{name}: {said}"
            if given.get("default") not in (None, False):
                assert str(given["default"]) in said, f"{tool.name}.{name}: {said}"
