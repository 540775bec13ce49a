"""What holds for a ledger in PostgreSQL alone: ceilings between processes, a database that is away, and its schema."""

from __future__ import annotations

import asyncio
import json
import sys

import psycopg
import pytest

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.entry import JobSeen, NewEntry, StoredStart
from a2e_mcp.ledger.postgresql import ledger as postgresql
from a2e_mcp.ledger.postgresql.schema import database_state, migrations, upgrade
from a2e_mcp.ledger.store import EntryFilter, Existing, Limits, OverLimit
from tests.support.ledger import intend
from tests.support.paths import CHECKOUT
from tests.support.postgresql import ScratchServer

MANY_STARTS = """
import asyncio, json, sys
from a2e_mcp.ledger.entry import NewEntry
from a2e_mcp.ledger.postgresql.ledger import open_ledger
from a2e_mcp.ledger.store import Inserted, Limits, OverLimit

async def start(ledger, number, name):
    new = NewEntry("image_to_video", "Waves", f"{name} {number}", expected=8, user="ann" if number % 2 else "ben")
    limits = Limits(per_day=400, least=8, user_per_day=160)
    try:
        entry = (await ledger.insert_or_get_existing(new, limits=limits)).entry
    except OverLimit as over:
        return "user" if over.of_user else "account"
    await ledger.transition(entry.id, "intended", phase="sent", sent=entry.created)
    await ledger.update(entry.id, phase="started", charged=8.0, state="running")
    return "made"

async def main(address, name):
    async with open_ledger(address, account="token", sandbox=True) as ledger:
        made = await asyncio.gather(*(start(ledger, number, name) for number in range(50)))
        print(json.dumps({each: made.count(each) for each in set(made)}))

asyncio.run(main(*sys.argv[1:]))
"""


async def many_starts(address: str, name: str) -> dict[str, int]:
    """Fifty starts at once of a process of its own, for two users in turn."""
    command = (sys.executable, "-c", MANY_STARTS, address, name)
    process = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE)
    written, _ = await process.communicate()
    made: dict[str, int] = json.loads(written)
    return made


async def test_two_processes_with_fifty_starts_each_pass_no_ceiling_of_a_user_or_an_account(
    database_address: str,
) -> None:
    both = await asyncio.gather(*(many_starts(database_address, name) for name in ("one", "two")))
    assert sum(made.get("made", 0) for made in both) == 40
    async with postgresql.open_ledger(database_address, account="token", sandbox=True) as ledger:
        assert [await ledger.spent_since(0, user=user) for user in ("ann", "ben", None)] == [160, 160, 320]
        with pytest.raises(OverLimit) as raised:
            await intend(ledger, limits=Limits(per_day=400, least=81))
        assert (raised.value.spent, raised.value.of_user) == (320, False)
        await intend(ledger, limits=Limits(per_day=400, least=80))
    assert (await database_state(database_address)).wrong_sums == 0


async def test_the_sums_of_hours_follow_what_starts_cost(database_address: str) -> None:
    now = 1_795_000_000.0
    async with postgresql.open_ledger(database_address, account="a", sandbox=True, now=lambda: now) as ledger:
        for hours in range(6):
            now = 1_795_000_000.0 + 3000 * hours
            entry = await intend(ledger, expected=10.5)
            await ledger.update(entry.id, phase="started", job_ids=[f"image_to_video:{hours:024}"], charged=0.1)
        await ledger.record_jobs([JobSeen(f"image_to_video:{2:024}", "failed", [], 0.2)])
        await ledger.record_refund(entry.id, entry.own_job_id, 0.1)
        # To the second, although whole hours are summed up.
        for since in (0.0, 1_795_000_000.0, 1_795_003_000.0, 1_795_003_000.1, 1_795_006_000.0, now + 1):
            made = sum(each.cost for each in await ledger.recent(EntryFilter(since=since)))
            assert await ledger.spent_since(since) == pytest.approx(made, abs=1e-9), since
    assert (await database_state(database_address))[:3] == (migrations()[-1].number, 6, 0)
    with psycopg.connect(database_address, autocommit=True) as connection:
        connection.execute("UPDATE spending SET credits = credits + 1")
    assert (await database_state(database_address)).wrong_sums == 5
    assert await upgrade(database_address) == []
    assert (await database_state(database_address)).wrong_sums == 0


async def test_a_database_that_is_away_is_one_sentence_and_work_continues_when_it_returns(
    postgresql_server: ScratchServer, database_address: str
) -> None:
    async with postgresql.open_ledger(database_address, account="a", sandbox=True) as ledger:
        entry = await intend(ledger)
        await asyncio.to_thread(postgresql_server.kill)
        with pytest.raises(SettingsError, match="The database of A2E_DATABASE cannot be reached") as raised:
            async with postgresql.open_ledger(database_address, account="a", sandbox=True):
                pass
        assert "postgresql://" not in str(raised.value)
        # What was paid for is written down as soon as that is possible.
        change = asyncio.create_task(ledger.update(entry.id, phase="started", charged=7.0))
        with pytest.raises(SettingsError, match="cannot be reached"):
            await ledger.recent()
        assert not change.done()
        await asyncio.to_thread(postgresql_server.start)
        assert (await change).charged == 7
        assert await ledger.spent_since(0) == 7


async def test_every_connection_may_be_cut_at_any_moment(database_address: str) -> None:
    async with postgresql.open_ledger(database_address, account="a", sandbox=True) as ledger:
        entry = await intend(ledger)
        entry = await ledger.update(entry.id, phase="started", charged=100.0)

        async def cut() -> None:
            async with await psycopg.AsyncConnection.connect(database_address, autocommit=True) as connection:
                for _ in range(10):
                    await connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                    await asyncio.sleep(0.02)

        cutting = asyncio.create_task(cut())
        refunds = 0
        while not cutting.done():
            await ledger.record_refund(entry.id, entry.own_job_id, 1.0)
            refunds += 1
        await cutting
        assert (await ledger.entry(entry.id)).charged == 100 - refunds


async def test_what_the_database_cannot_hold_is_replaced(database_address: str) -> None:
    async with postgresql.open_ledger(database_address, account="a", sandbox=True) as ledger:
        start = StoredStart("job", "x", "x", {"script": "a\0b"})
        new = NewEntry(family="x", title="a\0b \ud83d", fingerprint="\0" * 3000, consent="\0", start=start)
        entry = (await ledger.insert_or_get_existing(new, limits=Limits())).entry
        await ledger.merge_details(entry.id, request={"text": "\0 \\u0000 \\\0"})
        kept = await ledger.update(entry.id, raw="\0\ud83d")
        assert await ledger.insert_or_get_existing(new, limits=Limits()) == Existing(await ledger.entry(entry.id))
        assert (await ledger.entry(kept.id)).title == "a\ufffdb ?"
        assert (await ledger.entry(kept.id)).details.request == {"text": "\ufffd \\u0000 \\\ufffd"}
        assert await ledger.stored_start(entry.id) == start
        assert await ledger.newest("\0\0") is not None


async def test_a_database_is_upgraded_once_and_then_used(postgresql_server: ScratchServer) -> None:
    address = postgresql_server.empty_database()
    with pytest.raises(SettingsError, match=r"has no tables of a2e-mcp yet\. Run a2e-mcp database upgrade"):
        async with postgresql.open_ledger(address, account="a", sandbox=True):
            pass
    taken = await asyncio.gather(*(upgrade(address) for _ in range(3)))
    assert sorted(map(len, taken)) == [0, 0, len(migrations())]
    async with postgresql.open_ledger(address, account="a", sandbox=True) as ledger:
        await intend(ledger)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (1, None),
        (2, "Update a2e-mcp here too"),
        (-1, "Run a2e-mcp database upgrade"),
    ],
)
async def test_a_schema_of_another_version_is_refused_unless_it_is_the_next(
    postgresql_server: ScratchServer, change: int, sentence: str | None
) -> None:
    database_address = await asyncio.to_thread(postgresql_server.database)
    with psycopg.connect(database_address, autocommit=True) as connection:
        connection.execute("DELETE FROM a2e_schema")
        connection.execute("INSERT INTO a2e_schema VALUES (%s, 'another')", (migrations()[-1].number + change,))
    opening = postgresql.open_ledger(database_address, account="a", sandbox=True)
    if sentence is None:
        async with opening as ledger:
            await intend(ledger)
        return
    with pytest.raises(SettingsError, match=sentence):
        async with opening:
            pass


async def test_a_refusal_of_the_database_names_no_password(database_address: str) -> None:
    wrong = database_address.replace("postgres@", "postgres:geheim@").replace("test_", "no_test_")
    with pytest.raises(SettingsError) as raised:
        async with postgresql.open_ledger(wrong, account="a", sandbox=True):
            pass
    assert "does not exist" in str(raised.value)
    assert "geheim" not in str(raised.value)
