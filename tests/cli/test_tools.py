"""`a2e-mcp tools`: what a server with the same settings lists, for a person and for a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from a2e_mcp.server import tool_index
from tests.support.processes import environment_in, run
from tests.support.systems import UNIX, open_terminal

EVERYWHERE = [tool.name for tool in tool_index.tools().values() if tool.in_every_set]
HIDDEN = [name for each in tool_index.OFF_BY_DEFAULT for name in tool_index.toolsets()[each]]
USUAL = [name for name in tool_index.names() if name not in HIDDEN]


def rows(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split(maxsplit=2) for line in text.splitlines() if line.startswith("  ")}


def test_the_table_tells_toolset_effect_and_a_line_about_every_tool(tmp_path: Path) -> None:
    done = run("tools", "--toolsets", "all", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    told = rows(done.stdout)
    assert list(told) == [name for names in tool_index.toolsets().values() for name in names]
    effects = {tool.name: tool.effect.value for _, tool in tool_index.declared_tools()}
    assert {name: row[1] for name, row in told.items()} == effects
    heads = [line for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    assert [head.split(",")[0] for head in heads[:-1]] == list(tool_index.toolsets())
    assert heads[-1] == f"{len(tool_index.names())} of {len(tool_index.names())} tools are shown."


def test_it_says_how_many_are_not_shown_and_why(tmp_path: Path) -> None:
    usual = run("tools", folder=tmp_path).stdout
    assert f"{len(USUAL)} of {len(tool_index.names())} tools are shown:" in usual
    assert f"{len(HIDDEN)} models and admin tools are off by default; --toolsets all" in usual
    chosen = run(
        *("--exclude-tools", "get_credits", "tools", "--read-only", "--tool-prefix", "a2e_"),
        folder=tmp_path,
        A2E_TOOLSETS="voices",
    ).stdout
    assert "  a2e_list_voices " in chosen
    assert "generate_speech" not in chosen
    assert "1 is excluded by A2E_EXCLUDE_TOOLS (--exclude-tools)" in chosen
    assert "left out by A2E_TOOLSETS (--toolsets)" in chosen
    assert "not read-only, which A2E_READ_ONLY (--read-only) asks for" in chosen


@UNIX
def test_on_a_terminal_every_line_fits(tmp_path: Path) -> None:
    ours, theirs = open_terminal()
    with subprocess.Popen(
        [sys.executable, "-m", "a2e_mcp", "tools"], env=environment_in(tmp_path, COLUMNS="80"), stdout=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while b"off by default" not in shown:
            shown += os.read(ours, 65_536)
        assert process.wait(10) == 0
    os.close(ours)
    lines = shown.decode().splitlines()
    assert len(lines) > len(USUAL)
    assert max(map(len, lines)) <= 80


def test_as_json_it_is_what_a_client_gets(tmp_path: Path) -> None:
    done = run("tools", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [
        tool for tool in [tool.wire for tool in tool_index.tools().values()] if tool["name"] in USUAL
    ]
    chosen = run("--tools", "add_user", "tools", "--json", "--toolsets=image", folder=tmp_path, A2E_TOOL_PREFIX="x_")
    names = [tool["name"] for tool in json.loads(chosen.stdout)]
    assert names == [f"x_{name}" for name in (*EVERYWHERE, "start_text_to_image", "start_image_edit", "add_user")]


def test_a_toolset_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = run("tools", "--json", "--toolsets", "vidoe", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no toolset 'vidoe'; did you mean video?" in done.stderr
