"""Ledgers of earlier versions: each row keeps its meaning, also while an older server works on the same file."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.details import Details, DownloadedFile, Measured, PaidAddress, RecordBefore, RoomDetails
from a2e_mcp.ledger.entry import LedgerEntry, NewEntry, StoredStart
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.ledger.states import is_resumable
from a2e_mcp.ledger.store import Existing, Inserted, Limits

OLD = Path(__file__).parent / "data" / "version-2.sqlite3"
"""A row of every kind, written by the program's own code of that time; see the README beside it."""
NOW = 1_795_800_000.0
CLIP = "image_to_video:67d29023dd27a536fdf6e0"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A copy of the old ledger."""
    return Path(shutil.copy(OLD, tmp_path / "ledger.sqlite3"))


@pytest.fixture
async def rows(path: Path) -> Mapping[str, LedgerEntry]:
    """What the old ledger holds, by title."""
    async with open_ledger(path, account="token", sandbox=False, now=lambda: NOW + 20) as ledger:
        return {entry.title: entry for entry in await ledger.recent()}


def test_what_never_left_costs_nothing_but_what_was_made_on_the_way(rows: Mapping[str, LedgerEntry]) -> None:
    assert (rows["interrupted"].phase, rows["interrupted"].cost) == ("refused", 0)
    refused = rows["refused after speech"]
    assert (refused.phase, refused.charged, refused.cost_is_sure, refused.paying) == ("refused", 1, True, None)
    assert refused.details == Details(
        priced={"speech": 1, "avatar_video": 12},
        measured={"speech": Measured(1, 9)},
        speech={"key-a": "https://r2.a2e.ai/speech-a.mp3"},
    )
    unmeasured = rows["unmeasured speech"]
    assert (unmeasured.cost, unmeasured.cost_is_sure) == (2, False)


def test_a_lost_answer_counts_as_charged_and_can_still_be_found(rows: Mapping[str, LedgerEntry]) -> None:
    speech = rows["speech unanswered"]
    assert (speech.phase, speech.paying, speech.raw, speech.cost) == ("unknown", "speech", "<html>", 3)
    assert not speech.answer_lost
    clips = rows["answer lost"]
    assert (clips.answer_lost, clips.details.count, clips.cost, clips.cost_is_sure) == (True, 2, 200, False)
    training = rows["still sent"]
    assert (training.phase, training.answer_lost, training.consent) == ("sent", True, "Ann agreed by mail.")
    assert training.details.record_id == "67d29023dd27a536fdf6e001"
    assert training.details.before == RecordBefore("success", left=True)


def test_jobs_keep_their_ids_charges_and_results(rows: Mapping[str, LedgerEntry]) -> None:
    two = rows["two clips, one refunded"]
    assert two.job_ids == [f"{CLIP}10", f"{CLIP}11"]
    assert two.details.charges == {f"{CLIP}10": 0, f"{CLIP}11": 100}
    assert (two.charged, two.cost_of_job(f"{CLIP}11"), two.state) == (100, 100, "failed")
    video = rows["video by the older way"]
    assert (video.family, video.details.first_family) == ("talking_photo", "avatar_video")
    assert video.results == ["https://r2.a2e.ai/video.mp4"]
    assert video.details.addresses == {"sha-a": PaidAddress("https://put", "https://get", NOW + 900)}
    assert video.details.uploads == {"sha-a": "https://get"}
    assert list(video.details.speech) == ["key-c"]
    deleted = rows["deleted"]
    assert (deleted.state, deleted.details.refund_unknown) == ("deleted", True)
    spoken = rows["spoken"]
    assert (spoken.job_ids, spoken.cost) == ([spoken.own_job_id], 2)


def test_files_on_their_way_are_resumed(rows: Mapping[str, LedgerEntry]) -> None:
    upload = rows["waves.mp4"]
    assert is_resumable(upload)
    assert upload.details.path == "/user/ann/Videos/waves.mp4"
    assert upload.details.addresses == {"sha-b": PaidAddress("https://put-b", "https://get-b", NOW + 3600)}
    assert rows["used up.mp4"].details.addresses == {"sha-c": None}
    download = rows["waves"]
    assert is_resumable(download)
    assert download.details == Details(
        priced={},
        source=f"{CLIP}40",
        urls=["https://r2.a2e.ai/1.mp4", "https://r2.a2e.ai/2.mp4"],
        files=[DownloadedFile("/user/ann/Videos/A2E/waves.mp4", 1234, "ab" * 32)],
        modified=[1_795_800_000_123_456_789],
        part='"etag-2"',
    )
    saved = rows["saved"]
    assert (saved.state, saved.charged, saved.details.quiet, saved.details.part) == ("succeeded", 0, True, None)


def test_what_was_bought_is_kept(rows: Mapping[str, LedgerEntry]) -> None:
    room = rows["live room with Ada"]
    assert room.details.room == RoomDetails("room-1", "Ada", NOW + 120)
    assert (room.state, room.paying, room.cost, room.cost_is_sure) == ("running", None, 12, False)
    assert (rows["3 diamonds"].cost, rows["3 diamonds"].note) == (
        300,
        "Bought 3 diamonds; diamonds cannot be changed back.",
    )


async def test_sums_look_ups_and_modes_are_as_they_were(path: Path) -> None:
    async with (
        open_ledger(path, account="token", sandbox=False, now=lambda: NOW + 20) as ledger,
        open_ledger(path, account="token", sandbox=True) as sandbox,
    ):
        assert len(await ledger.recent()) == 17
        assert [entry.title for entry in await sandbox.recent()] == ["of the sandbox"]
        assert await ledger.spent_since(0) == 1 + 2 + 3 + 200 + 50 + 100 + 14 + 100 + 2 + 12 + 300 + 100
        found = await ledger.by_job_id(f"{CLIP}11")
        assert found is not None
        assert found.title == "two clips, one refunded"
        (under_way,) = [entry for entry in await ledger.recent() if ledger.is_under_way(entry)]
        assert under_way.title == "under way"
        same = await ledger.insert_or_get_existing(NewEntry("x", "", "f5"), limits=Limits())
        assert isinstance(same, Existing)
        assert same.entry.title == "answer lost"
        assert [entry.title for entry in await ledger.lost("lip_sync_training", since=0)] == ["still sent"]


async def test_a_row_that_is_changed_keeps_everything_else_and_what_is_not_known(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "UPDATE starts SET steps = json_set(steps, '$.colour', json('{\"of\": [1, 2]}')) WHERE title = 'spoken'"
        )
        database.commit()
        before = dict(database.execute("SELECT title, steps FROM starts").fetchall())
    async with open_ledger(path, account="token", sandbox=False) as ledger:
        for entry in await ledger.recent():
            await ledger.update(entry.id, note="changed")
            await ledger.merge_details(entry.id, uploads={"new": "https://new"})
    with closing(sqlite3.connect(path)) as database:
        after = dict(database.execute("SELECT title, steps FROM starts WHERE mode = 'live'").fetchall())
    assert json.loads(after["spoken"])["colour"] == {"of": [1, 2]}
    for title, steps in after.items():
        kept = json.loads(steps)
        assert kept.pop("uploads").pop("new") == "https://new"
        for key, value in json.loads(before[title]).items():
            if key != "uploads" and value not in (None, False, {}) and (key, value) != ("count", 1):
                assert kept[key] == value, (title, key)


async def test_a_copy_of_the_old_ledger_is_made_once_for_its_owner_only(path: Path) -> None:
    for _ in range(2):
        async with open_ledger(path, account="token", sandbox=False):
            pass
    copy = path.with_name("ledger-version-2.backup")
    assert sorted(each.name for each in path.parent.glob("*.backup")) == [copy.name]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(OLD)) as first:
        assert list(old.iterdump()) == list(first.iterdump())
        assert old.execute("PRAGMA user_version").fetchone() == (2,)


async def test_an_earlier_copy_is_never_written_over(path: Path) -> None:
    copy = path.with_name("ledger-version-2.backup")
    await asyncio.to_thread(copy.write_bytes, b"of last year")
    async with open_ledger(path, account="token", sandbox=False):
        pass
    assert await asyncio.to_thread(copy.read_bytes) == b"of last year"
    assert path.with_name("ledger-version-2-2.backup").exists()


async def test_a_new_ledger_needs_no_copy(tmp_path: Path) -> None:
    async with open_ledger(tmp_path / "ledger.sqlite3", account="a", sandbox=True):
        pass
    assert not await asyncio.to_thread(lambda: list(tmp_path.glob("*.backup")))


async def test_a_ledger_that_cannot_be_copied_is_not_brought_up_to_date(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")
    # No version 1 ever had this column already: the change fails after the copy was made.
    with pytest.raises(SettingsError):
        async with open_ledger(path, account="token", sandbox=False):
            pass
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'start_inputs'").fetchall()


# ------------------------------------------------------------------ beside an older server


class OldServer:
    """The statements that a server of version 2 executed on its ledger, which it opened before the newer one came."""

    COLUMNS = """
        id account mode family title fingerprint phase created sent consent expected charged units handles steps results
        state note raw beat
    """

    def __init__(self, path: Path, account: str) -> None:
        self._key = (account, "live")
        self._database = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        self._database.row_factory = sqlite3.Row

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def read(self, row: sqlite3.Row) -> dict[str, Any]:
        """It made an object of all columns, so one more of them was an error."""
        assert list(row.keys()) == self.COLUMNS.split()
        return {**dict(row), **{name: json.loads(row[name]) for name in ("handles", "steps", "results")}}

    def entry(self, entry_id: str) -> dict[str, Any]:
        row = self._database.execute(
            "SELECT * FROM starts WHERE id = ? AND account = ? AND mode = ?", (entry_id, *self._key)
        ).fetchone()
        return self.read(row)

    def same(self, fingerprint: str, since: float) -> dict[str, Any] | None:
        row = self._database.execute(
            "SELECT * FROM starts WHERE account = ? AND mode = ? AND fingerprint = ? AND created >= ?"
            " AND phase != 'refused' AND state IS NOT 'deleted' ORDER BY created DESC, rowid DESC LIMIT 1",
            (*self._key, fingerprint, since),
        ).fetchone()
        return row and self.read(row)

    def intend(self, entry_id: str, fingerprint: str, now: float) -> dict[str, Any]:
        with self.transaction():
            same = self.same(fingerprint, now - 600)
            if same is not None:
                return same
            self._database.execute(
                "INSERT INTO starts (id, account, mode, family, title, fingerprint, phase, created, consent, expected,"
                " units, steps, beat) VALUES (?, ?, ?, 'image_to_video', 'old', ?, 'intended', ?, NULL, 100, 5,"
                " '{\"count\": 1}', ?)",
                (entry_id, *self._key, fingerprint, now, now),
            )
            return self.entry(entry_id)

    def write(self, entry: Mapping[str, Any]) -> None:
        values = {**entry, **{name: json.dumps(entry[name]) for name in ("handles", "steps", "results")}}
        self._database.execute(
            "UPDATE starts SET family = :family, title = :title, phase = :phase, sent = :sent, expected = :expected,"
            " charged = :charged, handles = :handles, steps = :steps, results = :results, state = :state, note = :note,"
            " raw = :raw, beat = :beat WHERE id = :id",
            values,
        )

    def update(self, entry_id: str, **changes: Any) -> None:
        with self.transaction():
            self.write({**self.entry(entry_id), **changes})

    def remember(self, entry_id: str, **parts: Any) -> None:
        with self.transaction():
            entry = self.entry(entry_id)
            steps = entry["steps"]
            for name, part in parts.items():
                steps[name] = {**steps.get(name, {}), **part} if isinstance(part, dict) else part
            self.write(entry)


async def test_an_older_server_on_the_same_file_neither_loses_rows_nor_charges_twice(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        ((account,),) = database.execute("SELECT DISTINCT account FROM starts").fetchall()
    with closing(OldServer(path, account)) as old:
        mine = "ffffffff0000000000000001"
        old.intend(mine, "of the old one", NOW)
        async with open_ledger(path, account="token", sandbox=False, now=lambda: NOW + 1) as ledger:
            # What the old one has begun is found, and not started again.
            same = await ledger.insert_or_get_existing(NewEntry("x", "", "of the old one"), limits=Limits())
            assert isinstance(same, Existing)
            assert ledger.is_under_way(same.entry)
            start = StoredStart("job", "image_to_video", "start_image_to_video", {"prompt": "waves"})
            new = await ledger.insert_or_get_existing(
                NewEntry("image_to_video", "new", "of the new one", start=start), limits=Limits()
            )
            assert isinstance(new, Inserted)
            assert old.intend("ffffffff0000000000000002", "of the new one", NOW + 2)["id"] == new.entry.id
            # Both write to both rows, in turn.
            await ledger.merge_details(mine, speech={"a": "https://a"})
            old.remember(mine, paying="speech", speech={"b": "https://b"})
            old.remember(new.entry.id, charges={f"{CLIP}99": 100.0})
            await ledger.merge_details(mine, paying=None, measured={"speech": Measured(1.0, 2.0)})
            old.update(mine, phase="sent", sent=NOW + 3)
            old.update(mine, phase="started", handles=[f"{CLIP}98"], state="running")
            await ledger.update(new.entry.id, phase="started", job_ids=[f"{CLIP}99"])
            entry = await ledger.by_job_id(f"{CLIP}98")
            assert entry is not None
            assert (entry.id, entry.phase, entry.sent) == (mine, "started", NOW + 3)
            assert entry.details == Details(
                measured={"speech": Measured(1.0, 2.0)}, speech={"a": "https://a", "b": "https://b"}
            )
            assert old.entry(new.entry.id)["handles"] == [f"{CLIP}99"]
            assert (await ledger.entry(new.entry.id)).details.charges == {f"{CLIP}99": 100.0}
            assert await ledger.stored_start(new.entry.id) == start
            assert len(await ledger.recent()) == 19


async def test_what_an_older_server_has_begun_since_the_last_look_is_in_the_next_one(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        ((account,),) = database.execute("SELECT DISTINCT account FROM starts").fetchall()
    with closing(OldServer(path, account)) as old:
        async with open_ledger(path, account="token", sandbox=False, now=lambda: NOW + 1) as ledger:
            family, since = "image_to_video", NOW - 86_400
            before, known = await ledger.spent_and_recent(since, family, since)
            mine = "ffffffff0000000000000001"
            old.intend(mine, "of the old one", NOW)
            spent, recent = await ledger.spent_and_recent(since, family, since)
            assert spent == before + 100
            assert {entry.id for entry in recent} - {entry.id for entry in known} == {mine}
            assert await ledger.spent_and_recent(since, "a family without entries", since) == (spent, [])


async def test_a_server_of_the_version_before_users_works_on_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    async with open_ledger(path, account="token", sandbox=True) as ledger:
        new = NewEntry(family="x", title="", fingerprint="print", user="ann")
        entry = (await ledger.insert_or_get_existing(new, limits=Limits())).entry
        with closing(sqlite3.connect(path)) as before:
            assert before.execute("PRAGMA user_version").fetchone() == (4,)
            assert "user_id" not in {column[1] for column in before.execute("PRAGMA table_info(starts)")}
            before.execute("UPDATE starts SET title = 'Waves' WHERE id = ?", (entry.id,))
            before.commit()
        known = await ledger.entry(entry.id)
        assert (known.title, known.user) == ("Waves", "ann")
