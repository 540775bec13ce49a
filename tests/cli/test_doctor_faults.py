"""Faults planted in every client's configuration and in the installation: each is found, named, and has a remedy."""

from __future__ import annotations

import json
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.cli.install.clients import CLIENTS, ClientProgram
from a2e_mcp.cli.install.configuration_files import rendered
from a2e_mcp.cli.install.entry import ServerEntry, written_entry
from tests.support.doctor_runs import FAKE_TOKEN, DoctorRun
from tests.support.paths import CHECKOUT

NOT_TRIED = {"command": sys.executable, "args": ["-c", "import sys; sys.exit('broken today')", "a2e-mcp"]}
GONE = {"command": "/gone/a2e-mcp"}
pytestmark = pytest.mark.keeps_token  # clients keep it in their configurations, which the doctor reads
WITH_FILES = tuple(client for client in CLIENTS if client.places)


@pytest.fixture
def doctor_run(tmp_path: Path) -> DoctorRun:
    return DoctorRun(tmp_path, patience=20)


def plant(run: DoctorRun, client_id: str, raw: dict[str, Any], table: str = "", name: str = "a2e") -> Path:
    """Write a configuration of a client with one entry, as it is given."""
    client = next(client for client in CLIENTS if client.id == client_id)
    file = client.user_place.file(run.surroundings({}).computer)
    keys = (table,) if table else client.user_place.table
    data: dict[str, Any] = {name: raw}
    for key in reversed(keys):
        data = {key: data}
    return run.write(str(file.relative_to(run.folder)), rendered(data, client.format))


async def test_a_dozen_planted_faults_are_found_and_named(doctor_run: DoctorRun) -> None:
    """One fault in each client, and some around them."""
    run = doctor_run
    plant(run, "claude-desktop", {**NOT_TRIED, "env": {"A2E_API_TOKEN": "sk_..."}})
    plant(run, "cursor", {**NOT_TRIED, "env": {"A2E_API_TOKEN": FAKE_TOKEN, "A2E_SANDBOX": "1"}})
    plant(run, "windsurf", {**GONE, "env": {"A2E_API_TOKEN": FAKE_TOKEN}})
    plant(run, "vscode", GONE, table="mcpServers")
    plant(run, "zed", GONE, table="mcp_servers")
    plant(run, "gemini-cli", {"command": ["a2e-mcp"]})
    run.write("home/.codex/config.toml", 'model = "x\n')
    plant(run, "opencode", {"type": "local", "command": ["/gone/a2e-mcp", "--sandbox"]})
    plant(run, "goose", {"type": "stdio", "cmd": "/gone/a2e-mcp", "args": [], "env": {"A2E_SANDBOX": "1"}})
    run.write("home/.lmstudio/mcp.json", '{"mcpServers": {"a2e": {"command": "a2e-mcp"},}} // mine\n')
    plant(run, "continue", {**NOT_TRIED, "env": {"A2E_SANDBOX": "1"}})
    plant(run, "claude-code", {**NOT_TRIED, "env": {"A2E_MAX_CREDITS": "many", "A2E_SANDBOX": "1"}})
    (run.folder / "data" / "sandbox").mkdir(parents=True, mode=0o700)
    (run.folder / "data" / "ledger.sqlite3").write_bytes(b"not a database, " * 100)
    environment = {"A2E_TOKEN": "x", "A2E_FILES": str(run.folder / "missing")}
    with socket.create_server(("127.0.0.1", 0)) as other, closing(sqlite3.connect(_database(run))) as box:
        box.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        box.execute("INSERT INTO facts VALUES ('port', ?)", (str(other.getsockname()[1]),))
        box.commit()
        assert await run.run(environment, as_json=True) == 1
    found = {(each.get("client", ""), each["name"]) for each in run.problems()}
    assert found == {
        ("", "settings.misspelt"),
        ("", "folders.missing"),
        ("", "ledger.refused"),
        ("", "links.port_taken"),
        ("claude-desktop", "client.placeholder"),
        ("claude-desktop", "client.not_started"),
        ("claude-code", "client.settings_refused"),
        ("cursor", "client.settings_refused"),
        ("windsurf", "client.command_missing"),
        ("vscode", "client.misplaced"),
        ("zed", "client.misplaced"),
        ("gemini-cli", "client.entry_unusable"),
        ("codex", "client.invalid"),
        ("opencode", "client.command_missing"),
        ("goose", "client.misspelt"),
        ("goose", "client.command_missing"),
        ("lm-studio", "client.invalid"),
        ("continue", "client.not_started"),
    }
    hints = {(each.get("client", ""), each["name"]): each.get("hint", "") for each in run.problems()}
    assert all(hints.values())
    assert "Rename it to 'envs'" in hints["goose", "client.misspelt"]
    assert hints["zed", "client.misplaced"] == "Rename mcp_servers to context_servers"
    assert hints["opencode", "client.command_missing"].endswith("install opencode --sandbox")
    assert FAKE_TOKEN not in run.text


async def test_what_is_wrong_in_the_shell_hides_nothing_that_is_wrong_in_the_clients(doctor_run: DoctorRun) -> None:
    run = doctor_run
    plant(run, "cursor", {"command": "/gone/python", "args": ["-m", "a2e_mcp", "--sandbox"]})
    plant(run, "opencode", {"type": "local", "command": "a2e-mcp serve --sandbox"})
    plant(run, "vscode", {**NOT_TRIED, "type": "sse"})
    plant(run, "lm-studio", {**NOT_TRIED, "env": {"A2E_DAILY_CREDITS": "lots"}})
    assert await run.run({"A2E_MAX_CREDITS": "-5"}, as_json=True) == 1
    (own,) = (each for each in run.problems() if each["name"] == "client.settings_refused")
    assert own["client"] == "lm-studio"
    assert "A2E_DAILY_CREDITS is invalid" in own["text"]
    found = {(each.get("client", ""), each["name"]): each["hint"] for each in run.problems()}
    assert set(found) == {
        ("", "settings.invalid"),
        ("lm-studio", "client.settings_refused"),
        ("cursor", "client.command_missing"),
        ("opencode", "client.entry_unusable"),
        ("vscode", "client.entry_unusable"),
    }
    assert found["opencode", "client.entry_unusable"].endswith("install opencode --sandbox")
    assert found["vscode", "client.entry_unusable"].startswith("Write 'stdio' in its place in ")


async def test_a_sandbox_of_the_shell_does_not_turn_an_entry_with_a_token_into_one(doctor_run: DoctorRun) -> None:
    plant(doctor_run, "cursor", {**NOT_TRIED, "env": {"A2E_API_TOKEN": FAKE_TOKEN}})
    assert await doctor_run.run({"A2E_SANDBOX": "1"}) == 1
    (line,) = doctor_run.marked("fix")
    assert "(started from this shell)" in line
    assert "install" not in line


def _database(run: DoctorRun) -> Path:
    return run.folder / "data" / "sandbox" / "sandbox.db"


@pytest.mark.parametrize("client", WITH_FILES, ids=lambda client: client.id)
async def test_what_install_writes_is_understood_as_each_client_understands_it(
    doctor_run: DoctorRun, client: ClientProgram
) -> None:
    """The command is gone, so nothing is started: what the doctor says comes from reading alone."""
    entry = ServerEntry("/gone/a2e-mcp", ["serve"], {"A2E_API_TOKEN": FAKE_TOKEN})
    plant(doctor_run, client.id, written_entry(entry, None, client))
    assert await doctor_run.run(as_json=True) == 1
    (problem,) = doctor_run.problems()
    assert (problem["client"], problem["name"]) == (client.id, "client.command_missing")
    assert problem["hint"].endswith(f"install {client.id}")


@pytest.mark.long
@pytest.mark.parametrize("client", WITH_FILES, ids=lambda client: client.id)
async def test_what_install_writes_starts_in_each_client(doctor_run: DoctorRun, client: ClientProgram) -> None:
    entry = ServerEntry(sys.executable, ["-m", "a2e_mcp", "serve", "--sandbox"], {"PYTHONPATH": str(CHECKOUT)})
    entry.environment["A2E_DATA_DIR"] = str(doctor_run.folder / "data")
    plant(doctor_run, client.id, written_entry(entry, None, client))
    assert await doctor_run.run() == 0
    assert any("get_credits answers" in line for line in doctor_run.marked("ok"))


async def test_two_configurations_of_one_client_are_named(doctor_run: DoctorRun) -> None:
    first = plant(doctor_run, "opencode", {"type": "local", "command": ["/gone/a2e-mcp"]})
    other = {"mcp": {"film": {"type": "local", "command": ["/gone/a2e-mcp"], "enabled": False}}}
    second = doctor_run.write("project/opencode.jsonc", f"// mine\n{json.dumps(other)}")
    await doctor_run.run(as_json=True)
    found = json.loads(doctor_run.text)["findings"]
    (several,) = [each for each in found if each["name"] == "client.several"]
    assert f"'a2e' in {first}, 'film' in {second}" in several["text"]


async def test_variables_are_filled_in_as_each_client_does(doctor_run: DoctorRun) -> None:
    """In Gemini CLI's and opencode's own ways, and never from a secret that the client holds back."""
    gemini = {"command": "$PLACE/a2e-mcp", "env": {"A2E_DATA_DIR": "${MISSING:-/gone}", "A2E_API_TOKEN": FAKE_TOKEN}}
    plant(doctor_run, "gemini-cli", gemini)
    plant(doctor_run, "opencode", {"type": "local", "command": ["{env:PLACE}/a2e-mcp"], "enabled": True})
    plant(doctor_run, "zed", {"source": "custom", "command": "/gone/a2e-mcp", "enabled": False})
    await doctor_run.run({"PLACE": "/nowhere"}, as_json=True)
    texts = {each["client"]: each["text"] for each in doctor_run.problems()}
    assert set(texts) == {"gemini-cli", "opencode"}
    assert all("command not found: /nowhere/a2e-mcp" in text for text in texts.values())
    found = json.loads(doctor_run.text)["findings"]
    assert [each["client"] for each in found if each["name"] == "client.disabled"] == ["zed"]
