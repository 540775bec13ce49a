"""The token in the system's keyring: kept by `install`, found at the first call, and never in plain text."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.cli.connection import token_in_keyring
from a2e_mcp.cli.stored_token import StoredToken, TokenStore
from a2e_mcp.errors import SettingsError
from a2e_mcp.settings import read_settings
from tests.support.imitation import account_with, imitation_of_a2e
from tests.support.keyrings import kept_in, keyring_in
from tests.support.paths import CHECKOUT
from tests.support.processes import environment_in, run, start_program
from tests.support.systems import UNIX, open_terminal
from tests.support.token_watch import TOKEN

KEY = "a2e-mcp/A2E_API_TOKEN"


def entry_of(folder: Path) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads((folder / ".cursor" / "mcp.json").read_text())["mcpServers"]["a2e"]
    return entry


def test_the_token_goes_into_the_keyring_and_into_no_file(tmp_path: Path) -> None:
    keyring = keyring_in(tmp_path)
    done = run("install", "cursor", folder=tmp_path, A2E_API_TOKEN=TOKEN, **keyring)
    assert done.returncode == 0, done.stderr
    assert "Your token is kept in the" in done.stderr
    assert kept_in(tmp_path) == {KEY: TOKEN}
    assert "env" not in entry_of(tmp_path)
    # Another client needs no token any more, neither from the shell nor from the user.
    done = run("install", "windsurf", folder=tmp_path, **keyring)
    assert "A2E_API_TOKEN is not set" not in done.stderr
    assert TOKEN not in (tmp_path / ".codeium" / "windsurf" / "mcp_config.json").read_text()
    # It is deleted with the last entry that uses it.
    assert "stays in the" in run("install", "cursor", "--remove", folder=tmp_path, **keyring).stdout
    assert kept_in(tmp_path) == {KEY: TOKEN}
    assert "was deleted from the" in run("install", "windsurf", "--remove", folder=tmp_path, **keyring).stdout
    assert kept_in(tmp_path) == {}


@pytest.mark.keeps_token
def test_without_a_keyring_or_with_the_flag_the_token_stands_in_the_entry(tmp_path: Path) -> None:
    keyring = keyring_in(tmp_path)
    done = run("install", "cursor", "--no-keyring", folder=tmp_path, A2E_API_TOKEN=TOKEN, **keyring)
    assert (done.returncode, done.stderr) == (0, "")
    assert entry_of(tmp_path)["env"] == {"A2E_API_TOKEN": TOKEN}
    assert kept_in(tmp_path) == {}


@pytest.mark.keeps_token
@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "tests.support.plain_keyring.PlainKeyring"])
def test_a_keyring_of_plain_text_is_none(tmp_path: Path, backend: str) -> None:
    changes = {"PYTHON_KEYRING_BACKEND": backend, "A2E_API_TOKEN": TOKEN}
    assert run("install", "cursor", folder=tmp_path, **changes).returncode == 0
    assert entry_of(tmp_path)["env"] == {"A2E_API_TOKEN": TOKEN}
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".txt"] == []


def test_a_locked_keyring_changes_nothing_and_says_so_in_one_sentence(tmp_path: Path) -> None:
    done = run("install", "cursor", folder=tmp_path, A2E_API_TOKEN=TOKEN, **keyring_in(tmp_path, "locked"))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "Failed to unlock the collection!" in done.stderr
    assert "--no-keyring" in done.stderr
    assert not (tmp_path / ".cursor").exists()


class _Hanging:
    name = "system's keyring"

    def read(self) -> str:
        select.select([], [], [], 1)
        return ""

    def write(self, token: str) -> None:
        self.read()

    def delete(self) -> None:
        self.read()


def test_a_command_does_not_wait_for_a_keyring_that_hangs() -> None:
    stored = StoredToken(_Hanging, seconds=0.05)
    with pytest.raises(SettingsError, match=r"did not answer within 0\.05 s, so it may be locked"):
        stored.write(TOKEN)


async def test_a_hanging_keyring_is_asked_once_and_costs_a_call_only_its_time() -> None:
    asked: list[TokenStore] = []

    def find() -> TokenStore:
        asked.append(_Hanging())
        return asked[-1]

    stored = StoredToken(find, seconds=0.05)
    for _ in range(3):
        with pytest.raises(SettingsError, match="may be locked"):
            await stored.read()
    assert len(asked) == 1


def typed_into(folder: Path, text: str, *arguments: str, **changes: str) -> tuple[int, str]:
    """Run the command in a terminal, type a line when it asks, and return its exit code and the screen."""
    terminal, typing = open_terminal()
    process = subprocess.Popen(
        [sys.executable, "-m", "a2e_mcp", *arguments],
        cwd=folder,
        env=environment_in(folder, **changes),
        stdin=typing,
        stdout=typing,
        stderr=typing,
        start_new_session=True,
    )
    os.close(typing)
    screen, asked = b"", False
    while select.select([terminal], [], [], 30)[0]:
        try:
            read = os.read(terminal, 4096)
        except OSError:
            break
        if not read:
            break
        screen += read
        if not asked and b"leave it out" in screen:
            asked = True
            os.write(terminal, f"{text}\n".encode())
    os.close(terminal)
    assert asked
    return process.wait(30), screen.decode()


@UNIX
@pytest.mark.keeps_token
def test_the_token_is_asked_for_without_showing_it(tmp_path: Path) -> None:
    code, screen = typed_into(tmp_path, f" {TOKEN} ", "install", "cursor", **keyring_in(tmp_path))
    assert (code, kept_in(tmp_path)) == (0, {KEY: TOKEN})
    assert TOKEN not in screen
    assert TOKEN not in (tmp_path / ".cursor" / "mcp.json").read_text()


@UNIX
@pytest.mark.long
def test_a_typed_placeholder_is_refused_and_nothing_typed_is_no_token(tmp_path: Path) -> None:
    code, screen = typed_into(tmp_path, "sk_...", "install", "cursor", **keyring_in(tmp_path))
    assert (code, kept_in(tmp_path)) == (1, {})
    assert "placeholder" in screen
    assert not (tmp_path / ".cursor").exists()
    code, screen = typed_into(tmp_path, "", "install", "cursor", **keyring_in(tmp_path))
    assert (code, kept_in(tmp_path)) == (0, {})
    assert "A2E_API_TOKEN is not set" in " ".join(re.sub(r"\x1b\[[0-9;]*m", "", screen).split())


@pytest.mark.keeps_token
async def test_a_server_finds_the_token_at_its_first_call(tmp_path: Path) -> None:
    (tmp_path / "keyring.json").write_text(json.dumps({KEY: TOKEN}))
    async with (
        imitation_of_a2e(account_with(TOKEN)) as url,
        start_program(folder=tmp_path, A2E_BASE_URL=url, **keyring_in(tmp_path)) as server,
    ):
        await server.initialize()
        assert (await server.call("get_credits"))["credits"] == 123


def test_the_keyring_is_not_asked_where_the_settings_have_an_answer() -> None:
    assert token_in_keyring(read_settings({})) is not None
    for environment in ({"A2E_API_TOKEN": TOKEN}, {"A2E_SANDBOX": "1"}, {"A2E_KEYRING": "off"}):
        assert token_in_keyring(read_settings(environment)) is None


@pytest.mark.long
async def test_what_the_environment_says_goes_first(tmp_path: Path) -> None:
    (tmp_path / "keyring.json").write_text(json.dumps({KEY: TOKEN}))
    async with imitation_of_a2e(account_with(TOKEN)) as url:
        wrong = {"A2E_API_TOKEN": f"{TOKEN}_of_last_year"}
        async with start_program(folder=tmp_path, A2E_BASE_URL=url, **keyring_in(tmp_path), **wrong) as server:
            await server.initialize()
            answer = (await server.ask("tools/call", name="get_credits", arguments={}))["result"]
            assert "did not accept the token" in answer["content"][0]["text"]


@pytest.mark.parametrize(
    ("state", "flags", "text"),
    [
        pytest.param("open", [], "No A2E token. Set A2E_API_TOKEN", marks=pytest.mark.long),
        ("locked", [], "The system's keyring cannot be used (Failed to unlock the collection!)"),
        ("locked", ["--no-keyring"], "No A2E token. Set A2E_API_TOKEN"),
    ],
)
async def test_without_a_token_a_call_says_what_to_do(tmp_path: Path, state: str, flags: list[str], text: str) -> None:
    async with start_program("serve", *flags, folder=tmp_path, **keyring_in(tmp_path, state)) as server:
        await server.initialize()
        answer = (await server.ask("tools/call", name="get_credits", arguments={}))["result"]
        assert answer["isError"]
        assert answer["content"][0]["text"].startswith(text)


def test_a_server_that_starts_imports_neither_keyring_nor_what_install_or_a_company_needs() -> None:
    slow = (
        "{'keyring', 'tomlkit', 'ruamel', 'getpass', 'prometheus_client', 'obstore', 'psycopg', 'procrastinate',"
        " 'opentelemetry.sdk', 'opentelemetry.exporter', 'jwt', 'a2e_mcp.users.authenticator',"
        " 'a2e_mcp.users.keys_file', 'a2e_mcp.server.http.gate'}"
    )
    code = f"import sys, a2e_mcp.cli.main, a2e_mcp.cli.serve, a2e_mcp.server.server; print({slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
