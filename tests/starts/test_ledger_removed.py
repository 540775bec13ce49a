"""A ledger whose file is gone, and a clock that was set back: nothing is begun that could be charged again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from a2e_mcp.ledger.sqlite.ledger import open_ledger
from tests.support.faulty_transport import CLIP, Clock, open_controlled_server
from tests.support.ledger import intend


def remove(data: Path) -> None:
    for file in data.glob("ledger.sqlite3*"):
        file.unlink()


def replace_by_a_copy(data: Path) -> None:
    copy = shutil.copy(data / "ledger.sqlite3", data / "copy")
    remove(data)
    Path(copy).rename(data / "ledger.sqlite3")


def move_away(data: Path) -> None:
    (data / "ledger.sqlite3").rename(data / "ledger-of-yesterday.sqlite3")


@pytest.mark.parametrize("change", [remove, replace_by_a_copy, move_away, shutil.rmtree])
async def test_a_start_is_refused_when_the_ledger_was_removed_while_the_server_runs(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_image_to_video", **await server.clip_arguments())
        change(tmp_path / "data")
        sentence = await server.refuse("start_image_to_video", **await server.clip_arguments(prompt="Another"))
        assert "was removed or replaced" in sentence
        assert "Nothing was charged." in sentence
        assert server.transport.attempts[CLIP] == 1


async def test_a_heartbeat_from_the_future_does_not_keep_a_start_under_way(tmp_path: Path) -> None:
    clock = Clock()
    async with open_ledger(tmp_path / "ledger.sqlite3", account="a", sandbox=True, now=clock.now) as ledger:
        entry = await intend(ledger)
        assert ledger.is_under_way(entry)
        clock.ahead = -3600
        assert not ledger.is_under_way(entry)
        assert await ledger.claim(entry.id)
