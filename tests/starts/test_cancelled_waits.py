"""A start that is cancelled wherever it waits: for answers, the ledger, locks, pauses and other tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from PIL import Image

from a2e_mcp.catalogue.avatar_videos import START_AVATAR_VIDEO
from a2e_mcp.errors import A2EError
from a2e_mcp.ledger.accounts import account_of
from a2e_mcp.ledger.sqlite.ledger import SqliteLedger
from a2e_mcp.starts.plan import StartOptions
from tests.support.faulty_transport import SPEECH, UPLOAD, VIDEO, FaultyTransport, open_test_sandbox
from tests.support.starts import open_pipeline, patient

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox


class Stepping(Coroutine[Any, Any, Any]):
    """A coroutine that counts where it waits, and cancels its task when it does so for the n-th time."""

    def __init__(self, inner: Coroutine[Any, Any, Any], waits: Waits) -> None:
        self._inner = inner
        self._waits = waits

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()

    def send(self, value: Any) -> Any:
        waited_for = self._inner.send(value)
        self._waits.count()
        return waited_for

    def throw(self, *error: Any) -> Any:
        waited_for = self._inner.throw(*error)
        self._waits.count()
        return waited_for

    def close(self) -> None:
        self._inner.close()

    def __getattr__(self, name: str) -> Any:
        # Whether it runs is asked of coroutines by cr_running and its like.
        return getattr(self._inner, name)


class Waits:
    """How often the tasks of a start have waited, and at which of these times one is cancelled."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.passed = 0

    def count(self) -> None:
        self.passed += 1
        task = asyncio.current_task()
        if self.passed == self.at and task is not None:
            asyncio.get_running_loop().call_soon(task.cancel)

    def task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
        """A task whose waits are counted; the factory of a loop."""
        # The sandbox's web server is no part of a start.
        is_ours = "uvicorn" not in coroutine.cr_code.co_filename
        return asyncio.Task(Stepping(coroutine, self) if is_ours else coroutine, loop=loop, **more)


async def start(sandbox: Sandbox, folder: Path, transport: FaultyTransport, text: str) -> None:
    """Start an avatar video with speech and an upload, and end the server after the answer."""
    ledger = SqliteLedger(folder / "ledger.sqlite3", account=account_of(sandbox.token), sandbox=True)
    async with open_pipeline(sandbox, ledger, folder, transport) as pipeline:
        inputs = START_AVATAR_VIDEO.inputs.model_validate(
            {"script": text, "voice": "Aria (en-US)", "avatar": "Ada", "background": f"{text}.png"}
        )
        await pipeline.starts.start(START_AVATAR_VIDEO, inputs, StartOptions(), patient())


async def cut_at(sandbox: Sandbox, folder: Path, at: int) -> bool:
    """A start whose task is cancelled at its n-th wait, then the same by another server; whether it waited as often."""
    text = f"Number {at}"
    Image.new("RGB", (32, 32), (at % 256, at // 256, 0)).save(folder / f"{text}.png")
    before = int(sandbox.control.inspect()["credits"])
    waits = Waits(at)
    first, second = FaultyTransport(sandbox.transport()), FaultyTransport(sandbox.transport())
    loop = asyncio.get_running_loop()
    loop.set_task_factory(waits.task)
    try:
        cut = loop.create_task(start(sandbox, folder, first, text))
        await asyncio.wait({cut})
    finally:
        loop.set_task_factory(None)
    if not cut.cancelled():
        cut.exception()  # what an unexpected cancellation leaves behind may be anything; what was paid counts
    charged = before - int(sandbox.control.inspect()["credits"])
    ledger = SqliteLedger(folder / "ledger.sqlite3", account=account_of(sandbox.token), sandbox=True)
    await ledger.open()
    made = [entry for entry in await ledger.recent() if entry.title.startswith(text)]
    await ledger.close()
    assert sum(entry.cost for entry in made) >= charged, (at, first.attempts, made)
    with suppress(A2EError):
        await start(sandbox, folder, second, text)
    for call in (UPLOAD, SPEECH, VIDEO):
        assert first.attempts[call] + second.attempts[call] <= 1, (at, call, made)
    return waits.passed >= at


# The sandbox's file server runs in this process too, and Starlette leaves a file open where its answer is cut.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_start_cancelled_at_any_wait_is_neither_forgotten_nor_sent_twice(tmp_path: Path) -> None:
    # A start waits about 220 times; all of them are tried by `make check-all`.
    step = 1 if settings.default is not None and settings.default.max_examples >= 1000 else 37
    async with open_test_sandbox(tmp_path) as sandbox:
        for at in range(1, 2000, step):
            if not await cut_at(sandbox, tmp_path, at):
                assert at > 100
                return
    pytest.fail("a start waits less often than that")
