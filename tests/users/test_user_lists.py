"""A file and a database hold users alike: each promise is kept by both."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from a2e_mcp.errors import AccessDenied, SettingsError
from a2e_mcp.ledger.postgresql.users import DatabaseUsers
from a2e_mcp.users.authenticator import Authenticator
from a2e_mcp.users.keys import digest_of, new_key
from a2e_mcp.users.keys_file import KeysFile
from a2e_mcp.users.user_list import User, UserKey, UserList
from tests.support.postgresql import ScratchServer
from tests.support.processes import run, start_http_server
from tests.support.users import asked_with, signed_in


@pytest.fixture(params=["file", "database"])
def address(request: pytest.FixtureRequest) -> str | None:
    """The database that the users stand in; None for a file."""
    found: str | None = request.getfixturevalue("database_address") if request.param == "database" else None
    return found


@pytest.fixture
async def place(address: str | None, tmp_path: Path) -> AsyncIterator[tuple[UserList, UserList]]:
    """A list of users as two servers have it."""
    if address is None:
        yield KeysFile(tmp_path / "users.toml"), KeysFile(tmp_path / "users.toml")
        return
    first, second = impatient(address), impatient(address)
    yield first, second
    await first.close()
    await second.close()


def impatient(address: str) -> DatabaseUsers:
    """Users in a database that is asked anew each time."""
    moments = count(step=10)
    return DatabaseUsers(address, clock=lambda: float(next(moments)))


def added(name: str, key: str, per_day: float | None = None, subject: str | None = None) -> User:
    return User(name, "a2e:spend", per_day, 3.0, subject, keys=(UserKey(digest_of(key), 1000.0),))


def one_more(key: UserKey) -> Callable[[User | None], User]:
    return lambda known: (known or User("ada", "a2e:read")).with_key(key)


def _become(user: User, _: User | None) -> User:
    return user


async def test_what_one_server_changes_another_knows(place: tuple[UserList, UserList]) -> None:
    here, there = place
    key, another = new_key(), new_key()
    ada = added("ada@example.com", key, per_day=12.5, subject="auth0|ada 'quoted'")
    assert await there.change("ada@example.com", lambda known: ada if known is None else known) == ada
    found = await here.find_key(digest_of(key))
    assert found == (ada, ada.keys[0])
    assert await here.find_subject("auth0|ada 'quoted'") == await here.find("ada@example.com") == ada
    assert await here.find_key(digest_of(another)) is None
    assert await here.find("bob") is None
    assert await here.find_subject("bob") is None

    with_two = await there.change("ada@example.com", one_more(UserKey(digest_of(another), 2000.0, 9e9)))
    assert [each.digest for each in with_two.keys] == [digest_of(key), digest_of(another)]
    assert await here.find("ada@example.com") == with_two
    for changed in (
        replace(with_two, revoked=3000.0, per_day=None),
        # No ceiling, whatever the servers have for everyone.
        replace(with_two, per_day=math.inf),
    ):
        await there.change("ada@example.com", partial(_become, changed))
        assert await here.find("ada@example.com") == changed
    await there.change("bob", lambda _: added("bob", new_key()))
    assert [user.name for user in await here.all()] == ["ada@example.com", "bob"]


async def test_changes_at_the_same_moment_are_all_kept(place: tuple[UserList, UserList]) -> None:
    here, there = place
    keys = [new_key() for _ in range(10)]
    await here.change("ada", lambda _: User("ada", "a2e:read"))

    await asyncio.gather(
        *(
            (here, there)[number % 2].change("ada", one_more(UserKey(digest_of(key), 1000.0)))
            for number, key in enumerate(keys)
        )
    )
    (ada,) = await here.all()
    assert {key.digest for key in ada.keys} == {digest_of(key) for key in keys}


async def test_a_change_that_is_refused_changes_nothing(place: tuple[UserList, UserList]) -> None:
    here, _ = place
    await here.change("ada", lambda _: added("ada", new_key()))

    def refuse(known: User | None) -> User:
        raise SettingsError("No")

    with pytest.raises(SettingsError, match="No"):
        await here.change("ada", refuse)
    assert len((await here.all())[0].keys) == 1


async def test_two_users_cannot_sign_in_as_the_same_subject(place: tuple[UserList, UserList]) -> None:
    here, _ = place
    await here.change("ada", lambda _: added("ada", new_key(), subject="someone"))
    with pytest.raises(SettingsError, match=r"Another user signs in as this subject\. See a2e-mcp users list"):
        await here.change("bob", lambda _: added("bob", new_key(), subject="someone"))
    assert [user.name for user in await here.all()] == ["ada"]


async def test_a_list_that_is_away_lets_no_one_in_and_recovers_by_itself(
    postgresql_server: ScratchServer, database_address: str
) -> None:
    users, key = impatient(database_address), new_key()
    await users.change("ada", lambda _: added("ada", key))
    people = Authenticator(users)
    caller = await people.caller(key)
    assert caller is not None
    postgresql_server.kill()
    with pytest.raises(AccessDenied, match=r"The list of users cannot be read at the moment\. Try again") as away:
        await people.caller(key)
    assert away.value.status == 503
    assert await people.objection(caller) is None
    postgresql_server.start()
    assert await people.caller(key) == caller
    await people.close()


async def test_users_stand_in_the_database_of_the_servers(tmp_path: Path, database_address: str) -> None:
    where = {"A2E_DATABASE": database_address}
    made = run("users", "add", "ada", folder=tmp_path, **where)
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    async with (
        start_http_server(tmp_path, **where) as (_, one),
        start_http_server(tmp_path, **where) as (_, two),
    ):
        for address in (one, two):
            async with signed_in(address, key) as person:
                assert (await person.ask("list_spending")).data["starts"] == 0
            assert (await asked_with(address, None)).status_code == 401
        assert "is revoked" in run("users", "revoke", "ada", folder=tmp_path, **where).stdout
        until = time.monotonic() + 10
        while [(await asked_with(address, key)).status_code for address in (one, two)] != [401, 401]:
            assert time.monotonic() < until
            await asyncio.sleep(0.2)
    listed = run("users", "list", folder=tmp_path, **where)
    assert "ada  a2e:spend  revoked" in listed.stdout


async def test_a_long_keys_file_that_has_changed_keeps_no_one_waiting_who_asks_for_nothing_in_it(
    tmp_path: Path,
) -> None:
    key = new_key()
    rows = [
        f'[users.user{number}]\nscopes = ["a2e:spend"]\n[[users.user{number}.keys]]\n'
        f'hash = "sha256:{digest_of(f"{key}{number}")}"\n'
        for number in range(1000)
    ]
    path = tmp_path / "users.toml"
    path.write_text("".join(rows))
    path.chmod(0o600)
    users, turns = KeysFile(path), 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    asking = asyncio.create_task(others())
    # All of them wait for one reading.
    found = await asyncio.gather(*(users.find_key(digest_of(f"{key}{number}")) for number in range(50)))
    asking.cancel()
    assert [each and each[0].name for each in found] == [f"user{number}" for number in range(50)]
    assert turns > 10
