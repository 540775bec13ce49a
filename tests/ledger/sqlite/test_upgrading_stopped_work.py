"""A ledger of an earlier version keeps the meaning of work that was stopped or whose server died."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from a2e_mcp.ledger.details import Measured, PaidAddress
from a2e_mcp.ledger.entry import LedgerEntry, NewEntry
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.ledger.states import is_resumable, known_state
from a2e_mcp.ledger.store import Inserted, Ledger, Limits

OLD = Path(__file__).parent / "data" / "version-2-more.sqlite3"
"""Written by the program's own code of that time; see the README beside it."""
NOW = 1_795_800_000.0


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    path = Path(shutil.copy(OLD, tmp_path / "ledger.sqlite3"))
    async with open_ledger(path, account="token", sandbox=False, now=lambda: NOW + 20) as opened:
        yield opened


async def row(ledger: Ledger, title: str) -> LedgerEntry:
    (found,) = [entry for entry in await ledger.recent() if entry.title == title]
    return found


async def test_a_start_whose_server_died_while_it_paid_may_have_been_charged(ledger: Ledger) -> None:
    died = await row(ledger, "died while speaking")
    assert (died.phase, died.paying, died.sent) == ("intended", "speech", None)
    assert (died.cost, died.cost_is_sure) == (1, False)
    assert known_state(died, under_way=ledger.is_under_way(died)) == "unknown"
    assert not is_resumable(died)
    assert not died.answer_lost


async def test_an_avatar_of_a_picture_is_done_and_paid(ledger: Ledger) -> None:
    avatar = await row(ledger, "avatar of a picture")
    assert (avatar.family, avatar.job_ids, avatar.state) == ("picture_avatar", [avatar.own_job_id], "succeeded")
    assert (avatar.cost, avatar.cost_is_sure, avatar.paying) == (5, True, None)
    assert avatar.details.measured == {"picture_avatar": Measured(5, 1)}
    assert avatar.note == "The avatar is in list_avatars with owner=own, at once or after a while."


@pytest.mark.parametrize(("title", "cost"), [("stopped.mp4", 1), ("stopped", 0)])
async def test_a_stopped_transfer_stays_stopped_and_costs_what_was_measured(
    ledger: Ledger, title: str, cost: float
) -> None:
    stopped = await row(ledger, title)
    assert (stopped.phase, stopped.state, stopped.cost) == ("refused", "deleted", cost)
    assert not is_resumable(stopped)
    again = await ledger.insert_or_get_existing(NewEntry(stopped.family, title, stopped.fingerprint), limits=Limits())
    assert isinstance(again, Inserted)


async def test_what_a_stopped_transfer_had_reached_is_kept(ledger: Ledger) -> None:
    upload = (await row(ledger, "stopped.mp4")).details
    assert upload.addresses == {"sha-d": PaidAddress("https://put-d", "https://get-d", NOW + 900)}
    download = (await row(ledger, "stopped")).details
    assert (download.part, list(download.files)) == ('"etag-4"', [])
    assert await ledger.spent_since(0) == 1 + 5 + 1
