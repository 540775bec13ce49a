"""A start that is cancelled anywhere: nothing charged is forgotten, and nothing is sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx2
import pytest
from PIL import Image

from a2e_mcp.catalogue.avatar_videos import START_AVATAR_VIDEO
from a2e_mcp.errors import A2EError
from a2e_mcp.ledger.accounts import account_of
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.sqlite.ledger import SqliteLedger
from a2e_mcp.ledger.sqlite.thread import SqliteThread
from a2e_mcp.starts.plan import Started, StartOptions
from tests.support.faulty_transport import SPEECH, UPLOAD, VIDEO, open_test_sandbox
from tests.support.starts import open_pipeline, patient

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

T = TypeVar("T")
CHARGED = (UPLOAD, SPEECH, VIDEO)


class Cancellation:
    """Cancels whatever task comes to the n-th of its moments."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.moments = 0

    @property
    def has_come(self) -> bool:
        return self.moments >= self.at

    def moment(self) -> None:
        self.moments += 1
        task = asyncio.current_task()
        if self.moments == self.at and task is not None:
            task.cancel()


class CancellingThread(SqliteThread):
    """A ledger's file whose every use is a moment, once it is open."""

    def __init__(self, path: Path, cancellation: Cancellation) -> None:
        super().__init__(path)
        self._cancellation = cancellation
        self._is_open = False

    async def open(self) -> None:
        await super().open()
        self._is_open = True

    async def read(self, work: Callable[[], T]) -> T:
        if self._is_open:
            self._cancellation.moment()
        return await super().read(work)

    async def run(self, work: Callable[[], T]) -> T:
        if self._is_open:
            self._cancellation.moment()
        return await super().run(work)


def cancelling_ledger(path: Path, account: str, cancellation: Cancellation) -> SqliteLedger:
    """A ledger whose every call is a moment."""
    return SqliteLedger(path, account=account_of(account), sandbox=True, file=CancellingThread(path, cancellation))


class CancellingTransport(httpx2.AsyncBaseTransport):
    """A transport with a moment before each request arrives, or one before its answer does; counts what arrived."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, cancellation: Cancellation, *, after: bool) -> None:
        self._inner = inner
        self._cancellation = cancellation
        self._after = after
        self.arrived: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if not self._after:
            self._cancellation.moment()
            await asyncio.sleep(0)
        self.arrived.append(f"{request.method} {request.url.path}")
        response = await self._inner.handle_async_request(request)
        if self._after:
            self._cancellation.moment()
            await asyncio.sleep(0)
        return response


async def start(
    sandbox: Sandbox, ledger: SqliteLedger, folder: Path, transport: CancellingTransport, text: str
) -> Started:
    """Start an avatar video with speech and an upload, and end the server after the answer."""
    async with open_pipeline(sandbox, ledger, folder, transport) as pipeline:
        inputs = START_AVATAR_VIDEO.inputs.model_validate(
            {"script": text, "voice": "Aria (en-US)", "avatar": "Ada", "background": f"{text}.png"}
        )
        return await pipeline.starts.start(START_AVATAR_VIDEO, inputs, StartOptions(), patient())


async def entries(path: Path, account: str) -> list[LedgerEntry]:
    ledger = SqliteLedger(path, account=account_of(account), sandbox=True)
    await ledger.open()
    found = await ledger.recent()
    await ledger.close()
    return found


@pytest.mark.parametrize("where", ["ledger", "before a request arrives", "before an answer arrives"])
async def test_a_start_that_is_cancelled_anywhere_is_neither_forgotten_nor_sent_twice(
    tmp_path: Path, where: str
) -> None:
    path = tmp_path / "ledger.sqlite3"
    never = Cancellation(-1)
    async with open_test_sandbox(tmp_path) as sandbox:
        for at in range(1, 100):
            text = f"Number {at}"
            Image.new("RGB", (32, 32), (at, 0, 0)).save(tmp_path / f"{text}.png")
            before = int(sandbox.control.inspect()["credits"])
            cancellation = Cancellation(at)
            in_ledger, in_transport = (cancellation, never) if where == "ledger" else (never, cancellation)
            first = CancellingTransport(sandbox.transport(), in_transport, after="answer" in where)
            cut = cancelling_ledger(path, sandbox.token, in_ledger)
            task = asyncio.create_task(start(sandbox, cut, tmp_path, first, text))
            await asyncio.wait({task})
            charged = before - int(sandbox.control.inspect()["credits"])
            made = [entry for entry in await entries(path, sandbox.token) if entry.title.startswith(text)]
            booked = sum(entry.cost for entry in made)
            assert booked >= charged, (at, first.arrived, made)
            if not made and not first.arrived.count(UPLOAD):
                # It never began; asking again is an ordinary start.
                continue
            # The next server is asked for the same: it finds what was made, or makes it for the first time.
            second = CancellingTransport(sandbox.transport(), never, after=False)
            whole = SqliteLedger(path, account=account_of(sandbox.token), sandbox=True)
            with suppress(A2EError):
                await start(sandbox, whole, tmp_path, second, text)
            for call in CHARGED:
                assert [*first.arrived, *second.arrived].count(call) <= 1, (at, call, first.arrived, second.arrived)
            if not cancellation.has_come:
                assert not task.cancelled()
                assert task.exception() is None
                return
    pytest.fail("a start has fewer awaits than that")
