"""A ledger that cannot be written for a moment: what was sent meanwhile is never taken for refused."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Unpack

import httpx2

from a2e_mcp.catalogue.streaming import RoomToken
from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.entry import EntryChanges, LedgerEntry
from a2e_mcp.ledger.job_ids import STREAMING
from a2e_mcp.ledger.leases import heartbeat
from a2e_mcp.ledger.sqlite.ledger import SqliteLedger
from a2e_mcp.server.live_rooms.rooms import open_rooms
from a2e_mcp.starts.pricing import Spending
from tests.support.faulty_transport import CLIP, Forward, open_controlled_server
from tests.support.ledger import intend
from tests.support.scripted_transport import ScriptedTransport, scripted_client, success


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The ledger's file, as another program holds it."""
    with closing(sqlite3.connect(folder / "data" / "ledger.sqlite3", isolation_level=None)) as opened:
        yield opened


async def test_a_job_whose_id_could_not_be_written_down_is_found_and_not_started_again(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()

        async def nothing_more_is_written(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            with database(tmp_path) as ledger:
                ledger.execute(
                    "CREATE TRIGGER full BEFORE UPDATE OF handles ON starts WHEN NEW.handles != OLD.handles"
                    " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
                )
            return await forward(request)

        server.transport.on(CLIP, nothing_more_is_written)
        sentence = await server.refuse("start_image_to_video", **arguments)
        assert "The ledger cannot be written" in sentence
        assert "Nothing was charged" not in sentence
        with database(tmp_path) as ledger:
            ledger.execute("DROP TRIGGER full")
        again = await server.ask("start_image_to_video", **arguments)
        assert "nothing was charged. Ask the user before again=true" in again.text
        assert (server.spent, server.transport.attempts[CLIP]) == (100, 1)
        assert list(await server.listed()) == [again.data["job_id"]]


class Stumbling(SqliteLedger):
    """A ledger that cannot be written once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, account="a", sandbox=True)
        self.is_full = True
        self.recovered = asyncio.Event()

    async def heartbeat(self, entry_id: str) -> None:
        """Fail once, then work."""
        if self.is_full:
            self.is_full = False
            raise SettingsError("The ledger cannot be written (disk is full)")
        await super().heartbeat(entry_id)
        self.recovered.set()

    async def update(self, entry_id: str, **changes: Unpack[EntryChanges]) -> LedgerEntry:
        """Fail once for a room that is over."""
        if self.is_full and changes.get("state") == "deleted":
            self.is_full = False
            self.recovered.set()
            raise SettingsError("The ledger cannot be written (disk is full)")
        return await super().update(entry_id, **changes)


@asynccontextmanager
async def stumbling_in(folder: Path) -> AsyncIterator[Stumbling]:
    """Open a ledger that cannot be written once."""
    ledger = Stumbling(folder / "ledger.sqlite3")
    await ledger.open()
    try:
        yield ledger
    finally:
        await ledger.close()


async def test_a_heartbeat_that_failed_once_is_sent_again(tmp_path: Path) -> None:
    async with stumbling_in(tmp_path) as ledger:
        entry = await intend(ledger)
        async with heartbeat(ledger, entry.id, 0.001), asyncio.timeout(5):
            await ledger.recovered.wait()


async def test_a_room_whose_end_cannot_be_written_down_does_not_end_the_server(tmp_path: Path) -> None:
    token = RoomToken.model_validate({"appId": "a", "channel": "c", "token": "t"})
    async with stumbling_in(tmp_path) as ledger:
        entry = await intend(ledger, family=STREAMING)
        entry = await ledger.update(entry.id, phase="started", state="running")
        async with scripted_client(ScriptedTransport(success(None))) as (client, _):
            spending = Spending(client, ledger)
            async with open_rooms(client, ledger, spending, grace_seconds=0, closing_seconds=1) as rooms:
                rooms.keep(entry, token, {"avatar": "Ada", "seconds": 0})
                async with asyncio.timeout(5):
                    await ledger.recovered.wait()
                await rooms.forget_ended()
        assert (await ledger.entry(entry.id)).state == "deleted"
