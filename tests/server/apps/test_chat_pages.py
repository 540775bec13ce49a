"""The pages of the chat as a host reads them: small, self-contained, and allowed to load results and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mcp import Client
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.types import TextResourceContents
from pydantic import SecretStr

from a2e_mcp.catalogue.media_hosts import MEDIA_ORIGINS
from a2e_mcp.client.connection import live
from a2e_mcp.server.apps.pages import PAGES
from a2e_mcp.server.server import A2EServer
from tests.support.server import ERAS, Era, open_server, settings_in
from tests.support.token_watch import TOKEN

LARGEST = 60 * 1024
TYPE = APP_MIME_TYPE
both_eras = pytest.mark.parametrize("era", ERAS)


async def read(client: Client, uri: str) -> TextResourceContents:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    return content


@both_eras
async def test_every_page_that_a_tool_names_can_be_read(era: Era, tmp_path: Path) -> None:
    async with open_server(tmp_path, era=era, tool_prefix="mine_") as server:
        client = server.client
        named = {tool.meta["ui"]["resourceUri"] for tool in (await client.list_tools()).tools if tool.meta}
        pages = {page.uri: page for page in (await client.list_resources()).resources if page.mime_type == TYPE}
        assert named == set(pages) == {page.uri for page in PAGES}
        for uri in named:
            content = await read(client, uri)
            assert content.mime_type == TYPE
            assert pages[uri].size == len(content.text.encode()) < LARGEST
            assert '{"prefix": "mine_"}' in content.text
            assert content.meta is not None
            # The sandbox's files, and films.
            allowed = content.meta["ui"]["csp"]["resourceDomains"]
            assert [origin.rpartition(":")[0] for origin in allowed] == ["http://127.0.0.1"] * 2
            assert server.sandbox.media()[0] in allowed
        # Older protocols have no place where a server could say so.
        if era == "auto":
            assert client.server_capabilities is not None
            assert set(client.server_capabilities.extensions or {}) == {EXTENSION_ID, "io.modelcontextprotocol/tasks"}


async def test_in_live_mode_results_come_from_the_hosts_of_a2e_and_films_from_here(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, sandbox=False, token=SecretStr(TOKEN))
    async with Client(A2EServer(settings, live(settings))) as client:
        meta = (await read(client, "ui://a2e/job")).meta
        assert meta is not None
        *theirs, films = meta["ui"]["csp"]["resourceDomains"]
        assert tuple(theirs) == MEDIA_ORIGINS
        assert films.startswith("http://127.0.0.1:")
        assert set(meta["ui"]["csp"]) == {"resourceDomains"}


@pytest.mark.parametrize("page", [page.name for page in PAGES])
async def test_a_page_names_nothing_that_is_loaded_from_elsewhere(page: str, tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        text = (await read(server.client, f"ui://a2e/{page}")).text
    assert re.findall(r"(?:src|href)=[\"']?\w+:|@import|url\(|https?://\w", text) == []
    assert "{{" not in text
