"""The list of tools: fresh, complete, and in a form that every host takes."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.tool import AvatarChoice, PreparedInputs, StartTool
from a2e_mcp.server import tool_index, tools, visibility
from a2e_mcp.server.arguments.reader import read_arguments
from docs import tool_list
from tests.support.server import ERAS, Era, open_server, settings_in

TOOLS = {name: tool.wire for name, tool in tool_index.tools().items()}
NOT_FLAT = ("$ref", "$defs", "anyOf", "oneOf", "allOf", "title", "const")


def inside(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for name, value in schema.items():
            # A property may well be called title; only schema keywords count.
            parts = value.values() if name == "properties" else [value]
            for part in parts:
                yield from inside(part)


def test_the_snapshot_is_what_the_declarations_say() -> None:
    written = Path(tool_index.__file__).with_name("tools.json").read_text(encoding="utf-8")
    assert written == tool_list.rendered(), "run: make docs"


@pytest.mark.parametrize(
    ("package", "indexed", "declares"),
    [
        (catalogue, {section.name for section in catalogue.SECTIONS}, "CAPABILITIES"),
        (tools, set(tools.MODULES), "TOOLS"),
    ],
)
def test_what_declares_something_is_in_the_index(package: ModuleType, indexed: set[str], declares: str) -> None:
    folder = Path(str(package.__file__)).parent
    declaration = re.compile(rf"^{declares}\b.* = ", re.MULTILINE)
    assert indexed == {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if declaration.search(path.read_text(encoding="utf-8"))
    }


def test_the_index_of_sections_names_the_families_that_they_declare() -> None:
    for section in catalogue.SECTIONS:
        module = importlib.import_module(f"a2e_mcp.catalogue.{section.name}")
        assert section.families == tuple(family.name for family in getattr(module, "FAMILIES", ()))


def test_every_tool_is_found_where_the_index_has_it() -> None:
    for home, tool in tool_index.declared_tools():
        assert tool_index.tools()[tool.name].home == home
        assert tool_index.find_tool(tool.name) is tool


@pytest.mark.parametrize("era", ERAS)
async def test_the_list_is_the_snapshot_in_its_order(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        listed = (await server.client.list_tools()).tools
    shown = visibility.visible(settings_in(tmp_path))
    assert set(tool_index.names()) - set(shown) == {
        name for each in tool_index.OFF_BY_DEFAULT for name in tool_index.toolsets()[each]
    }
    assert [tool.name for tool in listed] == list(shown)
    on_the_wire = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed]
    assert on_the_wire == [TOOLS[name] for name in shown]


@pytest.mark.parametrize("name", tool_index.names())
def test_a_tool_is_named_described_and_hinted(name: str) -> None:
    tool = TOOLS[name]
    assert len(name) <= 40
    assert tool["title"]
    assert 20 <= len(tool["description"]) <= 160
    assert set(tool["annotations"]) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    for parameter, schema in tool["inputSchema"]["properties"].items():
        assert schema.get("description"), parameter


@pytest.mark.parametrize("name", tool_index.names())
def test_inputs_are_flat(name: str) -> None:
    schema = TOOLS[name]["inputSchema"]
    for part in inside(schema):
        assert not set(part) & set(NOT_FLAT), part
    assert all(isinstance(part.get("type"), str) for part in schema["properties"].values())


@pytest.mark.parametrize("name", tool_index.names())
def test_what_spends_can_be_held_under_a_ceiling(name: str) -> None:
    tool = tool_index.find_tool(name)
    assert tool is not None
    spends = tool.effect == "spends"
    assert ("max_credits" in TOOLS[name]["inputSchema"]["properties"]) is spends
    assert TOOLS[name]["annotations"]["readOnlyHint"] is (tool.effect == "reads")
    assert TOOLS[name]["annotations"]["destructiveHint"] is (tool.effect == "deletes")


@pytest.mark.parametrize("name", tool_index.names())
def test_the_declared_examples_are_calls_that_the_tool_takes(name: str) -> None:
    tool = tool_index.find_tool(name)
    assert tool is not None
    assert tool.examples
    for example in tool.examples:
        read_arguments(tool, TOOLS[name]["inputSchema"], example)
        assert not tool.likeness or "consent" in example


STARTS = [tool for _, tool in tool_index.declared_tools() if isinstance(tool, StartTool)]


@pytest.mark.parametrize("tool", STARTS, ids=lambda tool: tool.name)
def test_a_field_of_a2e_that_carries_an_input_is_declared_under_that_input(tool: StartTool[Any]) -> None:
    assert set(tool.fields.values()) <= set(tool.inputs.model_fields)
    for example in tool.examples:
        inputs, _ = read_arguments(tool, TOOLS[tool.name]["inputSchema"], example)
        given = {name: value for name, value in example.items() if isinstance(value, str)}
        choice = AvatarChoice("0" * 24, "Zoe", own=True, twin_id="0" * 24)
        found = PreparedInputs(
            title="a title",
            avatars={"avatar": choice},
            media={name: f"https://example.com/{value}" for name, value in given.items() if "." in value},
            languages={"language": "es"},
            speech="https://example.com/speech.mp3" if "script" in given else None,
        )
        request = tool.to_request(inputs, found)
        request = tool.older.to_request(inputs, found) if request is None and tool.older else request
        assert request is not None
        for name, value in request.model_dump(by_alias=True, exclude_none=True).items():
            only = value[0] if isinstance(value, list) and len(value) == 1 else value
            media = [key for key, url in found.media.items() if url == only]
            same = [key for key, text in given.items() if text == only and name != key]
            for behind in media or same[:1]:
                assert tool.fields.get(name, name) == behind, name
