"""Web servers on this computer end quietly, whatever they are answering."""

from __future__ import annotations

import logging

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from a2e_mcp.loopback import LOOPBACK, listen, serve_until_cancelled


async def test_an_answer_that_is_cut_off_by_the_end_is_no_fault_of_the_program(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A chat that is closed while its page loads pictures leaves no traceback in the host's log."""
    asked = anyio.Event()

    async def endless(_scope: Scope, _receive: Receive, _send: Send) -> None:
        asked.set()
        await anyio.sleep_forever()

    listener = listen(LOOPBACK, 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve_until_cancelled, endless, listener)
        async with await anyio.connect_tcp(LOOPBACK, listener.getsockname()[1]) as browser:
            await browser.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await asked.wait()
            tasks.cancel_scope.cancel()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
