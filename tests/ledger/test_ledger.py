"""The ledger: what was started, for whom, and that nobody else's rows get in between."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.errors import MoneyRefused, SettingsError
from a2e_mcp.ledger.store import BEAT_SECONDS, Entry, Ledger
from tests.support.faulty_transport import Clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite3"


def intended(ledger: Ledger, fingerprint: str = "print", **changes: Any) -> Entry:
    """A new entry."""
    given = {"family": "image_to_video", "title": "Waves", "consent": None, "expected": 100.0, "units": 5.0}
    entry, new = ledger.insert_or_get_recent(**{**given, "fingerprint": fingerprint, "window": None, **changes})
    assert new
    return entry


# ------------------------------------------------------------------ whose rows


def test_accounts_and_modes_never_see_each_others_rows(path: Path) -> None:
    with (
        Ledger(path, account="token a", sandbox=False) as a_live,
        Ledger(path, account="token a", sandbox=True) as a_sandbox,
        Ledger(path, account="token b", sandbox=False) as b_live,
    ):
        ledgers = (a_live, a_sandbox, b_live)
        entries = [intended(ledger) for ledger in ledgers]
        handle = "image_to_video:67d29023dd27a536fdf6e809"
        for ledger, entry in zip(ledgers, entries, strict=True):
            ledger.update(entry.id, phase="started", handles=[handle], charged=10.0)
        for ledger, entry in zip(ledgers, entries, strict=True):
            assert [each.id for each in ledger.recent()] == [entry.id]
            assert ledger.spent_since(0) == 10
            found = ledger.by_job_id(handle)
            assert found is not None
            assert found.id == entry.id
            twin, new = ledger.insert_or_get_recent(
                family="x", title="", fingerprint="print", consent=None, expected=None, units=None, window=600
            )
            assert (twin.id, new) == (entry.id, False)
            for other in set(ledgers) - {ledger}:
                with pytest.raises(KeyError):
                    other.entry(entry.id)
                with pytest.raises(KeyError):
                    other.update(entry.id, charged=0.0)
                assert other.by_job_id(entry.own_job_id) is None
                assert other.lost("image_to_video", since=0) == []
                assert other.alone_since("nobody", 0.0) is False


def test_another_accounts_start_does_not_keep_one_from_being_alone(path: Path) -> None:
    with Ledger(path, account="a", sandbox=False) as mine, Ledger(path, account="b", sandbox=False) as other:
        intended(other)
        assert mine.alone_since("nobody", 0.0)


def test_own_ids_tell_their_mode(path: Path) -> None:
    with Ledger(path, account="a", sandbox=False) as live, Ledger(path, account="a", sandbox=True) as sandbox:
        assert intended(live).id.startswith("ffffffff")
        assert intended(sandbox).id.startswith("00000000ffffffff")
        assert len(intended(live).id) == len(intended(sandbox).id) == 24


def test_the_token_is_not_in_the_file(path: Path) -> None:
    with Ledger(path, account="sk-very-secret-token", sandbox=False) as ledger:
        intended(ledger)
    assert b"very-secret" not in path.read_bytes()


# ------------------------------------------------------------------ one after another


def test_the_same_start_is_found_within_the_window_and_not_after_it(path: Path) -> None:
    clock = Clock()
    with Ledger(path, account="a", sandbox=True, now=clock.now) as ledger:
        first = intended(ledger)

        def again() -> tuple[str, bool]:
            entry, new = ledger.insert_or_get_recent(
                family="x", title="", fingerprint="print", consent=None, expected=None, units=None, window=600
            )
            return entry.id, new

        clock.ahead = 599
        assert again() == (first.id, False)
        clock.ahead = 601
        assert again() != (first.id, False)
        assert not again()[1]


@pytest.mark.parametrize("changes", [{"phase": "refused"}, {"phase": "started", "state": "deleted"}])
def test_what_was_refused_or_deleted_is_no_reason_to_hold_back_the_same_start(
    path: Path, changes: dict[str, Any]
) -> None:
    with Ledger(path, account="a", sandbox=True) as ledger:
        ledger.update(intended(ledger).id, **changes)
        intended(ledger, window=600.0)


def test_of_many_threads_with_the_same_start_exactly_one_wins(path: Path) -> None:
    Ledger(path, account="a", sandbox=True).close()

    def wins(number: int) -> bool:
        with Ledger(path, account="a", sandbox=True) as ledger:
            _, new = ledger.insert_or_get_recent(
                family="x", title="", fingerprint="print", consent=None, expected=1, units=1, window=600
            )
            return new

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(wins, range(16))) == 1


def test_a_new_file_may_be_opened_by_many_at_once(path: Path) -> None:
    def rows(_: int) -> int:
        with Ledger(path, account="a", sandbox=True) as ledger:
            return len(ledger.recent())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(rows, range(16))) == [0] * 16


def test_who_may_not_start_leaves_no_row(path: Path) -> None:
    def never() -> None:
        raise MoneyRefused("No")

    with Ledger(path, account="a", sandbox=True) as ledger:
        with pytest.raises(MoneyRefused):
            intended(ledger, permit=never)
        assert ledger.recent() == []
        intended(ledger)


def test_an_entry_is_moved_on_only_from_where_it_is_thought_to_be(path: Path) -> None:
    with Ledger(path, account="a", sandbox=True) as ledger:
        entry = intended(ledger)
        sent = ledger.move(entry.id, "intended", phase="sent")
        assert sent is not None
        assert sent.phase == "sent"
        assert ledger.move(entry.id, "intended", phase="refused") is None
        assert ledger.entry(entry.id).phase == "sent"


def test_what_is_remembered_is_added_and_not_put_in_place_of_the_rest(path: Path) -> None:
    with Ledger(path, account="a", sandbox=True) as ledger, Ledger(path, account="a", sandbox=True) as other:
        entry = intended(ledger, steps={"count": 3})
        ledger.remember(entry.id, speech={"one": "https://1"}, paying="speech")
        other.remember(entry.id, speech={"two": "https://2"}, paying=None)
        assert ledger.entry(entry.id).steps == {
            "count": 3,
            "speech": {"one": "https://1", "two": "https://2"},
            "paying": None,
        }


def test_a_handle_that_two_starts_share_belongs_to_the_newer_one(path: Path) -> None:
    handle = "lip_sync_training:67d29023dd27a536fdf6e809"
    with Ledger(path, account="a", sandbox=False) as ledger:
        for _ in range(2):
            entry = intended(ledger)
            ledger.update(entry.id, phase="started", handles=[handle])
        found = ledger.by_job_id(handle)
        assert found is not None
        assert found.id == entry.id


@pytest.mark.parametrize("text", ["", "%", "_", '"', "image_to_video:%", "image_to_video:" + "_" * 24, "\x00"])
def test_no_pattern_finds_somebodys_handle(path: Path, text: str) -> None:
    with Ledger(path, account="a", sandbox=False) as ledger:
        entry = intended(ledger)
        ledger.update(entry.id, phase="started", handles=["image_to_video:67d29023dd27a536fdf6e809"])
        assert ledger.by_job_id(text) is None


# ------------------------------------------------------------------ under way


def test_a_start_is_under_way_while_somebody_says_so(path: Path) -> None:
    clock = Clock()
    with Ledger(path, account="a", sandbox=True, now=clock.now) as ledger:
        entry = intended(ledger)
        clock.ahead = 2.9 * BEAT_SECONDS
        assert ledger.under_way(entry)
        ledger.beat(entry.id)
        clock.ahead = 5.8 * BEAT_SECONDS
        assert ledger.under_way(ledger.entry(entry.id))
        assert not ledger.under_way(entry)
        ledger.release(entry.id)
        assert not ledger.under_way(ledger.entry(entry.id))


@pytest.mark.parametrize("phase", ["started", "refused", "unknown"])
def test_what_has_ended_is_not_under_way(path: Path, phase: str) -> None:
    with Ledger(path, account="a", sandbox=True) as ledger:
        assert not ledger.under_way(ledger.update(intended(ledger).id, phase=phase))


def test_a_start_is_alone_when_no_other_was_under_way_since(path: Path) -> None:
    clock = Clock()
    with Ledger(path, account="a", sandbox=True, now=clock.now) as ledger:
        earlier = intended(ledger)
        clock.ahead += 1
        mine = intended(ledger)
        since = clock.now()
        assert not ledger.alone_since(mine.id, since)
        ledger.update(earlier.id, phase="started")
        assert ledger.alone_since(mine.id, since)
        clock.ahead += 1
        later = intended(ledger)
        ledger.update(later.id, phase="started")
        assert not ledger.alone_since(mine.id, since)


# ------------------------------------------------------------------ what it cost


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({"phase": "intended", "beat": 0.0}, 0),
        ({"phase": "sent"}, 100),
        ({"phase": "unknown"}, 100),
        ({"phase": "started"}, 100),
        ({"phase": "started", "charged": 7.0}, 7),
        ({"phase": "refused"}, 0),
        ({"phase": "refused", "charged": 3.0}, 3),
        ({"phase": "intended", "beat": 0.0, "steps": {"paying": "speech"}}, 100),
        ({"phase": "intended", "beat": 0.0, "steps": {"measured": {"speech": {"credits": 2.0, "units": 9.0}}}}, 2),
    ],
)
def test_a_start_costs_what_is_known_and_else_what_was_expected(
    path: Path, changes: dict[str, Any], cost: float
) -> None:
    with Ledger(path, account="a", sandbox=True) as ledger:
        entry = ledger.update(intended(ledger).id, **changes)
        assert entry.cost == cost
        assert ledger.spent_since(0) == cost


def test_a_start_on_its_way_counts_as_expected(path: Path) -> None:
    with Ledger(path, account="a", sandbox=True) as ledger:
        assert intended(ledger).cost == 0
        assert ledger.spent_since(0) == 100


# ------------------------------------------------------------------ the file


def test_the_folder_is_for_its_owner_only(path: Path) -> None:
    Ledger(path, account="a", sandbox=True).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_ledger_of_the_first_version_is_taken_over_with_its_rows(path: Path) -> None:
    path.parent.mkdir()
    with Ledger(path, account="a", sandbox=True) as ledger:
        entry = intended(ledger)
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE starts DROP COLUMN beat")
        database.execute("PRAGMA user_version = 1")
    with Ledger(path, account="a", sandbox=True) as ledger:
        assert not ledger.under_way(ledger.entry(entry.id))
        ledger.beat(entry.id)
        assert ledger.under_way(ledger.entry(entry.id))


def test_a_ledger_of_a_newer_version_is_left_alone(path: Path) -> None:
    Ledger(path, account="a", sandbox=True).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(SettingsError, match="newer a2e-mcp"):
        Ledger(path, account="a", sandbox=True)


def test_a_damaged_file_is_told_with_what_to_do(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(SettingsError, match="A2E_DATA_DIR"):
        Ledger(path, account="a", sandbox=True)
    assert path.read_bytes().startswith(b"this is no database")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SettingsError, match="cannot be opened"):
        Ledger(tmp_path / "data" / "ledger.sqlite3", account="a", sandbox=True)


def test_a_write_that_fails_says_nothing_about_the_charge_and_leaves_the_ledger_usable(path: Path) -> None:
    with Ledger(path, account="a", sandbox=True) as ledger:
        entry = intended(ledger)
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TRIGGER full BEFORE UPDATE ON starts BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            with pytest.raises(SettingsError) as raised:
                ledger.update(entry.id, phase="sent")
            assert "charged" not in str(raised.value)
            assert "list_jobs" in str(raised.value)
            other.execute("DROP TRIGGER full")
        assert ledger.update(entry.id, phase="sent").phase == "sent"


DIE_AFTER_INTENT = """
import os, sys
from pathlib import Path
from a2e_mcp.ledger.store import Ledger
ledger = Ledger(Path(sys.argv[1]), account="a", sandbox=True)
ledger.insert_or_get_recent(family="x", title="", fingerprint="print", consent=None, expected=1, units=1, window=None)
os.kill(os.getpid(), 9)
"""


def test_an_intent_survives_the_death_of_its_process(path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", DIE_AFTER_INTENT, str(path)], check=False, timeout=30)
    assert died.returncode == -9
    with Ledger(path, account="a", sandbox=True) as ledger:
        (entry,) = ledger.recent()
        assert entry.phase == "intended"
