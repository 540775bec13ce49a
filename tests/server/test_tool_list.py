"""The list of tools: fresh, complete, and in a form that every host takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.server import schemas, visibility
from tests.support.server import ERAS, Era, open_server, settings_in

TOOLS = {tool["name"]: tool for tool in visibility.snapshot()}
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
    written = Path(visibility.__file__).with_name("tools.json").read_text(encoding="utf-8")
    assert written == schemas.rendered(), "run: make schemas"


def test_every_tool_with_a_home_is_in_the_order_and_the_other_way_round() -> None:
    homes = [name for names in visibility.HOMES.values() for name in names]
    assert sorted(homes) == sorted(visibility.ORDER)
    assert len(set(homes)) == len(homes)


def test_every_tool_is_in_the_toolset_it_names() -> None:
    named = {tool.name: tool.toolset for tool in visibility.every_tool()}
    assert named == {name: toolset for toolset, names in visibility.TOOLSETS.items() for name in names}


@pytest.mark.parametrize("era", ERAS)
async def test_the_list_is_the_snapshot_in_its_order(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        listed = (await server.client.list_tools()).tools
    shown = visibility.visible(settings_in(tmp_path))
    assert set(visibility.ORDER) - set(shown) == set(visibility.TOOLSETS["admin"])
    assert [tool.name for tool in listed] == list(shown)
    on_the_wire = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed]
    assert on_the_wire == [TOOLS[name] for name in shown]


@pytest.mark.parametrize("name", visibility.ORDER)
def test_a_tool_is_named_described_and_hinted(name: str) -> None:
    tool = TOOLS[name]
    assert len(name) <= 40
    assert tool["title"]
    assert 20 <= len(tool["description"]) <= 160
    assert set(tool["annotations"]) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    for parameter, schema in tool["inputSchema"]["properties"].items():
        assert schema.get("description"), parameter


@pytest.mark.parametrize("name", visibility.ORDER)
def test_inputs_are_flat_and_closed(name: str) -> None:
    schema = TOOLS[name]["inputSchema"]
    assert schema["additionalProperties"] is False
    for part in inside(schema):
        assert not set(part) & set(NOT_FLAT), part
    assert all(isinstance(part.get("type"), str) for part in schema["properties"].values())


@pytest.mark.parametrize("name", visibility.ORDER)
def test_what_spends_can_be_held_under_a_ceiling(name: str) -> None:
    tool = visibility.find_tool(name)
    assert tool is not None
    spends = tool.effect == "spends"
    assert ("max_credits" in TOOLS[name]["inputSchema"]["properties"]) is spends
    assert TOOLS[name]["annotations"]["readOnlyHint"] is (tool.effect == "reads")
    assert TOOLS[name]["annotations"]["destructiveHint"] is (tool.effect == "deletes")
