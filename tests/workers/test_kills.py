"""Workers that are killed: what they have begun is carried on by others, and paid once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from pydantic import SecretStr

from tests.support.faulty_transport import CLIP, connect_server, open_test_sandbox
from tests.support.web import on_a_port
from tests.support.worker_process import worker_process

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Deadly:
    """A2E, which carries a request out and then kills whoever sent it, before or after it is carried out."""

    def __init__(self, app: ASGIApp, call: str, *, after: bool) -> None:
        self.kill: Callable[[], object] = lambda: None
        self.seen: Counter[str] = Counter()
        self.has_killed = asyncio.Event()
        self._app = app
        self._call = call
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = f"{scope.get('method')} {scope.get('path')}"
        self.seen[call] += 1
        if call != self._call or self.has_killed.is_set():
            await self._app(scope, receive, send)
            return

        async def nothing(_: Message) -> None:
            """The answer is lost."""

        if self._after:
            await self._app(scope, receive, nothing)
        self.kill()
        self.has_killed.set()


def has_workers(address: str, count: int) -> bool:
    """Whether so many workers live."""
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT count(*) FROM workers").fetchone() == (count,)


@pytest.mark.long
@pytest.mark.parametrize("after", [True, False], ids=["charged", "not charged"])
async def test_a_start_whose_worker_was_killed_in_the_middle_of_its_charge_is_settled_by_another(
    database_address: str, tmp_path: Path, after: bool
) -> None:
    (tmp_path / "worker").mkdir()
    changes: dict[str, Any] = {"database": SecretStr(database_address), "call_seconds": 5.0}
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **changes) as server,
    ):
        deadly = Deadly(sandbox.app, CLIP, after=after)
        async with (
            on_a_port(deadly) as base_url,
            worker_process(tmp_path / "worker", base_url, database_address) as first,
        ):
            deadly.kill = first.kill
            for _ in range(300):
                if await asyncio.to_thread(has_workers, database_address, 1):
                    break
                await asyncio.sleep(0.1)
            begun = await server.ask("start_image_to_video", **await server.clip_arguments())
            await asyncio.wait_for(deadly.has_killed.wait(), 30)
            killed = time.monotonic()
            async with worker_process(tmp_path / "worker", base_url, database_address):
                for _ in range(400):
                    shown = (await server.ask("check_status", job_id=begun.data["job_id"])).data
                    if shown["state"] != "queued" or shown["job_id"] != begun.data["job_id"]:
                        break
                    await asyncio.sleep(0.2)
                seconds = time.monotonic() - killed
            assert deadly.seen[CLIP] == 1
            assert server.spent == (100 if after else 0)
            assert seconds < 40, shown
            print(f"settled after {seconds:.1f} s: {shown['state']} {shown.get('note')}")
            assert shown["job_id"].startswith("image_to_video:00000000") is after or shown["state"] == "unknown"
