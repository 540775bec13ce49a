"""How many bytes the list of tools may cost; times are measured by `make bench`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import ListToolsResult, Tool

from a2e_mcp.client.connection import live
from a2e_mcp.server.server import A2EServer
from bench.budgets import ALL_SEEN_BYTES, ALL_WIRE_BYTES, SEEN_BYTES, TOOL_BYTES, WIRE_BYTES
from tests.support.server import ERAS, Era, settings_in


async def listed(folder: Path, era: Era, **changes: Any) -> ListToolsResult:
    settings = settings_in(folder, sandbox=False, **changes)
    async with Client(A2EServer(settings, live(settings)), mode=era) as client:
        return await client.list_tools()


def wire(value: ListToolsResult | Tool) -> bytes:
    return value.model_dump_json(by_alias=True, exclude_none=True).encode()


def seen(tools: Sequence[Tool]) -> int:
    """The bytes of what a model sees of tools."""
    shown = [{"name": each.name, "description": each.description, "inputSchema": each.input_schema} for each in tools]
    return sum(len(json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode()) for each in shown)


@pytest.mark.parametrize("era", ERAS)
async def test_the_list_of_all_tools_is_small_on_the_wire(tmp_path: Path, era: Era) -> None:
    assert len(wire(await listed(tmp_path, era))) <= WIRE_BYTES


@pytest.mark.parametrize("era", ERAS)
async def test_what_the_model_sees_of_the_list_is_small(tmp_path: Path, era: Era) -> None:
    assert seen((await listed(tmp_path, era)).tools) <= SEEN_BYTES


@pytest.mark.parametrize("era", ERAS)
async def test_the_list_with_every_toolset_stays_small_too(tmp_path: Path, era: Era) -> None:
    found = await listed(tmp_path, era, toolsets=("all",))
    assert len(wire(found)) <= ALL_WIRE_BYTES
    assert seen(found.tools) <= ALL_SEEN_BYTES
    assert len(found.tools) > len((await listed(tmp_path, era)).tools)


@pytest.mark.parametrize("era", ERAS)
async def test_no_tool_is_large_on_the_wire(tmp_path: Path, era: Era) -> None:
    sizes = {tool.name: len(wire(tool)) for tool in (await listed(tmp_path, era)).tools}
    assert {name: size for name, size in sizes.items() if size > TOOL_BYTES} == {}
