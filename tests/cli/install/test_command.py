"""`a2e-mcp install`: into a client's configuration, without losing what is there or showing a token."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.cli.install import claude_desktop_file
from a2e_mcp.cli.install.entry import ServerEntry, merged_entry
from a2e_mcp.installation import Installation, InstallKind
from tests.support.paths import CHECKOUT
from tests.support.processes import run
from tests.support.token_watch import TOKEN

# The client starts the server with it.
pytestmark = pytest.mark.keeps_token

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
    assert "Updated" in done.stdout
    after = written(tmp_path)
    assert (after["theme"], after["mcpServers"]["weather"]) == ("dark", OTHER)
    assert after["mcpServers"]["a2e"]["args"] == ["-m", "a2e_mcp", "serve", "--sandbox"]
    assert "env" not in after["mcpServers"]["a2e"]
    backup = file.with_name(file.name + ".before-a2e")
    assert backup.read_text(encoding="utf-8") == before
    assert {path.name for path in file.parent.iterdir()} == {file.name, backup.name}


def test_what_was_set_stays_where_nothing_new_is_given(tmp_path: Path) -> None:
    """Without a token in the shell, the one of the entry stays, and so do the ceiling, the folders and the flags."""
    environment = {"A2E_API_TOKEN": TOKEN, "A2E_DAILY_CREDITS": "40", "A2E_FILES": "/films", "HTTPS_PROXY": "http://p"}
    old = {
        "command": "uvx",
        "args": ["a2e-mcp", "--toolsets", "video"],
        "env": environment,
        "cwd": "/films",
        "alwaysAllow": ["get_credits"],
    }
    existing(tmp_path, json.dumps({"mcpServers": {"a2e": old}}))
    done = install(tmp_path, "claude-desktop")
    assert (done.returncode, done.stderr) == (0, "")
    started = {"command": sys.executable, "args": ["-m", "a2e_mcp", "serve", "--toolsets", "video"]}
    assert written(tmp_path)["mcpServers"]["a2e"] == {**old, **started}
    assert TOKEN not in done.stdout
    # The same again changes nothing and keeps no further copy.
    before = {path.name: path.read_bytes() for path in configuration(tmp_path).parent.iterdir()}
    assert "up to date" in install(tmp_path, "claude-desktop").stdout
    assert {path.name: path.read_bytes() for path in configuration(tmp_path).parent.iterdir()} == before
    # Only what is given anew is replaced.
    fresh = {"A2E_API_TOKEN": f"{TOKEN}_new"}
    assert install(tmp_path, "claude-desktop", **fresh).returncode == 0
    assert written(tmp_path)["mcpServers"]["a2e"]["env"] == {**environment, **fresh}


def test_another_entry_that_starts_this_server_is_named(tmp_path: Path) -> None:
    servers = {"video": {"command": "uvx", "args": ["a2e-mcp"]}, "weather": OTHER}
    existing(tmp_path, json.dumps({"mcpServers": servers}))
    done = install(tmp_path, "claude-desktop", "--sandbox")
    assert done.returncode == 0
    assert "also starts a2e-mcp as 'video', so" in done.stderr
    assert set(written(tmp_path)["mcpServers"]) == {"video", "weather", "a2e"}


def test_changing_to_the_sandbox_and_to_a_token_says_what_happened(tmp_path: Path) -> None:
    old = {"command": "a2e-mcp", "env": {"A2E_API_TOKEN": TOKEN, "A2E_DAILY_CREDITS": "40"}}
    file = existing(tmp_path, json.dumps({"mcpServers": {"a2e": old}}))
    done = install(tmp_path, "claude-desktop", "--sandbox")
    assert "token was removed" in done.stderr
    assert "before-a2e" in done.stdout
    entry = written(tmp_path)["mcpServers"]["a2e"]
    assert (entry["args"][-1], entry["env"]) == ("--sandbox", {"A2E_DAILY_CREDITS": "40"})
    assert TOKEN in file.with_name(file.name + ".before-a2e").read_text(encoding="utf-8")
    # Installed again without a flag or a token, it stays as free as it is.
    assert "up to date" in install(tmp_path, "claude-desktop").stdout
    done = install(tmp_path, "claude-desktop", A2E_API_TOKEN=TOKEN)
    assert "starts cost credits" in done.stderr
    entry = written(tmp_path)["mcpServers"]["a2e"]
    assert (entry["args"][-1], entry["env"]["A2E_API_TOKEN"]) == ("serve", TOKEN)


def test_every_earlier_file_is_kept_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = existing(tmp_path, '{"mcpServers": {}}')
    file.chmod(0o640)
    earlier = file.with_name(file.name + ".before-a2e")
    earlier.write_text("of an earlier version")
    contents = [file.read_bytes()]
    for token in ("sk_one", "sk_two"):
        assert install(tmp_path, "claude-desktop", A2E_API_TOKEN=token).returncode == 0
        contents.append(file.read_bytes())
    backups = [file.with_name(f"{file.name}.before-a2e-{number}") for number in (2, 3)]
    assert earlier.read_text() == "of an earlier version"
    assert [backup.read_bytes() for backup in backups] == contents[:2]
    assert [stat.S_IMODE(backup.stat().st_mode) for backup in backups] == [0o600, 0o600]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_linked_configuration_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "claude.json"
    real.parent.mkdir()
    real.write_text('{"theme": "dark"}')
    link = configuration(tmp_path)
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    assert install(tmp_path, "claude-desktop", "--sandbox").returncode == 0
    assert link.is_symlink()
    assert json.loads(real.read_text())["theme"] == "dark"
    assert list(written(tmp_path)["mcpServers"]) == ["a2e"]
    assert {path.name for path in real.parent.iterdir()} == {"claude.json", "claude.json.before-a2e"}


def test_the_form_of_a_file_survives(tmp_path: Path) -> None:
    before = '\ufeff{\r\n\t"name": "Zoë",\r\n\t"half": "\\ud83d",\r\n\t"mcpServers": {}\r\n}\r\n'
    file = configuration(tmp_path)
    file.parent.mkdir(parents=True)
    file.write_bytes(before.encode())
    assert install(tmp_path, "claude-desktop", "--sandbox").returncode == 0
    after = file.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf{\r\n\t")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert json.loads(after)["half"] == "\ud83d"


def environment_of(tool: str, folder: Path) -> str:
    """The Python of an environment as uvx or pipx makes it, with the packages of this one."""
    if tool == "uvx":
        prefix, marked, mark = folder / "uv" / "archive-v0" / "x", folder / "uv", "CACHEDIR.TAG"
    else:
        prefix = folder / ".cache" / "3ca2aad94ae4910"
        marked, mark = prefix, "pipx_metadata.json"
    venv.create(prefix, symlinks=True, with_pip=False)
    (marked / mark).touch()
    with (prefix / "pyvenv.cfg").open("a") as file:
        file.write("uv = 0.9.0\n" if tool == "uvx" else "")
    packages = next(prefix.glob("lib/python*/site-packages"))
    (packages / "packages.pth").write_text(sysconfig.get_path("purelib"))
    runner = folder / "bin" / tool
    runner.parent.mkdir()
    runner.touch(mode=0o755)
    return str(prefix / "bin" / "python")


ORIGIN = f"a2e-mcp @ {CHECKOUT.as_uri()}"
ORIGIN_LIVE = f"a2e-mcp[sandbox-live] @ {CHECKOUT.as_uri()}"


@pytest.mark.parametrize(
    ("tool", "words", "sandbox_words"),
    [
        ("uvx", ["--from", ORIGIN, "a2e-mcp"], ["--from", ORIGIN_LIVE, "a2e-mcp"]),
        ("pipx", ["run", "--spec", ORIGIN, "a2e-mcp"], ["run", "--spec", ORIGIN_LIVE, "a2e-mcp"]),
    ],
)
def test_from_a_temporary_environment_the_entry_starts_a_new_one(
    tmp_path: Path, tool: str, words: list[str], sandbox_words: list[str]
) -> None:
    python = environment_of(tool, tmp_path)
    where = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PATH": str(tmp_path / "bin"), "UV": ""}
    for flags, expected in (([], [*words, "serve"]), (["--sandbox"], [*sandbox_words, "serve", "--sandbox"])):
        done = run("install", "claude-desktop", *flags, folder=tmp_path, python=python, A2E_API_TOKEN=TOKEN, **where)
        assert done.returncode == 0, done.stderr
        entry = written(tmp_path)["mcpServers"]["a2e"]
        assert (entry["command"], entry["args"]) == (str(tmp_path / "bin" / tool), expected)


@pytest.mark.parametrize(
    ("command", "arguments", "merged"),
    [
        ("uvx", ["a2e-mcp", "--read-only"], ["a2e-mcp", "serve", "--read-only"]),
        ("/opt/uvx", ["--from", "a2e-mcp==0.1", "a2e-mcp", "serve"], ["--from", "a2e-mcp==0.1", "a2e-mcp", "serve"]),
        ("uvx", ["a2e-mcp@0.1.0", "serve", "--tools", "x"], ["a2e-mcp@0.1.0", "serve", "--tools", "x"]),
        ("/v/bin/python", ["-m", "a2e_mcp", "serve", "--read-only"], ["a2e-mcp", "serve", "--read-only"]),
        ("C:\\v\\Scripts\\a2e-mcp.exe", ["--read-only"], ["a2e-mcp", "serve", "--read-only"]),
        ("uv", ["--directory", "/a2e-mcp", "run", "a2e-mcp", "--read-only"], ["a2e-mcp", "serve", "--read-only"]),
        ("npx", ["something", "--else"], ["a2e-mcp", "serve"]),
        ("/opt/run.sh", ["--read-only", "--tools=x"], ["a2e-mcp", "serve", "--read-only", "--tools=x"]),
        ("docker", ["run", "-i", "film", "--toolsets", "video"], ["a2e-mcp", "serve", "--toolsets", "video"]),
        ("docker", ["run", "--read-only", "film"], ["a2e-mcp", "serve"]),
    ],
)
def test_flags_of_the_server_stay_however_it_was_started(command: str, arguments: list[str], merged: list[str]) -> None:
    uvx = Installation(InstallKind.UVX, "/python", "/opt/bin/uvx")
    old = ServerEntry(command, arguments, {"A2E_API_TOKEN": TOKEN})
    entry = merged_entry(uvx, old, sandbox=False, extra="sandbox", token="", hide_token=False).entry
    assert (entry.command, entry.arguments) == ("/opt/bin/uvx", merged)
    assert entry.token == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        *('{"mcpServers": {', '{"a": 1, "a": 2}', "[]", '"text"', '{"mcpServers": []}', "\udcff"),
        *('{"a":' * 5000 + "1" + "}" * 5000, "[" * 100_000, '{"a": Zo\udceb}', "{'mcpServers': {}}"),
    ],
)
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


@pytest.mark.parametrize(
    "old", [None, "x", {"command": "uvx", "args": None, "env": None}, {"env": {"A2E_FILES": None}}]
)
def test_an_entry_in_an_odd_form_is_replaced_by_one_that_works(tmp_path: Path, old: object) -> None:
    existing(tmp_path, json.dumps({"mcpServers": {"a2e": old, "weather": OTHER}, "big": 10**40}))
    done = install(tmp_path, "claude-desktop", "--sandbox")
    assert done.returncode == 0, done.stderr
    after = written(tmp_path)
    assert after["mcpServers"]["a2e"]["args"] == ["-m", "a2e_mcp", "serve", "--sandbox"]
    assert (after["mcpServers"]["weather"], after["big"]) == (OTHER, 10**40)


@pytest.mark.parametrize("place", ["circle", "folder"])
def test_a_configuration_that_is_no_file_is_one_sentence(tmp_path: Path, place: str) -> None:
    file = configuration(tmp_path)
    file.parent.mkdir(parents=True)
    if place == "circle":
        file.symlink_to(file)
    else:
        file.mkdir()
    done = install(tmp_path, "claude-desktop", "--sandbox")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{file} cannot be read (" in done.stderr
    assert "nothing was changed" in done.stderr
    assert len(done.stderr.splitlines()) == 1


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


def test_claude_code_keeps_what_the_entry_had(tmp_path: Path, claude: Path) -> None:
    old = {"type": "stdio", "command": "uvx", "args": ["a2e-mcp", "--read-only"], "env": {"A2E_DAILY_CREDITS": "40"}}
    (tmp_path / ".claude.json").write_text(json.dumps({"mcpServers": {"a2e": old}}))
    done = run("install", "claude-code", "--sandbox", folder=tmp_path, PATH=str(claude.parent), A2E_API_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    entry = json.loads((claude.parent / "claude.entry").read_text())
    assert entry["args"][-2:] == ["--read-only", "--sandbox"]
    # Claude Code passes the shell's token on, with which a sandbox server would refuse to start.
    assert entry["env"] == {"A2E_DAILY_CREDITS": "40", "A2E_API_TOKEN": ""}


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


def test_flags_that_were_written_as_one_text_are_kept() -> None:
    old = ServerEntry.read_parts({"command": "a2e-mcp", "args": "serve --read-only --sandbox"})
    assert old is not None
    assert old.is_sandbox
    assert old.flags() == ["--read-only", "--sandbox"]
