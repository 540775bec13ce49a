"""Prompts: listed, filled in, and true to the tools they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, TextContent

from a2e_mcp.server import prompts, tool_index
from tests.support.server import ERAS, Era, ServerUnderTest, open_server

FILES = {file.name.removesuffix(".md"): file.read_text(encoding="utf-8") for file in prompts.folder().iterdir()}
PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
CALLED = re.compile(r"\b(?:call|offer|use)\s+([a-z]+(?:_[a-z]+)+)", re.IGNORECASE)

ENDING = {"wait_for_job", "leave_streaming"}

both_eras = pytest.mark.parametrize("era", ERAS)


async def text_of(server: ServerUnderTest, name: str, arguments: dict[str, str]) -> str:
    (message,) = (await server.client.get_prompt(name, arguments)).messages
    assert message.role == "user"
    assert isinstance(message.content, TextContent)
    return message.content.text


@both_eras
async def test_every_file_is_listed_with_its_arguments(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        listed = {each.name: each for each in (await server.client.list_prompts()).prompts}
    assert set(listed) == set(FILES)
    for prompt in listed.values():
        assert prompt.title
        assert prompt.description
        assert prompt.arguments
        assert all(argument.description for argument in prompt.arguments)
        assert any(argument.required for argument in prompt.arguments)


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_place_has_an_argument_and_every_argument_a_place(name: str) -> None:
    arguments = {argument.name for each in prompts.listed() if each.name == name for argument in each.arguments or ()}
    assert set(PLACE.findall(FILES[name])) == arguments


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_tools_and_arguments_that_a_prompt_names_exist(name: str) -> None:
    named = set(CALLED.findall(FILES[name]))
    assert named <= set(tool_index.names())
    assert "quote_job" in named
    assert named & ENDING
    assert any(tool.startswith("start_") for tool in named)
    parameters = {
        word
        for tool in [tool.wire for tool in tool_index.tools().values()]
        for word in tool["inputSchema"]["properties"]
    }
    choices = {
        word
        for tool in [tool.wire for tool in tool_index.tools().values()]
        for schema in tool["inputSchema"]["properties"].values()
        for word in schema.get("enum", ())
    }
    for word in re.findall(r"\b[a-z]+_[a-z_]+\b", FILES[name]):
        assert word in {*tool_index.names(), *parameters, *choices}, word


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_prompt_tells_the_price_first_starts_once_and_says_what_it_cost(name: str) -> None:
    text = " ".join(FILES[name].split())
    first_start = re.search(r"[Cc]all start_[a-z_]+ once", text)
    assert first_start is not None
    assert 0 < text.find("Call quote_job") < first_start.start() < text.rfind(" cost")
    assert first_start.start() < text.find("max_credits") < text.find("price is unknown, ask me first")
    assert any(first_start.end() < text.rfind(tool) for tool in ENDING)
    assert "the sandbox, say so" in text
    assert len(text.encode()) < 2000


@pytest.mark.parametrize("name", sorted(FILES))
def test_people_shown_or_heard_are_asked_before_the_price(name: str) -> None:
    with_likeness = [
        tool["name"]
        for tool in [tool.wire for tool in tool_index.tools().values()]
        if "consent" in tool["inputSchema"]["properties"]
    ]
    if any(tool in FILES[name] for tool in with_likeness):
        assert 0 < FILES[name].find("whether they agreed") < FILES[name].find("quote_job")
        assert "as one sentence" in FILES[name]


@both_eras
async def test_a_prompt_is_filled_in_and_has_defaults(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        plain = await text_of(server, "avatar_video", {"idea": "tea {{ seconds }} \\1"})
        assert "Idea: tea {{ seconds }} \\1\n" in plain
        assert "Language: the language of the idea" in plain
        assert "about 20 seconds" in plain
        chosen = await text_of(
            server, "avatar_video", {"idea": "tea", "language": "es-MX", "avatar": "Ada", "seconds": "5"}
        )
        for words in ("Language: es-MX", "Avatar: Ada", "about 5 seconds"):
            assert words in chosen
        assert not PLACE.search(chosen)
        blank = await text_of(server, "avatar_video", {"idea": "tea", "language": ""})
        assert "Language: the language of the idea" in blank


@both_eras
async def test_a_wrong_prompt_or_argument_is_said_in_one_line(
    tmp_path: Path, era: Era, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_server(tmp_path, era=era) as server:

        async def refused(name: str, arguments: dict[str, str]) -> str:
            with pytest.raises(MCPError) as problem:
                await server.client.get_prompt(name, arguments)
            assert problem.value.code == INVALID_PARAMS
            assert problem.value.message.isprintable()
            return problem.value.message

        assert "did you mean avatar_video?" in await refused("avatar_vido", {})
        assert "Prompt not found" in await refused("\x1b[2J../../etc/passwd", {})
        assert "needs idea" in await refused("avatar_video", {})
        assert "needs idea" in await refused("avatar_video", {"idea": "  "})
        assert "needs languages" in await refused("one_message_many_languages", {"message": "Hello"})
        assert "not length" in await refused("avatar_video", {"idea": "tea", "length": "5"})
        await refused("avatar_video", {"idea": "tea", "\x1b[2J\n": "5"})
    assert not [record for record in caplog.records if record.exc_info]
