"""The doctor: names problems and fixes, never shows a token, and only reads."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import sys
import tomllib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from a2e_mcp.catalogue.account import GET_CREDITS
from a2e_mcp.cli.install import NAME, claude_desktop_file
from a2e_mcp.cli.requirements import REQUIRED
from a2e_mcp.cli.stored_token import KeyringFailed, StoredToken
from a2e_mcp.ledger.accounts import account_of
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.sandbox.extra import PACKAGES
from a2e_mcp.server.visibility import visible
from a2e_mcp.settings import Settings
from tests.support.doctor_runs import FAKE_TOKEN, NOTHING_SET, SANDBOX, DoctorRun, unreachable
from tests.support.imitation import account_with, imitation_of_a2e
from tests.support.ledger import intend, locked
from tests.support.paths import CHECKOUT


async def test_a_sound_installation_has_no_problems(doctor_run: DoctorRun) -> None:
    code = await doctor_run.run(SANDBOX)
    assert doctor_run.marked("fix") == []
    assert code == 0
    assert doctor_run.lines[-1] == "No problems found."
    assert "can speak and draw" in doctor_run.text


async def test_the_flag_makes_it_report_on_the_sandbox(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run(sandbox=True) == 0
    assert any("Sandbox mode" in line for line in doctor_run.marked("ok"))
    assert "Neither a token" not in doctor_run.text
    assert await doctor_run.run({"A2E_API_TOKEN": FAKE_TOKEN}, sandbox=True) == 1
    assert "Both A2E_API_TOKEN and the sandbox are set" in doctor_run.text


async def test_a_toolset_that_is_not_there_is_a_problem(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run({**SANDBOX, "A2E_TOOLSETS": "vidoe"}) == 1
    (line,) = doctor_run.marked("fix")
    assert "did you mean video?" in line


async def test_every_finding_is_one_line_in_ascii(doctor_run: DoctorRun) -> None:
    await doctor_run.run({**SANDBOX, "A2E_MAX_WAIT": "long"})
    assert all(line.isascii() and "\n" not in line and "\x1b" not in line for line in doctor_run.lines)


async def test_a_broken_variable_is_named_with_what_it_should_be(doctor_run: DoctorRun) -> None:
    code = await doctor_run.run({**SANDBOX, "A2E_MAX_WAIT": "forever"})
    assert code == 1
    (line,) = doctor_run.marked("fix")
    assert "A2E_MAX_WAIT" in line
    assert "a number from 1 to 86400" in line


async def test_a_misspelt_variable_is_recognised(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run({**SANDBOX, "A2E_TOKEN": "x"}) == 1
    (line,) = doctor_run.marked("fix")
    assert line.endswith("Unknown setting A2E_TOKEN -> Did you mean A2E_API_TOKEN?")


async def test_a_placeholder_that_was_not_filled_in_counts_as_missing(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run({"A2E_API_TOKEN": "${A2E_API_TOKEN}"}) == 0
    assert any("placeholder" in line for line in doctor_run.marked("note"))
    assert any("Neither a token nor the sandbox" in line for line in doctor_run.marked("note"))


async def test_token_and_sandbox_together_are_a_problem(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run({**SANDBOX, "A2E_API_TOKEN": FAKE_TOKEN}) == 1
    (line,) = doctor_run.marked("fix")
    assert "Both A2E_API_TOKEN and the sandbox are set" in line


@pytest.mark.keeps_token
async def test_the_token_is_never_shown_and_never_sent_to_see_whether_the_host_is_there(tmp_path: Path) -> None:
    requests: list[httpx2.Request] = []

    def host(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(200)

    doctor_run = DoctorRun(tmp_path, host)
    # A server that repeats its token, as a careless one could.
    complaint = "import os, sys; sys.exit('bad token ' + os.environ['A2E_API_TOKEN'])"
    doctor_run.configure_desktop(
        {"command": sys.executable, "args": ["-c", complaint], "env": {"A2E_API_TOKEN": FAKE_TOKEN}}
    )
    await doctor_run.run({"A2E_API_TOKEN": FAKE_TOKEN, "A2E_BASE_URL": "https://a2e.invalid"})
    assert f"A2E_API_TOKEN is set (sk_..., {len(FAKE_TOKEN)} characters)" in doctor_run.text
    assert "bad token sk_..." in doctor_run.text
    assert FAKE_TOKEN not in doctor_run.text
    assert [request.method for request in requests] == ["HEAD"]
    assert all(FAKE_TOKEN not in str(request.headers) for request in requests)


async def test_a_token_of_another_form_is_not_shown_either(doctor_run: DoctorRun) -> None:
    odd = "eyJhbGciOi.J9.web-login"
    doctor_run.configure_desktop({"command": sys.executable, "args": ["-c", f"import sys; sys.exit('{odd}')"]})
    await doctor_run.run({"A2E_API_TOKEN": odd})
    assert odd not in doctor_run.text
    assert any("does not look like sk_" in line for line in doctor_run.marked("note"))


@pytest.mark.parametrize(("environment", "mark"), [(SANDBOX, "note"), ({"A2E_API_TOKEN": FAKE_TOKEN}, "fix")])
async def test_an_unreachable_host_matters_only_live(tmp_path: Path, environment: Mapping[str, str], mark: str) -> None:
    doctor_run = DoctorRun(tmp_path, unreachable)
    assert await doctor_run.run(environment) == (1 if mark == "fix" else 0)
    (line,) = [line for line in doctor_run.lines if "cannot be reached" in line]
    assert line.startswith(mark)


async def test_a_folder_that_cannot_be_written_is_named_with_its_variable(doctor_run: DoctorRun) -> None:
    (doctor_run.folder / "file").write_text("in the way", encoding="utf-8")
    assert await doctor_run.run({**SANDBOX, "A2E_OUTPUT_DIR": str(doctor_run.folder / "file" / "videos")}) == 1
    (line,) = doctor_run.marked("fix")
    assert str(doctor_run.folder / "file" / "videos") in line
    assert "Set A2E_OUTPUT_DIR" in line


async def test_trying_a_folder_leaves_nothing_behind(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run({**SANDBOX, "A2E_OUTPUT_DIR": str(doctor_run.folder / "new" / "videos")}) == 0
    assert not (doctor_run.folder / "new").exists()
    assert list((doctor_run.folder / "output").iterdir()) == []


async def test_an_allowed_folder_that_was_named_and_is_not_there_is_a_problem(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run({**SANDBOX, "A2E_FILES": str(doctor_run.folder / "gone")}) == 1
    (line,) = doctor_run.marked("fix")
    assert "A2E_FILES" in line


async def test_the_ledger_is_counted(doctor_run: DoctorRun) -> None:
    path = doctor_run.folder / "data" / "ledger.sqlite3"
    async with open_ledger(path, account=FAKE_TOKEN, sandbox=False) as ledger:
        entry = await intend(ledger, expected=12)
        await ledger.update(entry.id, phase="started")
    assert await doctor_run.run({"A2E_API_TOKEN": FAKE_TOKEN}) == 0
    told = f"12 credits in 24 hours and 1 start of this account, which is {account_of(FAKE_TOKEN)} there"
    assert told in doctor_run.text


@pytest.mark.parametrize("environment", [NOTHING_SET, SANDBOX])
async def test_a_damaged_ledger_is_a_problem(doctor_run: DoctorRun, environment: Mapping[str, str]) -> None:
    (doctor_run.folder / "data").mkdir()
    (doctor_run.folder / "data" / "ledger.sqlite3").write_bytes(b"not a database, " * 100)
    assert await doctor_run.run(environment) == 1
    (line,) = doctor_run.marked("fix")
    assert "ledger" in line


async def test_a_damaged_sandbox_is_a_problem(doctor_run: DoctorRun) -> None:
    (doctor_run.folder / "data" / "sandbox").mkdir(parents=True)
    (doctor_run.folder / "data" / "sandbox" / "sandbox.db").write_bytes(b"not a database, " * 100)
    assert await doctor_run.run(SANDBOX) == 1
    (line,) = doctor_run.marked("fix")
    assert "sandbox.db" in line


async def test_where_no_client_is_configured_the_way_to_do_it_is_named(doctor_run: DoctorRun) -> None:
    await doctor_run.run(SANDBOX)
    assert any("a2e-mcp install claude-desktop" in line for line in doctor_run.marked("note"))


async def test_a_configured_server_is_started_for_real(doctor_run: DoctorRun) -> None:
    doctor_run.configure_desktop(working_entry())
    assert await doctor_run.run() == 0
    (line,) = [line for line in doctor_run.marked("ok") if "Claude Desktop's server 'a2e' starts" in line]
    assert f"{len(visible(Settings()))} tools in " in line


async def test_an_entry_without_token_and_sandbox_starts_and_is_mentioned(doctor_run: DoctorRun) -> None:
    doctor_run.configure_desktop({**working_entry(), "env": {"PYTHONPATH": str(CHECKOUT), "A2E_API_TOKEN": ""}})
    assert await doctor_run.run() == 0
    assert any("neither a token nor --sandbox" in line for line in doctor_run.marked("note"))


async def test_a_dead_command_is_a_problem(doctor_run: DoctorRun) -> None:
    doctor_run.configure_desktop({"command": str(doctor_run.folder / "gone" / "a2e-mcp")})
    assert await doctor_run.run() == 1
    (line,) = doctor_run.marked("fix")
    assert f"command not found: {doctor_run.folder / 'gone' / 'a2e-mcp'}" in line
    assert line.endswith("a2e-mcp install claude-desktop")


async def test_the_last_words_of_a_server_that_dies_are_repeated(doctor_run: DoctorRun) -> None:
    doctor_run.configure_desktop({"command": sys.executable, "args": ["-c", "import sys; sys.exit('no module today')"]})
    assert await doctor_run.run() == 1
    (line,) = doctor_run.marked("fix")
    assert "does not start" in line
    assert "its output: no module today" in line


async def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    doctor_run = DoctorRun(tmp_path, patience=0.3)
    doctor_run.configure_desktop({"command": sys.executable, "args": ["-c", "import sys; sys.stdin.read()"]})
    assert await doctor_run.run() == 1
    (line,) = doctor_run.marked("fix")
    assert "no answer within 0.3 s" in line


@pytest.mark.parametrize(
    "entry", [{"command": 3}, {"args": []}, {"command": "x", "args": "y"}, {"command": "x", "env": []}]
)
async def test_an_entry_that_no_client_could_start_is_a_problem(doctor_run: DoctorRun, entry: dict[str, Any]) -> None:
    doctor_run.configure_desktop(entry)
    assert await doctor_run.run() == 1
    assert any("no usable command" in line for line in doctor_run.marked("fix"))


@pytest.mark.keeps_token
async def test_an_entry_with_token_and_sandbox_is_a_problem(doctor_run: DoctorRun) -> None:
    entry = working_entry()
    doctor_run.configure_desktop({**entry, "env": {**entry["env"], "A2E_API_TOKEN": FAKE_TOKEN}})
    assert await doctor_run.run() == 1
    (line,) = doctor_run.marked("fix")
    assert "Both A2E_API_TOKEN and the sandbox" in line


async def test_a_token_of_the_shell_that_a_sandbox_client_would_pass_on_is_a_problem(doctor_run: DoctorRun) -> None:
    entry = {"command": sys.executable, "args": ["-m", "a2e_mcp", "--sandbox"]}
    doctor_run.write("home/.claude.json", json.dumps({"mcpServers": {NAME: entry}}))
    assert await doctor_run.run({"A2E_API_TOKEN": FAKE_TOKEN}) == 1
    (line,) = doctor_run.marked("fix")
    assert "are set, so it is unclear whether calls may cost money (started from this shell)" in line
    # Installed again, the entry keeps the token from the sandbox.
    assert line.endswith("install claude-code --sandbox")


async def test_a_configuration_that_is_no_json_is_a_problem(doctor_run: DoctorRun) -> None:
    doctor_run.configure_desktop({})
    file = claude_desktop_file({"XDG_CONFIG_HOME": str(doctor_run.folder / "config")}, "linux")
    file.write_text('{"mcpServers": {', encoding="utf-8")
    assert await doctor_run.run() == 1
    (line,) = doctor_run.marked("fix")
    assert "not valid JSON" in line


async def test_claude_code_is_looked_at_in_the_project_and_for_the_user(doctor_run: DoctorRun) -> None:
    dead = {"mcpServers": {NAME: {"command": "${PLACE}/a2e-mcp"}}}
    for file in (doctor_run.folder / "project" / ".mcp.json", doctor_run.folder / "home" / ".claude.json"):
        file.parent.mkdir()
        file.write_text(json.dumps(dead), encoding="utf-8")
    assert await doctor_run.run({"PLACE": "/nowhere"}) == 1
    assert ["command not found: /nowhere/a2e-mcp" in line for line in doctor_run.marked("fix")] == [True, True]


async def test_a_server_over_http_is_only_mentioned(doctor_run: DoctorRun) -> None:
    doctor_run.configure_desktop({"url": "http://127.0.0.1:9/mcp"})
    assert await doctor_run.run() == 0
    assert any("over HTTP" in line for line in doctor_run.marked("note"))


def test_the_packages_that_are_checked_are_those_that_are_declared() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for package, (least, below) in REQUIRED.items():
        assert f"{package}>={least},<{below}" in project["dependencies"]
    extras = project["optional-dependencies"]
    declared = {each.partition(">")[0] for name in ("sandbox", "film") for each in extras[name]} - {"a2e-mcp[film]"}
    # Without a font a render says itself which letters it lacks.
    fonts = {name for name in declared if name.startswith(("fontpkg-", "noto-"))}
    assert set(PACKAGES.values()) == declared - fonts


def working_entry() -> dict[str, Any]:
    return {
        "command": sys.executable,
        "args": ["-m", "a2e_mcp"],
        "env": {"A2E_SANDBOX": "1", "PYTHONPATH": str(CHECKOUT)},
    }


OURS = {"command": sys.executable, "args": ["-c", "import sys; sys.exit('not tried')", "a2e-mcp"]}


async def test_an_entry_that_its_client_does_not_read_is_a_problem(doctor_run: DoctorRun) -> None:
    """Each client of one home has a mistake of its own."""
    unfilled = {"A2E_API_TOKEN": "sk_...", "A2E_DATA_DIR": str(doctor_run.folder / "data")}
    files: dict[str, Any] = {
        "config/Claude/claude_desktop_config.json": {
            "mcpServers": {
                NAME: {**OURS, "env": unfilled},
                "film": {**OURS, "args": ["-c", "", "a2e-mcp", "--sandbox"], "env": unfilled},
            }
        },
        "home/.claude.json": {
            "mcp": {"servers": {NAME: OURS}},
            "projects": {"/elsewhere": {"mcpServers": {NAME: OURS}}},
        },
        "home/.cursor/mcp.json": {"mcpServer": {NAME: OURS}},
        "project/.cursor/mcp.json": {NAME: OURS},
        "home/.codeium/windsurf/mcp_config.json": {"mcpServers": {NAME: {**OURS, "environment": {}}}},
        "config/Code/User/mcp.json": {"mcpServers": {"video": OURS}},
        "project/.vscode/mcp.json": {"servers": {NAME: {"type": "stdio", "cmd": "uvx"}}},
    }
    for file, content in files.items():
        doctor_run.write(file, json.dumps(content))
    # Editors accept comments, so they are no mistake there.
    doctor_run.write("home/.cursor/mcp.json", f"// mine\n{json.dumps(files['home/.cursor/mcp.json'])}")
    assert await doctor_run.run(as_json=True) == 1
    found = [(each["client"], each["name"]) for each in doctor_run.problems() if "client" in each]
    assert found == [
        ("claude-desktop", "client.placeholder"),
        ("claude-desktop", "client.not_started"),
        ("claude-desktop", "client.placeholder"),
        ("claude-desktop", "client.not_started"),
        ("claude-code", "client.misplaced"),
        ("cursor", "client.misplaced"),
        ("cursor", "client.misplaced"),
        ("windsurf", "client.misspelt"),
        ("windsurf", "client.not_started"),
        ("vscode", "client.misplaced"),
        ("vscode", "client.misspelt"),
        ("vscode", "client.entry_unusable"),
    ]
    hints = {(each["client"], each["name"]): each["hint"] for each in doctor_run.problems() if "client" in each}
    assert "Remove it from the entry's env" in hints["claude-desktop", "client.placeholder"]
    assert hints["claude-code", "client.misplaced"] == "Rename mcp.servers to mcpServers"
    assert hints["vscode", "client.misplaced"] == "Rename mcpServers to servers"
    assert "Rename it to 'env'" in hints["windsurf", "client.misspelt"]


@pytest.mark.keeps_token
async def test_one_free_call_is_made_as_each_client_would_make_it(doctor_run: DoctorRun) -> None:
    asked: list[str] = []

    account = account_with(FAKE_TOKEN)

    async def answer(request: Request) -> Response:
        asked.append(request.url.path)
        return await account(request)

    async with imitation_of_a2e(answer) as url:
        env = {"A2E_BASE_URL": url, "A2E_DATA_DIR": str(doctor_run.folder / "data"), "PYTHONPATH": str(CHECKOUT)}
        start = {"command": sys.executable, "args": ["-m", "a2e_mcp", "--tool-prefix", "x_"]}
        desktop = {**start, "env": {**env, "A2E_API_TOKEN": FAKE_TOKEN}}
        cursor = {**start, "env": {**env, "A2E_API_TOKEN": "${env:MINE}"}}
        doctor_run.configure_desktop(desktop)
        doctor_run.write("home/.cursor/mcp.json", json.dumps({"mcpServers": {"video": cursor}}))
        assert await doctor_run.run({"MINE": f"{FAKE_TOKEN}-of-last-year"}) == 1
    (works,) = [line for line in doctor_run.marked("ok") if "get_credits answers" in line]
    assert "Claude Desktop's server 'a2e'" in works
    assert "123 credits" in works
    (line,) = doctor_run.marked("fix")
    assert "Cursor's server 'video'" in line
    assert "A2E did not accept the token" in line
    assert "last-year" not in doctor_run.text
    assert set(asked) == {GET_CREDITS.endpoint.path}


async def test_a_sandbox_client_without_the_extra_gets_the_line_that_adds_it(
    doctor_run: DoctorRun, bare_python: str
) -> None:
    env = {"A2E_DATA_DIR": str(doctor_run.folder / "data"), "PYTHONPATH": str(CHECKOUT)}
    doctor_run.configure_desktop({"command": bare_python, "args": ["-m", "a2e_mcp", "--sandbox"], "env": env})
    runner = doctor_run.write("bin/uvx", f'#!/bin/sh\nexec {bare_python} -m a2e_mcp "$2"\n')
    runner.chmod(0o755)
    uvx = {"command": str(runner), "args": ["a2e-mcp", "--sandbox"], "env": env}
    doctor_run.write("home/.codeium/windsurf/mcp_config.json", json.dumps({"mcpServers": {NAME: uvx}}))
    assert await doctor_run.run() == 1
    desktop, windsurf = doctor_run.marked("fix")
    assert "The sandbox needs its optional dependencies" in desktop
    assert desktop.endswith(f'-> Run: {bare_python} -m pip install "a2e-mcp[sandbox]"')
    assert windsurf.endswith("a2e-mcp install windsurf --sandbox")


async def test_a_runner_that_cannot_fetch_its_packages_is_to_be_run_in_a_terminal(doctor_run: DoctorRun) -> None:
    runner = doctor_run.write("bin/uvx", "#!/bin/sh\necho invalid peer certificate >&2; exit 2\n")
    runner.chmod(0o755)
    doctor_run.configure_desktop({"command": str(runner), "args": ["a2e-mcp", "--sandbox"]})
    assert await doctor_run.run() == 1
    (line,) = doctor_run.marked("fix")
    assert "invalid peer certificate" in line
    assert f"Run this once in a terminal, which fetches its packages: {runner} a2e-mcp --sandbox" in line


async def test_the_source_of_the_token_is_named(doctor_run: DoctorRun) -> None:
    doctor_run.stored = StoredToken(lambda: Kept(FAKE_TOKEN))
    env = {"A2E_DATA_DIR": str(doctor_run.folder / "data"), "PYTHONPATH": str(CHECKOUT)}
    doctor_run.configure_desktop({"command": sys.executable, "args": ["-m", "a2e_mcp", "--no-keyring"], "env": env})
    assert await doctor_run.run() == 0
    assert "The token is kept in the system's keyring (A2E_API_TOKEN is not set)" in doctor_run.text
    assert any("Live mode" in line for line in doctor_run.marked("ok"))
    assert any("has neither a token" in line for line in doctor_run.marked("note"))
    assert FAKE_TOKEN not in doctor_run.text
    # Without a client, whose server is started in each run.
    doctor_run.configure_nothing()
    doctor_run.lines.clear()
    assert await doctor_run.run({"A2E_KEYRING": "off"}) == 0
    assert "The token is kept in" not in doctor_run.text
    doctor_run.lines.clear()
    doctor_run.stored = StoredToken(lambda: Kept("", "the prompt was dismissed"))
    assert await doctor_run.run() == 1
    (line,) = doctor_run.marked("fix")
    assert "The system's keyring cannot be used (the prompt was dismissed) -> Unlock the keyring and retry" in line


class Kept:
    """A keyring that holds one token, or has a problem."""

    name = "system's keyring"

    def __init__(self, token: str, problem: str = "") -> None:
        self.token, self.problem = token, problem

    def read(self) -> str:
        if self.problem:
            raise KeyringFailed(self.problem)
        return self.token

    def write(self, token: str) -> None:
        self.token = token

    def delete(self) -> None:
        self.token = ""


async def test_an_emptied_ledger_and_a_taken_port_are_problems(doctor_run: DoctorRun) -> None:
    data = doctor_run.folder / "data"
    async with open_ledger(data / "ledger.sqlite3", account=FAKE_TOKEN, sandbox=False) as ledger:
        await intend(ledger)
    (data / "ledger.sqlite3").rename(data / "ledger-version-2.backup")
    (data / "ledger.sqlite3").touch()
    (data / "sandbox").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other, closing(sqlite3.connect(data / "sandbox/sandbox.db")) as box:
        box.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        box.execute("INSERT INTO facts VALUES ('port', ?)", (str(other.getsockname()[1]),))
        box.commit()
        assert await doctor_run.run() == 1
    empty, taken = sorted(doctor_run.marked("fix"), reverse=True)
    assert "is empty, but its copy ledger-version-2.backup holds 1 start" in empty
    assert "the sandbox's earlier result links do not open" in taken
    assert (data / "ledger.sqlite3").stat().st_size == 0


async def test_what_is_found_fits_a_narrow_terminal(doctor_run: DoctorRun) -> None:
    doctor_run.columns = 60
    await doctor_run.run({"A2E_TOKEN": "x", "A2E_MAX_WAIT": "forever"})
    long_lines = [line for line in doctor_run.lines if len(line) > 60]
    assert [line for line in long_lines if len(line.split()) > 2] == []
    assert "      -> Did you mean A2E_API_TOKEN?" in doctor_run.lines


def test_the_page_lists_every_name_of_a_finding() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "a2e_mcp/cli/doctor").glob("*.py"))
    names = set(
        re.findall(
            r'"((?:settings|python|packages|rendering|host|folders|ledger|links|client|clients|reads|report|connection|database|users)\.[a-z_]+)"',
            sources,
        )
    )
    page = (CHECKOUT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_.]+)`", page, re.MULTILINE)) == names


@pytest.mark.parametrize("name", ["ledger.sqlite3", "sandbox/sandbox.db"])
async def test_data_that_another_program_keeps_locked_is_found(doctor_run: DoctorRun, name: str) -> None:
    path = doctor_run.folder / "data" / name
    path.parent.mkdir(parents=True)
    doctor_run.lock_seconds = 0.05
    with locked(path):
        assert await doctor_run.run(SANDBOX) == 1
    assert any("locked by another program" in line for line in doctor_run.marked("fix"))
