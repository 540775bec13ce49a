"""How many requests a user may make in a minute: counted by one server alone, or by several together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.postgresql.ledger import open_ledger
from a2e_mcp.users.rate_limit import SharedRateLimit
from tests.support.own_accounts import open_accounts, open_company
from tests.support.postgresql import ScratchServer


class Bucket:
    """What the database keeps, for tests of what a server does with it."""

    def __init__(self, free: int, seconds: float = 7.0) -> None:
        self.free = free
        self.seconds = seconds
        self.asked = 0
        self.is_away = False
        self.at = 0.0

    async def take(self, _: str, wanted: int) -> tuple[int, float]:
        """Take calls."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise SettingsError("away")
        taken = min(self.free, wanted)
        self.free -= taken
        return taken, 0.0 if taken else self.seconds

    def now(self) -> float:
        """The server's clock."""
        return self.at


async def made(limit: SharedRateLimit, count: int, user: str = "ada") -> int:
    """How many of so many calls may be made."""
    waits = await asyncio.gather(*(limit.seconds_to_wait(user) for _ in range(count)))
    return sum(not each for each in waits)


async def test_calls_are_taken_in_blocks_and_a_refusal_is_remembered() -> None:
    bucket = Bucket(free=25)
    limit = SharedRateLimit(100, bucket.take, clock=bucket.now)
    assert await made(limit, 25) == 25
    assert (bucket.free, bucket.asked) == (0, 3)
    assert await limit.seconds_to_wait("ada") == 7
    bucket.at = 4.0
    assert [await limit.seconds_to_wait("ada") for _ in range(20)] == [3.0] * 20
    assert bucket.asked == 4
    bucket.at, bucket.free = 7.0, 1
    assert [await limit.seconds_to_wait("ada") for _ in range(2)] == [0.0, 7.0]


async def test_what_was_taken_and_not_used_is_free_again_for_all() -> None:
    bucket = Bucket(free=10)
    limit = SharedRateLimit(100, bucket.take, clock=bucket.now)
    assert await made(limit, 1) == 1
    bucket.at = 59.0
    assert await made(limit, 1) == 1
    bucket.at = 60.0
    assert await limit.seconds_to_wait("ada") == 7


async def test_without_the_database_a_server_counts_by_itself_and_asks_again_later() -> None:
    bucket = Bucket(free=1000)
    limit = SharedRateLimit(10, bucket.take, clock=bucket.now)
    bucket.is_away = True
    assert await made(limit, 15) == 10
    assert bucket.asked == 1
    assert await made(limit, 15, "bob") == 10
    bucket.is_away, bucket.at = False, 5.0
    assert await made(limit, 15) == 15


async def test_the_calls_of_a_user_are_no_more_however_many_servers_take_them(database_address: str) -> None:
    async with (
        open_ledger(database_address, account="a", sandbox=True) as one,
        open_ledger(database_address, account="b", sandbox=False) as two,
    ):
        taken = await asyncio.gather(*((one, two)[n % 2].take_calls("ada", 7, per_minute=100) for n in range(40)))
        # Less than one becomes free meanwhile.
        assert sum(count for count, _ in taken) == 100
        assert {count for count, _ in taken} == {7, 2, 0}
        assert all(0 < seconds <= 0.6 for count, seconds in taken if not count)
        assert await two.take_calls("bob", 3, per_minute=0.5) == (0, 60.0)
        assert await two.take_calls("eve", 3, per_minute=1) == (1, 0.0)


async def test_two_servers_refuse_a_user_together(tmp_path: Path, database_address: str) -> None:
    async with (
        open_accounts(tmp_path) as accounts,
        open_company(tmp_path, accounts, ["ada"], database=database_address, user_calls=6.0) as one,
        open_company(tmp_path, accounts, ["bob"], database=database_address, user_calls=6.0) as two,
    ):
        two.keys["ada"] = one.keys["ada"]
        answers = [await (one, two)[number % 2].ask_as("ada") for number in range(10)]
        assert [answer.status_code for answer in answers] == [200] * 6 + [429] * 4
        assert "Too many requests in a minute. Nothing was charged. Try again in" in answers[-1].text
        assert 0 < int(answers[-1].headers["retry-after"]) <= 10
        assert (await two.ask_as("bob")).status_code == 200


async def test_requests_are_counted_alone_while_the_ledger_is_away(
    tmp_path: Path, database_address: str, postgresql_server: ScratchServer
) -> None:
    async with (
        open_accounts(tmp_path) as accounts,
        open_company(tmp_path, accounts, ["ada"], database=database_address, in_file=True, user_calls=3.0) as company,
    ):
        postgresql_server.kill()
        answers = [await company.ask_as("ada") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
        postgresql_server.start()


@pytest.mark.parametrize("per_minute", [1, 3, 300])
async def test_every_call_of_a_minute_may_be_made(per_minute: int) -> None:
    bucket = Bucket(free=per_minute)
    assert await made(SharedRateLimit(per_minute, bucket.take, clock=bucket.now), per_minute + 5) == per_minute
    assert bucket.asked <= 12
