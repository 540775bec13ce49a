"""`a2e-mcp install`: into a client's configuration, without losing what is there or showing a token."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.cli.install import claude_desktop_file
from tests.support.processes import run

TOKEN = "sk_secret_7f3a"
OTHER = {"command": "npx", "args": ["weather"], "env": {"KEY": "ünïcode"}}


def install(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a configuration folder of the test's own."""
    return run("install", *arguments, folder=folder, XDG_CONFIG_HOME=str(folder / "config"), PATH="/nowhere", **changes)


def configuration(folder: Path) -> Path:
    return claude_desktop_file({"XDG_CONFIG_HOME": str(folder / "config")}, "linux")


def written(folder: Path) -> Any:
    return json.loads(configuration(folder).read_text(encoding="utf-8"))


def existing(folder: Path, text: str) -> Path:
    file = configuration(folder)
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_a_new_file_starts_this_very_installation(tmp_path: Path) -> None:
    done = install(tmp_path, "claude-desktop", A2E_API_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    entry = written(tmp_path)["mcpServers"]["a2e"]
    assert entry == {
        "command": sys.executable,
        "args": ["-m", "a2e_mcp", "serve"],
        "env": {"A2E_API_TOKEN": TOKEN},
    }
    assert stat.S_IMODE(configuration(tmp_path).stat().st_mode) == 0o600
    assert str(configuration(tmp_path)) in done.stdout
    assert "Restart Claude Desktop" in done.stdout
    assert TOKEN not in done.stdout


def test_what_is_there_is_kept_and_the_old_file_stays_beside_it(tmp_path: Path) -> None:
    before = json.dumps({"theme": "dark", "mcpServers": {"weather": OTHER, "a2e": {"command": "old"}}})
    file = existing(tmp_path, before)
    done = install(tmp_path, "claude-desktop", "--sandbox")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Replaced" in done.stdout
    after = written(tmp_path)
    assert (after["theme"], after["mcpServers"]["weather"]) == ("dark", OTHER)
    assert after["mcpServers"]["a2e"]["args"] == ["-m", "a2e_mcp", "serve", "--sandbox"]
    assert "env" not in after["mcpServers"]["a2e"]
    backup = file.with_name(file.name + ".before-a2e")
    assert backup.read_text(encoding="utf-8") == before
    assert {path.name for path in file.parent.iterdir()} == {file.name, backup.name}


@pytest.mark.parametrize("text", ['{"mcpServers": {', "[]", '"text"', '{"mcpServers": []}', "\udcff"])
def test_a_file_that_cannot_be_understood_is_left_alone(tmp_path: Path, text: str) -> None:
    file = configuration(tmp_path)
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = file.read_bytes()
    done = install(tmp_path, "claude-desktop", "--sandbox")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(file) in done.stderr
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    existing(tmp_path, "\n")
    assert install(tmp_path, "claude-desktop", "--sandbox").returncode == 0
    assert list(written(tmp_path)["mcpServers"]) == ["a2e"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where a folder is wanted")
    done = install(tmp_path, "claude-desktop", "--sandbox")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be" in done.stderr


@pytest.mark.parametrize("client", ["claude-desktop", "claude-code"])
def test_only_showing_writes_nothing_and_shows_no_token(tmp_path: Path, client: str) -> None:
    done = install(tmp_path, client, "--print", A2E_API_TOKEN=TOKEN)
    assert done.returncode == 0
    assert TOKEN not in done.stdout + done.stderr
    assert "a2e_mcp" in done.stdout
    assert not (tmp_path / "config").exists()


def test_without_a_token_it_says_where_one_goes(tmp_path: Path) -> None:
    done = install(tmp_path, "claude-desktop")
    assert done.returncode == 0
    assert "A2E_API_TOKEN" in done.stderr
    assert "--sandbox" in done.stderr


@pytest.mark.parametrize("token", ["${A2E_API_TOKEN}", "  "])
def test_a_placeholder_is_not_taken_over_as_a_token(tmp_path: Path, token: str) -> None:
    done = install(tmp_path, "claude-desktop", A2E_API_TOKEN=token)
    assert "A2E_API_TOKEN is not set" in done.stderr
    assert written(tmp_path)["mcpServers"]["a2e"]["env"] == {"A2E_API_TOKEN": ""}


def test_without_claude_code_the_line_to_run_is_shown(tmp_path: Path) -> None:
    done = install(tmp_path, "claude-code", "--sandbox")
    assert done.returncode == 1
    assert done.stdout.startswith("claude mcp add-json a2e '")
    assert "Command not found: claude" in done.stderr


CLAUDE = """#!/bin/sh
echo "$2" >> "$0.asked"
case "$2" in
  remove) : > "$0.removed" ;;
  add-json)
    if [ -n "$BROKEN" ]; then echo "cannot do that" >&2; echo "today" >&2; exit 1; fi
    if [ ! -e "$0.removed" ]; then echo "MCP server $3 already exists in user config" >&2; exit 1; fi
    echo "$4" > "$0.entry" ;;
esac
"""


@pytest.fixture
def claude(tmp_path: Path) -> Path:
    """A command of the name, which already has an entry of ours."""
    command = tmp_path / "bin" / "claude"
    command.parent.mkdir()
    command.write_text(CLAUDE)
    command.chmod(0o755)
    return command


def test_claude_code_is_configured_by_its_own_command(tmp_path: Path, claude: Path) -> None:
    done = run("install", "claude-code", folder=tmp_path, PATH=str(claude.parent), A2E_API_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    assert TOKEN not in done.stdout
    assert (claude.parent / "claude.asked").read_text().split() == ["add-json", "remove", "add-json"]
    entry = json.loads((claude.parent / "claude.entry").read_text())
    assert entry["env"] == {"A2E_API_TOKEN": TOKEN}


def test_an_entry_is_not_removed_when_no_new_one_can_be_added(tmp_path: Path, claude: Path) -> None:
    done = run("install", "claude-code", "--sandbox", folder=tmp_path, PATH=str(claude.parent), BROKEN="1")
    assert done.returncode == 1
    assert "claude mcp add-json failed: cannot do that today" in done.stderr
    assert (claude.parent / "claude.asked").read_text().split() == ["add-json"]


def test_each_system_has_its_own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    name = "claude_desktop_config.json"
    assert claude_desktop_file({}, "linux") == tmp_path / ".config" / "Claude" / name
    assert claude_desktop_file({}, "darwin") == tmp_path / "Library" / "Application Support" / "Claude" / name
    assert (
        claude_desktop_file({"APPDATA": str(tmp_path / "roaming")}, "win32") == tmp_path / "roaming" / "Claude" / name
    )
