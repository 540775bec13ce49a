"""The links of the README hold the entries that `install` would write, and the line of Claude Code starts the same."""

from __future__ import annotations

import base64
import json
import re
import shlex
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from a2e_mcp.cli.install.entry import ServerEntry, merged_entry
from a2e_mcp.installation import Installation, InstallKind
from tests.support.paths import CHECKOUT

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
UVX = Installation(InstallKind.UVX, "python", "uvx")


def written(*, sandbox: bool) -> ServerEntry:
    return merged_entry(UVX, None, sandbox=sandbox, extra="sandbox", token="", hide_token=False).entry


def links(start: str) -> list[str]:
    return re.findall(rf"\(({re.escape(start)}[^)\s]+)\)", README)


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_links_hold_what_install_writes(sandbox: bool) -> None:
    expected = written(sandbox=sandbox)
    number = 0 if sandbox else 1
    cursor = parse_qs(urlsplit(links("https://cursor.com/en/install-mcp?")[number]).query)
    assert cursor["name"] == ["a2e"]
    entry = json.loads(base64.b64decode(cursor["config"][0]))
    assert (entry["command"], entry["args"]) == (expected.command, expected.arguments)
    assert entry.get("env") == (None if sandbox else {"A2E_API_TOKEN": "${env:A2E_API_TOKEN}"})

    (target,) = parse_qs(urlsplit(links("https://vscode.dev/redirect?")[number]).query)["url"]
    assert target.startswith("vscode:mcp/install?")
    entry = json.loads(unquote(target.partition("?")[2]))
    assert (entry["name"], entry["command"], entry["args"]) == ("a2e", expected.command, expected.arguments)
    if sandbox:
        assert "env" not in entry
    else:
        (asked,) = entry["inputs"]
        assert entry["env"] == {"A2E_API_TOKEN": f"${{input:{asked['id']}}}"}
        assert asked["password"]


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_line_of_claude_code_starts_the_same(sandbox: bool) -> None:
    lines = [shlex.split(line) for line in README.splitlines() if line.startswith("claude mcp add ")]
    line = lines[0 if sandbox else 1]
    expected = written(sandbox=sandbox)
    assert line[line.index("--") + 1 :] == [expected.command, *expected.arguments]
    assert ("A2E_API_TOKEN=sk_..." in line) is not sandbox
