"""How the server introduces itself, in both protocols: the same as in the registry, and short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mcp import Client

from a2e_mcp import __version__
from a2e_mcp.client.connection import live
from a2e_mcp.server.server import A2EServer
from tests.support.paths import CHECKOUT
from tests.support.server import ERAS, Era, open_server, settings_in

SHORT = {"name": "a2e-mcp", "title": "A2E avatar videos", "version": __version__}


@pytest.mark.parametrize("era", ERAS)
async def test_the_server_says_who_it_is_and_shows_its_face(tmp_path: Path, era: Era) -> None:
    settings = settings_in(tmp_path, sandbox=False)
    async with Client(A2EServer(settings, live(settings)), mode=era) as client:
        listed = await client.list_tools()
        told = client.server_info
    assert told is not None
    assert (told.name, told.title, told.version) == ("a2e-mcp", "A2E avatar videos", __version__)
    assert told.description
    assert told.description.endswith(".")
    entry = json.loads((CHECKOUT / "server.json").read_text(encoding="utf-8"))
    assert told.website_url == entry["websiteUrl"]
    assert told.icons is not None
    assert len(told.icons) == 1
    assert told.icons[0].model_dump(by_alias=True, exclude_none=True) == entry["icons"][0]
    # The newest protocol repeats it with every answer, where the name is enough.
    repeated = (listed.meta or {}).get("io.modelcontextprotocol/serverInfo")
    assert repeated == (SHORT if listed.meta else None)


@pytest.mark.parametrize("era", ERAS)
async def test_each_answer_of_a_tool_names_the_server_in_the_newest_protocol(era: Era, tmp_path: Path) -> None:
    short = {**SHORT, "title": f"{SHORT['title']} (sandbox)"}
    named = {"io.modelcontextprotocol/serverInfo": short} if era == "auto" else None
    async with open_server(tmp_path, era=era) as server:
        answered = await server.client.call_tool("get_credits", {})
        refused = await server.client.call_tool("check_status", {})
    assert (answered.is_error, refused.is_error) == (False, True)
    assert answered.meta == named
    assert refused.meta == named
