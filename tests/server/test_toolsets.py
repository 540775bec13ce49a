"""Which tools are shown: by toolset, by name, read-only, and under a prefix."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from a2e_mcp.client.connection import live
from a2e_mcp.errors import SettingsError
from a2e_mcp.sandbox import SandboxSettings
from a2e_mcp.server import tool_index, visibility
from a2e_mcp.server.server import A2EServer
from a2e_mcp.settings import Settings, read_settings
from tests.support.server import open_server

EVERYWHERE = {tool.name for tool in tool_index.tools().values() if tool.in_every_set}


def shown(**changes: Any) -> set[str]:
    return set(visibility.visible(Settings(**changes)))


def test_without_settings_everything_but_administration_and_rarer_models_is_shown() -> None:
    assert set(tool_index.names()) - shown() == {
        name for each in tool_index.OFF_BY_DEFAULT for name in tool_index.toolsets()[each]
    }


def test_all_includes_administration() -> None:
    assert shown(toolsets=("all",)) == set(tool_index.names())


@pytest.mark.parametrize("toolset", tool_index.toolsets())
def test_a_set_comes_with_what_every_chat_needs(toolset: str) -> None:
    assert shown(toolsets=(toolset,)) == {*tool_index.toolsets()[toolset], *EVERYWHERE}


def test_single_tools_are_added_to_the_sets() -> None:
    assert shown(toolsets=("image",), tools=("list_api_tokens",)) == {
        *EVERYWHERE,
        "start_text_to_image",
        "start_image_edit",
        "list_api_tokens",
    }


def test_exclusion_wins_over_everything() -> None:
    hidden = {"check_status", "start_text_to_image", "add_user"}
    assert not shown(toolsets=("all",), tools=("add_user",), exclude_tools=tuple(hidden)) & hidden


def test_read_only_wins_over_everything() -> None:
    effects = {tool.name: tool.effect for _, tool in tool_index.declared_tools()}
    found = shown(toolsets=("all",), tools=("start_dubbing",), read_only=True)
    assert found == {name for name, effect in effects.items() if effect == "reads"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"toolsets": ("vidoe",)}, "A2E_TOOLSETS (--toolsets): there is no toolset 'vidoe'; did you mean video?"),
        ({"tools": ("start_dubing",)}, "A2E_TOOLS (--tools): there is no tool 'start_dubing'; did you mean"),
        ({"exclude_tools": ("x",)}, "A2E_EXCLUDE_TOOLS (--exclude-tools): there is no tool 'x'"),
    ],
)
def test_a_name_that_does_not_exist_stops_the_server_with_a_sentence(given: dict[str, Any], said: str) -> None:
    settings = Settings(**given)
    with pytest.raises(SettingsError) as refused:
        A2EServer(settings, live(settings))
    assert said in str(refused.value)


def test_a_flag_is_read_like_its_variable_and_wins() -> None:
    variables = {"A2E_TOOLSETS": "video", "A2E_TOOL_PREFIX": "old_"}
    settings = read_settings(variables, toolsets="image,voices", tool_prefix="new_")
    assert (settings.toolsets, settings.tool_prefix) == (("image", "voices"), "new_")
    with pytest.raises(SettingsError, match="--tool-prefix is invalid"):
        read_settings({}, tool_prefix="Too long a prefix")


@pytest.mark.parametrize(
    ("settings", "tool", "variable"),
    [
        ({}, "list_api_tokens", "A2E_TOOLSETS (it belongs to the toolset admin)"),
        ({"read_only": True}, "start_dubbing", "A2E_READ_ONLY"),
        ({"exclude_tools": ("get_credits",)}, "get_credits", "A2E_EXCLUDE_TOOLS"),
    ],
)
async def test_a_hidden_tool_says_which_setting_hides_it(settings: dict[str, Any], tool: str, variable: str) -> None:
    chosen = Settings(**settings)
    async with Client(A2EServer(chosen, live(chosen))) as client:
        result = await client.call_tool(tool, {})
    assert result.is_error
    assert f"{tool} is switched off by {variable}. Nothing was charged." in str(result.content)


async def test_a_prefix_stands_before_every_name_that_is_shown(tmp_path: Path) -> None:
    # A job that ends before its start is answered needs no next call.
    unfinished = SandboxSettings(workers=1, policy="seconds:600")
    async with open_server(tmp_path, tool_prefix="a2e_", sandbox_settings=unfinished) as server:
        tools = {tool.name: tool for tool in (await server.client.list_tools()).tools}
        assert all(name.startswith("a2e_") for name in tools)
        assert "then call a2e_wait_for_job" in str(tools["a2e_start_avatar_video"].description)
        assert "play money" in (await server.ask("a2e_get_credits")).text
        assert "Call a2e_list_jobs" in await server.refuse("a2e_check_status", job_id="nothing")
        assert "did you mean a2e_list_jobs?" in await server.refuse("a2e_lst_jobs")
        started = await server.ask("a2e_start_avatar_video", script="Hello.", voice="Aria", avatar="Ada")
        assert "Next: a2e_wait_for_job." in started.text
        quoted = await server.ask(
            "a2e_quote_job", tool="a2e_generate_speech", arguments={"script": "Hi", "voice": "Aria"}
        )
        assert "a2e_generate_speech would cost" in quoted.text


async def test_prompts_and_resources_name_the_tools_with_their_prefix(tmp_path: Path) -> None:
    bare = re.compile(rf"(?<!a2e_)\b({'|'.join(tool_index.names())})\b")
    async with open_server(tmp_path, tool_prefix="a2e_") as server:
        client = server.client
        for prompt in (await client.list_prompts()).prompts:
            assert not bare.search(prompt.model_dump_json())
            given = {each.name: "about list_jobs" for each in prompt.arguments or () if each.required}
            filled = (await client.get_prompt(prompt.name, given)).model_dump_json()
            assert "a2e_start_" in filled
            # What a person wrote is not ours to change.
            assert set(bare.findall(filled)) == {"list_jobs"}
        with pytest.raises(MCPError, match="a2e_list_jobs") as refused:
            await client.read_resource("a2e://jobs/nothing")
        assert not bare.search(refused.value.message)
        drawn = (await server.ask("a2e_start_text_to_image", prompt="a woman")).data["job_id"]
        while (await server.ask("a2e_wait_for_job", job_ids=[drawn])).data["state"] != "succeeded":
            pass
        made = await server.ask("a2e_add_avatar_from_image", image=drawn, gender="female")
        assert "The avatar appears in a2e_list_avatars" in made.data["note"]
        read = (await client.read_resource(f"a2e://jobs/{made.data['job_id']}")).model_dump_json()
        assert "The avatar appears in a2e_list_avatars" in read
        listing = (await client.list_resources()).resources
        assert not bare.search(json.dumps([each.model_dump(mode="json") for each in listing]))
