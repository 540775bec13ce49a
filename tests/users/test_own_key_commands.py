"""`a2e-mcp users` sees to the A2E keys that users have brought to a server that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.own_accounts import SEAL_KEY, own_key
from tests.support.processes import run, start_http_server
from tests.support.token_watch import without_token
from tests.support.users import add_user, keys_file, signed_in

NEW = "another-secret-that-keys-are-sealed-with-1"


@pytest.fixture(params=["file", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Where the users and their A2E keys stand."""
    where = {"A2E_OWN_KEYS": "allow", "A2E_SEAL_KEYS": SEAL_KEY, "A2E_SANDBOX": "1"}
    if request.param == "database":
        return {**where, "A2E_DATABASE": request.getfixturevalue("database_address")}
    return {**where, "A2E_KEYS_FILE": str(keys_file(tmp_path)), "A2E_DATA_DIR": str(tmp_path / "shared")}


async def test_keys_are_listed_sealed_anew_and_forgotten(tmp_path: Path, place: dict[str, str]) -> None:
    def users(*arguments: str, code: int = 0, **changes: str) -> str:
        done = run("users", *arguments, folder=tmp_path, **{**place, **changes})
        assert done.returncode == code, done.stderr
        return without_token(done.stdout + done.stderr, "what a command prints")

    key = users("add", "ada").splitlines()[0]
    assert users("forget-key", "ada", code=1)
    async with start_http_server(tmp_path, **place) as (_, address):
        async with signed_in(address, key, own=own_key("ada")) as ada:
            made = await ada.ask("start_text_to_image", prompt="A house of my own")
        listed = users("list")
        assert "  own A2E account " in listed.partition("ada  a2e:spend")[2]
        assert users("reseal") == "0 A2E keys sealed anew, with the first secret of A2E_SEAL_KEYS.\n"
        lost = users("reseal", code=1, A2E_SEAL_KEYS=NEW)
        assert "ada: An A2E key that a user has brought is sealed with a secret that A2E_SEAL_KEYS does" in lost
        assert users("reseal", A2E_SEAL_KEYS=f"{NEW},{SEAL_KEY}").startswith("1 A2E key sealed anew")
        # The server that has not been given the new secret yet has the key in use.
        async with signed_in(address, key, own=own_key("ada")) as ada:
            job_id = made.data["job_id"]
            assert (await ada.ask("check_status", job_id=job_id)).data["job_id"] == job_id
        assert users("reseal", A2E_SEAL_KEYS=f"{NEW},{SEAL_KEY}").endswith(".\n")
        assert "1 A2E key of ada removed; servers let go of it within a minute." in users("forget-key", "ada")
        assert "own A2E account" not in users("list")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"A2E_KEYS_FILE": "users"}, "A2E_OWN_KEYS=allow needs A2E_SEAL_KEYS"),
        ({"A2E_SEAL_KEYS": SEAL_KEY}, "A2E_OWN_KEYS=allow is for a server with users, and none are set"),
    ],
)
def test_a_server_says_what_it_needs_for_keys_of_users(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    if "A2E_KEYS_FILE" in changes:
        add_user(tmp_path, "ada")
        changes = {"A2E_KEYS_FILE": str(keys_file(tmp_path))}
    done = run("serve", "--sandbox", "--http", "127.0.0.1:0", folder=tmp_path, A2E_OWN_KEYS="allow", **changes)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
