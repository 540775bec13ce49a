"""The file of a SQLite ledger: for its owner only, upgraded, and refused when it is damaged or of a newer version."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.accounts import account_of
from a2e_mcp.ledger.sqlite.ledger import SqliteLedger, open_ledger
from tests.support.ledger import intend


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite3"


async def test_an_id_that_another_start_has_is_passed_over_in_any_account(path: Path) -> None:
    ids = iter([f"ffffffff{number:016x}" for number in (1, 1, 1, 2, 2, 3)])

    def next_id(*, sandbox: bool) -> str:
        return next(ids)

    made = []
    for account in ("token a", "token b", "token a"):
        ledger = SqliteLedger(path, account=account_of(account), sandbox=True, new_id=next_id)
        await ledger.open()
        made.append((await intend(ledger)).id[-1])
        await ledger.close()
    assert made == ["1", "2", "3"]


async def test_the_token_is_not_in_the_file(path: Path) -> None:
    async with open_ledger(path, account="sk-very-secret-token", sandbox=False) as ledger:
        await intend(ledger)
    assert b"very-secret" not in await asyncio.to_thread(path.read_bytes)


async def test_the_thread_of_a_ledger_ends_with_it(path: Path) -> None:
    before = set(threading.enumerate())
    async with open_ledger(path, account="token", sandbox=False) as ledger:
        await ledger.recent()
        (mine,) = set(threading.enumerate()) - before
    mine.join(timeout=20)
    assert not mine.is_alive()


async def test_a_new_file_may_be_opened_by_many_at_once(path: Path) -> None:
    async def rows() -> int:
        async with open_ledger(path, account="a", sandbox=True) as ledger:
            return len(await ledger.recent())

    assert await asyncio.gather(*(rows() for _ in range(16))) == [0] * 16


async def test_a_new_file_that_another_server_is_writing_is_opened_when_that_has_ended(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.create_task(open_once(path))
        # SQLite does not wait by itself before it changes how a file is written.
        await asyncio.wait({opening}, timeout=0.3)
        other.execute("ROLLBACK")
        await opening


async def open_once(path: Path) -> None:
    """Open a ledger and close it."""
    async with open_ledger(path, account="a", sandbox=True):
        pass


async def test_the_folder_is_for_its_owner_only(path: Path) -> None:
    async with open_ledger(path, account="a", sandbox=True):
        pass
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_ledger_of_the_first_version_is_taken_over_with_its_rows(path: Path) -> None:
    path.parent.mkdir()
    async with open_ledger(path, account="a", sandbox=True) as ledger:
        entry = await intend(ledger)
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE starts DROP COLUMN beat")
        database.execute("DROP TABLE start_inputs")
        database.execute("PRAGMA user_version = 1")
    async with open_ledger(path, account="a", sandbox=True) as ledger:
        assert not ledger.is_under_way(await ledger.entry(entry.id))
        await ledger.heartbeat(entry.id)
        assert ledger.is_under_way(await ledger.entry(entry.id))


async def test_a_ledger_of_a_newer_version_is_left_alone(path: Path) -> None:
    async with open_ledger(path, account="a", sandbox=True):
        pass
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(SettingsError, match="newer a2e-mcp"):
        async with open_ledger(path, account="a", sandbox=True):
            pass


async def test_a_damaged_file_is_refused_with_what_to_do(path: Path) -> None:
    path.parent.mkdir()
    damaged = b"this is no database" * 100
    await asyncio.to_thread(path.write_bytes, damaged)
    with pytest.raises(SettingsError, match="A2E_DATA_DIR"):
        async with open_ledger(path, account="a", sandbox=True):
            pass
    assert await asyncio.to_thread(path.read_bytes) == damaged


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SettingsError, match="cannot be opened"):
        async with open_ledger(tmp_path / "data" / "ledger.sqlite3", account="a", sandbox=True):
            pass


async def test_a_write_that_fails_says_nothing_about_the_charge_and_leaves_the_ledger_usable(path: Path) -> None:
    async with open_ledger(path, account="a", sandbox=True) as ledger:
        entry = await intend(ledger)
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TRIGGER full BEFORE UPDATE ON starts BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            with pytest.raises(SettingsError) as raised:
                await ledger.update(entry.id, phase="sent")
            assert "charged" not in str(raised.value)
            assert "list_jobs" in str(raised.value)
            other.execute("DROP TRIGGER full")
        assert (await ledger.update(entry.id, phase="sent")).phase == "sent"


DIE_AFTER_INTENT = """
import asyncio, os, sys
from pathlib import Path
from a2e_mcp.ledger.entry import NewEntry
from a2e_mcp.ledger.sqlite.ledger import SqliteLedger, open_ledger
from a2e_mcp.ledger.store import Limits

async def main():
    async with open_ledger(Path(sys.argv[1]), account="a", sandbox=True) as ledger:
        await ledger.insert_or_get_existing(NewEntry("x", "", "print", expected=1), passed=None, limits=Limits())
        os.kill(os.getpid(), 9)

asyncio.run(main())
"""


async def test_an_intent_survives_the_death_of_its_process(path: Path) -> None:
    died = await asyncio.create_subprocess_exec(sys.executable, "-c", DIE_AFTER_INTENT, str(path))
    assert await died.wait() == -9
    async with open_ledger(path, account="a", sandbox=True) as ledger:
        (entry,) = await ledger.recent()
        assert entry.phase == "intended"


async def test_a_ledger_that_is_locked_does_not_stop_the_event_loop(path: Path) -> None:
    async with open_ledger(path, account="a", sandbox=True) as ledger:
        entry = await intend(ledger)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            change = asyncio.create_task(ledger.update(entry.id, phase="sent"))
            for _ in range(100):
                await asyncio.sleep(0)
            assert not change.done()
            other.execute("ROLLBACK")
        assert (await change).phase == "sent"
