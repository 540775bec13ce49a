"""Each client gets its entry where and as it reads it, and gets back what it had."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from a2e_mcp.cli.install.clients import CLIENTS
from a2e_mcp.cli.install.computer import Computer
from tests.support.processes import run
from tests.support.token_watch import TOKEN

# The client starts the server with it.
pytestmark = pytest.mark.keeps_token

START = ["-m", "a2e_mcp", "serve"]
ENTRY = {"command": sys.executable, "args": START, "env": {"A2E_API_TOKEN": TOKEN}}
OPENCODE = {
    "enabled": True,
    "timeout": 60_000,
    "type": "local",
    "command": [sys.executable, *START],
    "environment": {"A2E_API_TOKEN": TOKEN},
}
GOOSE = {
    "enabled": True,
    "description": "Avatar videos, speech and clips with A2E",
    "timeout": 300,
    "type": "stdio",
    "name": "a2e",
    "cmd": sys.executable,
    "args": START,
    "envs": {"A2E_API_TOKEN": TOKEN},
}
CODEX = {"startup_timeout_sec": 60, "tool_timeout_sec": 60, **ENTRY}
USER: dict[str, tuple[str, str, dict[str, Any]]] = {
    "cursor": (".cursor/mcp.json", "mcpServers", ENTRY),
    "windsurf": (".codeium/windsurf/mcp_config.json", "mcpServers", ENTRY),
    "vscode": ("config/Code/User/mcp.json", "servers", {"type": "stdio", **ENTRY}),
    "zed": ("config/zed/settings.json", "context_servers", {"source": "custom", **ENTRY}),
    "gemini-cli": (".gemini/settings.json", "mcpServers", ENTRY),
    "codex": (".codex/config.toml", "mcp_servers", CODEX),
    "opencode": ("config/opencode/opencode.json", "mcp", OPENCODE),
    "goose": ("config/goose/config.yaml", "extensions", GOOSE),
    "lm-studio": (".lmstudio/mcp.json", "mcpServers", ENTRY),
    "continue": (".continue/mcpServers/mcp.json", "mcpServers", ENTRY),
}
PROJECT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "cursor": (".cursor/mcp.json", "mcpServers", ENTRY),
    "vscode": (".vscode/mcp.json", "servers", {"type": "stdio", **ENTRY}),
    "zed": (".zed/settings.json", "context_servers", {"source": "custom", **ENTRY}),
    "gemini-cli": (".gemini/settings.json", "mcpServers", ENTRY),
    "codex": (".codex/config.toml", "mcp_servers", CODEX),
    "opencode": ("opencode.json", "mcp", OPENCODE),
    "continue": (".continue/mcpServers/mcp.json", "mcpServers", ENTRY),
}
BEFORE = {
    "zed": "\ufeff// Zed\n"
    '{\n  "theme": "One Dark", // dark\n  "context_servers": {\n    "w": {"command": "n"},\n  },\n}\n',
    "gemini-cli": '{\n\t/* mine */\n\t"mcpServers": {"w": {"command": "http://x//y", "args": ["}"]}}\n}',
    "codex": 'model = "o"  # why\r\n\r\n[mcp_servers.w]\r\ncommand = "n"\r\n\r\n[profiles.x]\r\nmodel = "p"\r\n',
    "opencode": '{"$schema": "https://opencode.ai/config.json", "theme": "x"}\n',
    "goose": "GOOSE_MODEL: m  # mine\nextensions:\n"
    "  # of the project\n  developer:\n    enabled: true\n    type: builtin\n",
    "continue": "",
}


def install(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return run("install", *arguments, folder=folder, XDG_CONFIG_HOME=str(folder / "config"), PATH="/nowhere", **changes)


def read(file: Path) -> Any:
    text = file.read_text(encoding="utf-8-sig")
    if file.suffix == ".toml":
        return tomllib.loads(text)
    return YAML(typ="safe").load(text) if file.suffix == ".yaml" else json.loads(text)


@pytest.mark.parametrize("client", USER)
def test_each_client_gets_its_entry_where_it_reads_it_and_loses_it_again(tmp_path: Path, client: str) -> None:
    name, key, entry = USER[client]
    done = install(tmp_path, client, A2E_API_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    assert read(tmp_path / name) == {key: {"a2e": entry}}
    assert "up to date" in install(tmp_path, client).stdout
    done = install(tmp_path, client, "--remove")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / name).exists()
    assert "nothing was changed" in install(tmp_path, client, "--remove").stdout


@pytest.mark.parametrize("client", PROJECT)
def test_the_scope_project_is_the_current_folder(tmp_path: Path, client: str) -> None:
    (tmp_path / "home").mkdir()
    name, key, entry = PROJECT[client]
    done = install(tmp_path, client, "--scope", "project", HOME=str(tmp_path / "home"), A2E_API_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert read(tmp_path / name) == {key: {"a2e": entry}}
    assert list((tmp_path / "home").iterdir()) == []
    # A project's files are shared, and this one holds a secret.
    assert f"{tmp_path / name} now contains your token" in " ".join(done.stderr.split())


@pytest.mark.parametrize("client", ["claude-desktop", "windsurf", "goose", "lm-studio"])
def test_a_client_without_projects_says_so(tmp_path: Path, client: str) -> None:
    done = install(tmp_path, client, "--scope", "project")
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no configuration for a project; nothing was changed" in done.stderr


@pytest.mark.parametrize("client", BEFORE)
def test_what_else_a_file_holds_stays_to_the_letter_and_removing_restores_it(tmp_path: Path, client: str) -> None:
    file = tmp_path / USER[client][0]
    file.parent.mkdir(parents=True)
    before = BEFORE[client].encode()
    file.write_bytes(before)
    assert install(tmp_path, client, A2E_API_TOKEN=TOKEN).returncode == 0
    after = file.read_bytes().decode()
    # Line by line: what was there is there, in its order; only a comma or a brace may have moved.
    rest = iter(line.rstrip(",") for line in after.splitlines())
    kept = [line.rstrip(",") for line in BEFORE[client].splitlines() if line.strip() not in ("", "}", "{}")]
    if client not in ("gemini-cli", "opencode"):
        assert all(any(line == other for other in rest) for line in kept)
    for comment in ("// Zed", "// dark", "/* mine */", "# why", "# mine", "# of the project"):
        assert (comment in after) == (comment in BEFORE[client])
    assert after.startswith("\ufeff") == BEFORE[client].startswith("\ufeff")
    assert after.count("\r\n") == (after.count("\n") if "\r\n" in BEFORE[client] else 0)
    assert install(tmp_path, client, A2E_API_TOKEN=f"{TOKEN}2").returncode == 0
    done = install(tmp_path, client, "--remove")
    assert done.returncode == 0
    assert file.read_bytes() == before
    backups = sorted(path.name for path in file.parent.iterdir() if path != file)
    assert backups == [f"{file.name}.before-a2e{number}" for number in ("", "-2", "-3")]
    assert "may contain your token" in " ".join(done.stdout.split())


@pytest.mark.parametrize("client", USER)
def test_what_is_printed_is_what_would_be_written(tmp_path: Path, client: str) -> None:
    done = install(tmp_path, client, "--sandbox", "--print")
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
    assert install(tmp_path, client, "--sandbox").returncode == 0
    file = tmp_path / USER[client][0]
    printed = tmp_path / f"printed{file.suffix}"
    printed.write_text(done.stdout, encoding="utf-8")
    assert read(printed) == read(file)


def test_a_comment_inside_the_entry_stays_when_the_entry_is_updated(tmp_path: Path) -> None:
    files = {
        "zed": '{"context_servers": {"a2e": {\n'
        '  // pinned\n  "command": "old",\n  "args": ["serve", "--read-only"]\n}}}',
        "codex": '[mcp_servers.a2e]\n# pinned\ncommand = "old"\nargs = ["serve", "--read-only"]\n',
        "goose": "extensions:\n  a2e:\n    # pinned\n    cmd: old\n    args: [serve, --read-only]\n",
    }
    for client, text in files.items():
        file = tmp_path / USER[client][0]
        file.parent.mkdir(parents=True)
        file.write_text(text)
        assert install(tmp_path, client, "--sandbox").returncode == 0
        after = file.read_text()
        assert "pinned" in after
        assert "old" not in after
        assert "--read-only" in after


def test_a_configuration_of_another_name_is_the_one_that_is_changed(tmp_path: Path) -> None:
    """opencode reads two files; an entry in either is found, and a new one goes into the file that is there."""
    folder = tmp_path / "config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.jsonc").write_text('{\n  // mine\n  "theme": "x"\n}\n')
    assert install(tmp_path, "opencode", "--sandbox").returncode == 0
    assert not (folder / "opencode.json").exists()
    assert "// mine" in (folder / "opencode.jsonc").read_text()
    (folder / "opencode.json").write_text("{}")
    assert "up to date" in install(tmp_path, "opencode").stdout
    # Another one, in the other file: both would be started.
    (folder / "opencode.json").write_text(json.dumps({"mcp": {"film": {"type": "local", "command": ["a2e-mcp"]}}}))
    done = install(tmp_path, "opencode")
    assert f"'film' in {folder / 'opencode.json'}" in " ".join(done.stderr.split())


def test_two_configurations_that_have_the_server_are_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert install(tmp_path, "cursor", "--sandbox", "--scope", "project", HOME=str(home)).returncode == 0
    done = install(tmp_path, "cursor", "--sandbox", HOME=str(home))
    assert done.returncode == 0
    assert f"Cursor also starts a2e-mcp as 'a2e' in {tmp_path / '.cursor' / 'mcp.json'}" in " ".join(
        done.stderr.split()
    )


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ("codex", "model = \n"),
        ("goose", "extensions: [a, b\n"),
        ("goose", "extensions: {a: {enabled: true}}\n"),
        ("goose", "- a\n"),
        ("zed", "{'context_servers': {}}"),
        ("opencode", '{"mcp": {}, "mcp": {}}'),
        ("codex", "mcp_servers = 3\n"),
    ],
)
def test_a_file_that_cannot_be_changed_without_loss_is_left_alone(tmp_path: Path, client: str, text: str) -> None:
    file = tmp_path / USER[client][0]
    file.parent.mkdir(parents=True)
    file.write_text(text)
    done = install(tmp_path, client, "--sandbox")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(file) in done.stderr
    assert "changed" in done.stderr
    assert file.read_text() == text
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_lm_studio_is_found_where_its_pointer_says(tmp_path: Path) -> None:
    (tmp_path / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'elsewhere'}\n")
    assert install(tmp_path, "lm-studio", "--sandbox").returncode == 0
    assert list(read(tmp_path / "elsewhere" / "mcp.json")["mcpServers"]) == ["a2e"]


def test_n8n_is_given_a_node_and_the_line_that_serves_it(tmp_path: Path) -> None:
    done = install(tmp_path, "n8n", "--sandbox")
    assert done.returncode == 0
    (node,) = json.loads(done.stdout)["nodes"]
    assert node["parameters"]["endpointUrl"] == "http://127.0.0.1:8000/mcp"
    assert "--http 127.0.0.1:8000 --sandbox" in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []
    assert "nothing was changed" in install(tmp_path, "n8n", "--remove").stderr


def test_every_system_has_a_place_for_every_client(tmp_path: Path) -> None:
    for platform, roaming in (("linux", ""), ("darwin", ""), ("win32", str(tmp_path / "Roaming"))):
        here = Computer(environment={"APPDATA": roaming}, home=tmp_path, folder=tmp_path / "project", platform=platform)
        files = [file for client in CLIENTS for place in client.places for file in place.files(here)]
        assert all(file.is_relative_to(tmp_path) for file in files)
        names = {str(file.relative_to(tmp_path)) for file in files}
        zed, goose = {
            "win32": ("Roaming/Zed/settings.json", "Roaming/Block/goose/config/config.yaml"),
        }.get(platform, (".config/zed/settings.json", ".config/goose/config.yaml"))
        assert {zed, goose, ".config/opencode/opencode.json"} <= names
