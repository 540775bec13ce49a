"""A ledger that cannot be written for a moment: what was sent meanwhile is never taken for refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2

from tests.money.desk import CLIP, Forward, desk_in


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The ledger's file, as another program holds it."""
    with closing(sqlite3.connect(folder / "data" / "ledger.sqlite3", isolation_level=None)) as opened:
        yield opened


async def test_a_job_whose_id_could_not_be_written_down_is_found_and_not_started_again(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        arguments = await desk.clip()

        async def nothing_more_is_written(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            with database(tmp_path) as ledger:
                ledger.execute(
                    "CREATE TRIGGER full BEFORE UPDATE OF handles ON starts WHEN NEW.handles != OLD.handles"
                    " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
                )
            return await forward(request)

        desk.line.on(CLIP, nothing_more_is_written)
        sentence = await desk.refuse("start_image_to_video", **arguments)
        assert "The ledger cannot be written" in sentence
        assert "Nothing was charged" not in sentence
        with database(tmp_path) as ledger:
            ledger.execute("DROP TRIGGER full")
        again = await desk.ask("start_image_to_video", **arguments)
        assert "nothing was charged again" in again.text
        assert (desk.spent, desk.line.attempts[CLIP]) == (100, 1)
        assert list(await desk.listed()) == [again.data["job_id"]]
