"""Another program keeps the ledger or the sandbox's data locked: only what needs it waits, and says why."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.ledger import locked
from tests.support.processes import start_program
from tests.support.server import open_server


@pytest.mark.parametrize("name", ["ledger.sqlite3", "sandbox/sandbox.db"])
async def test_what_needs_no_locked_data_is_answered_meanwhile(tmp_path: Path, name: str) -> None:
    async with open_server(tmp_path) as server:
        await server.ask("get_credits")
        place = tmp_path / ("data" if name.startswith("ledger") else ".") / name
        with locked(place):
            call = asyncio.create_task(server.ask("generate_speech", script="Good morning.", voice="Aria (en-US)"))
            async with asyncio.timeout(5):
                for _ in range(3):
                    assert (await server.client.list_tools()).tools
                    assert (await server.client.list_prompts()).prompts
                assert not call.done()
        assert (await call).data["results"]


async def test_a_server_whose_data_is_locked_as_it_opens_answers_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "sandbox"
    folder.mkdir(parents=True)
    with locked(folder / "sandbox.db"):
        async with start_program(folder=tmp_path, A2E_SANDBOX="1", A2E_CALL_SECONDS="1") as server:
            await server.initialize()
            call = {"name": "get_credits", "arguments": {}}
            await server.send({"jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": call})
            assert (await server.ask("ping"))["result"] == {}
            while (answer := await server.line()).get("id") != 99:
                pass
    assert "another program may hold it up" in answer["result"]["content"][0]["text"]
