"""Toolsets by path: one server behind every address, and no address shows more than the settings do."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from a2e_mcp.errors import NotFound
from a2e_mcp.server import tool_index, visibility
from a2e_mcp.server.http.toolset_paths import narrowing_of
from a2e_mcp.settings import Settings
from tests.support.processes import start_http_server
from tests.support.server import ERAS, tool_answer

EVERYWHERE = {tool.name for tool in tool_index.tools().values() if tool.in_every_set}
READS = {name for name in tool_index.names() if visibility.reads(name)}
USUAL = set(tool_index.names()) - {name for each in tool_index.OFF_BY_DEFAULT for name in tool_index.toolsets()[each]}
PATHS: dict[str, set[str]] = {
    "": USUAL,
    "/": USUAL,
    "/read-only": USUAL & READS,
    "/video": {*EVERYWHERE, *tool_index.toolsets()["video"]},
    "/Video,%20voices/": {*EVERYWHERE, *tool_index.toolsets()["video"], *tool_index.toolsets()["voices"]},
    "/voices/read-only": {*EVERYWHERE, *tool_index.toolsets()["voices"]} & READS,
    "/jobs": set(EVERYWHERE),
}


async def names_at(address: str, era: str) -> list[str]:
    async with Client(address, mode=era) as client:
        return [tool.name for tool in (await client.list_tools()).tools]


async def test_every_path_has_its_tools_and_all_are_one_server(tmp_path: Path) -> None:
    async with start_http_server(tmp_path, A2E_EXCLUDE_TOOLS="start_dubbing") as (_, address):
        for era in ERAS:
            for path, tools in PATHS.items():
                assert await names_at(address + path, era) == [
                    name for name in tool_index.names() if name in tools - {"start_dubbing"}
                ]
            async with (
                Client(f"{address}/voices", mode=era) as voices,
                Client(f"{address}/read-only", mode=era) as reader,
            ):
                spoken = tool_answer(
                    await voices.call_tool("generate_speech", {"script": f"Hello {era}", "voice": "Aria"})
                )
                seen = tool_answer(await reader.call_tool("list_jobs", {}))
                assert spoken.data["job_id"] in {row["job_id"] for row in seen.data["jobs"]}
                refused = tool_answer(await reader.call_tool("generate_speech", {"script": "Hello", "voice": "Aria"}))
                assert refused.failed
                assert "generate_speech is not among the tools of /mcp/read-only. Nothing was charged." in refused.text
                excluded = tool_answer(await reader.call_tool("start_dubbing", {}))
                assert "switched off by A2E_EXCLUDE_TOOLS" in excluded.text
                near = tool_answer(await voices.call_tool("start_voice_clon", {}))
                assert "did you mean start_voice_clone?" in near.text
                assert "did you mean list_voices?" in tool_answer(await reader.call_tool("list_voice", {})).text


async def test_a_path_that_is_not_there_is_reported_in_one_line(tmp_path: Path) -> None:
    async with start_http_server(tmp_path, "127.0.0.5:0") as (_, address):
        for era in ERAS:
            with pytest.raises((MCPError, ExceptionGroup)) as refused:
                await names_at(f"{address}/vidoe", era)
            assert "there is no toolset 'vidoe'; did you mean video?" in str(told_in(refused.value))
        async with httpx2.AsyncClient(trust_env=False) as http:
            shown = await http.get(f"{address}/admin")
            assert (shown.status_code, shown.text.count("\n")) == (404, 1)
            assert "the toolset admin is switched off by A2E_TOOLSETS. Toolsets here are jobs, account," in shown.text
            for path in ("", "/video", "/vidoe"):
                posted = {"accept": "application/json, text/event-stream"}
                hello = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
                for odd, status in (({"host": "evil.example.com"}, 421), ({"origin": "http://evil.example.com"}, 403)):
                    answer = await http.post(address + path, json=hello, headers={**posted, **odd})
                    assert (answer.status_code, "toolset" in answer.text) == (status, False)


def told_in(problem: BaseException) -> BaseException:
    return told_in(problem.exceptions[0]) if isinstance(problem, BaseExceptionGroup) else problem


SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"toolsets": ("all",)},
    {"toolsets": ("image", "admin")},
    {"toolsets": ("video",), "tools": ("list_api_tokens",)},
    {"read_only": True},
    {"toolsets": ("all",), "exclude_tools": ("get_credits", "add_user")},
)


def test_no_path_shows_what_the_settings_hide() -> None:
    served = 0
    for given, sets, ending in product(SETTINGS, (*tool_index.toolsets(), "all", "admin,video"), ("", "/read-only")):
        settings = Settings(**given)
        visible = set(visibility.visible(settings))
        try:
            narrowing = narrowing_of(f"/mcp/{sets}{ending}", settings)
        except NotFound:
            assert not set(sets.split(",")) <= set(visibility.offered_toolsets(settings))
            continue
        served += 1
        shown = {name for name in visible if narrowing.shows(name)}
        assert shown <= visible
        if "admin" in sets or sets == "all":
            assert {"admin", "all"} & set(settings.toolsets)
        if ending:
            assert shown <= READS
    assert served > 40


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/mcp/video/voices", "use /mcp/<toolset>, with commas between several"),
        ("/mcp/read-only/video", "use /mcp/<toolset>"),
        ("/mcp/raed-only", "did you mean read-only?"),
        ("/mcp/all", "the toolset all is switched off by A2E_TOOLSETS"),
        ("/mcp/\x1b[2J\n/../../etc/passwd", "use /mcp/<toolset>"),
        (f"/mcp/{'x' * 5000}", "there is no toolset 'xxx"),
    ],
)
def test_what_is_wrong_with_a_path_is_one_short_line(path: str, words: str) -> None:
    with pytest.raises(NotFound) as refused:
        narrowing_of(path, Settings())
    told = str(refused.value)
    assert words in told
    assert told.isprintable()
    assert len(told) < 400
    assert told.endswith("; add /read-only to show only the tools that read.")
