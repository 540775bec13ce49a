"""Services that cannot open: every waiting call says so in one sentence, and the server goes on answering."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest
from mcp import Client
from pydantic import SecretStr

from a2e_mcp.client.connection import Connection
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.server.server import A2EServer
from tests.support.processes import ServerProcess, start_program
from tests.support.server import connection_to, settings_in, tool_answer
from tests.support.token_watch import TOKEN

LIVE = {"A2E_API_TOKEN": TOKEN, "A2E_BASE_URL": "https://127.0.0.1:9"}


async def refusal(server: ServerProcess, tool: str = "get_credits") -> str:
    """The sentence of a call that must fail; the first one also imports all tools."""
    async with asyncio.timeout(15):
        result = (await server.ask("tools/call", name=tool, arguments={}))["result"]
    assert result["isError"]
    text: str = result["content"][0]["text"]
    assert "\n" not in text
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:9", "A2E_BASE_URL": "https://video.a2e.ai"}, ("ALL_PROXY", "SOCKS")),
        ({"https_proxy": "ftp://127.0.0.1:9", "A2E_BASE_URL": "https://video.a2e.ai"}, ("https_proxy", "ftp")),
        ({"SSL_CERT_FILE": "/no/such/ca.pem"}, ("SSL_CERT_FILE", "/no/such/ca.pem")),
        ({"SSL_CERT_FILE": __file__}, ("SSL_CERT_FILE", "no certificate")),
        ({"SSL_CERT_FILE": "", "SSL_CERT_DIR": "/no/such/certificates"}, ("SSL_CERT_DIR", "/no/such/certificates")),
    ],
    ids=["socks", "unknown-proxy", "ca-missing", "ca-unreadable", "ca-folder-missing"],
)
async def test_an_unusable_network_setting_is_one_sentence_to_every_call(
    tmp_path: Path, changes: dict[str, str], words: tuple[str, ...]
) -> None:
    async with start_program(folder=tmp_path, **{**LIVE, **changes}) as server:
        await server.initialize()
        for _ in range(2):
            text = await refusal(server)
            assert all(word in text for word in words), text
        assert (await server.ask("ping"))["result"] == {}
        assert server.process.stdin is not None
        server.process.stdin.close()
        code, _, errors = await server.ended(within=10)
    assert (code, errors) == (0, "")


@pytest.mark.parametrize("mode", ["live", "sandbox"])
async def test_a_damaged_data_folder_is_one_sentence_to_every_call(tmp_path: Path, mode: str) -> None:
    changes = LIVE if mode == "live" else {"A2E_SANDBOX": "1"}
    broken = tmp_path / "data" / ("ledger.sqlite3" if mode == "live" else "sandbox/sandbox.db")
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"this is not a database, it is a note to self\n" * 200)
    async with start_program(folder=tmp_path, **changes) as server:
        await server.initialize()
        assert str(tmp_path / "data") in await refusal(server)
        # What is put right while the server runs is enough.
        broken.unlink()
        if mode == "sandbox":
            assert (await server.call("get_credits"))["credits"] == 10_000
        else:
            assert "cannot be reached" in await refusal(server)


def folder(path: Path) -> None:
    path.mkdir(parents=True)


def text_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file where a folder is wanted")


def another_database(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE starts (x)")
        database.commit()


def nothing(_: Path) -> None:
    """Put nothing there."""


ODD_DATA: Mapping[str, tuple[Callable[[Path], None], str, dict[str, str]]] = {
    "a folder in the ledger's place": (folder, "data/ledger.sqlite3", LIVE),
    "a file in the folder's place": (text_file, "data", LIVE),
    "another program's database": (another_database, "data/ledger.sqlite3", LIVE),
    "a folder in the sandbox's place": (folder, "data/sandbox/sandbox.db", {"A2E_SANDBOX": "1"}),
    "a name that is too long": (nothing, "x", {**LIVE, "A2E_DATA_DIR": "/" + "a" * 300}),
    "a folder below a file": (nothing, "x", {**LIVE, "A2E_DATA_DIR": f"{__file__}/data"}),
}


@pytest.mark.parametrize("what", ODD_DATA)
async def test_data_that_cannot_be_opened_is_one_sentence_and_the_server_stays(tmp_path: Path, what: str) -> None:
    put, place, variables = ODD_DATA[what]
    put(tmp_path / place)
    async with start_program(folder=tmp_path, **variables) as server:
        await server.initialize()
        for _ in range(2):
            told = await refusal(server)
            assert "cannot be opened (" in told or "cannot use" in told, told
            assert "Errno" not in told
        assert (await server.ask("ping"))["result"] == {}
        assert server.process.stdin is not None
        server.process.stdin.close()
        code, _, errors = await server.ended(within=10)
    assert (code, errors) == (0, "")


async def test_a_full_data_folder_is_one_sentence_and_is_tried_again(tmp_path: Path) -> None:
    attempts: list[OSError] = []
    async with open_sandbox(SandboxSettings(folder=tmp_path / "sandbox", draft=True)) as sandbox:
        works = connection_to(sandbox)

        @asynccontextmanager
        async def connect() -> AsyncIterator[Connection]:
            if len(attempts) < 2:
                attempts.append(OSError(28, "No space left on device"))
                raise attempts[-1]
            async with works() as connection:
                yield connection

        async with Client(A2EServer(settings_in(tmp_path), connect)) as client:
            with anyio.fail_after(2):
                texts = [tool_answer(await client.call_tool("get_credits", {})).text for _ in range(3)]
    assert all("No space left on device" in text and str(tmp_path / "data") in text for text in texts[:2])
    assert "10000 credits" in texts[2].replace(",", "")


async def test_all_calls_that_wait_for_services_hear_why_there_are_none(tmp_path: Path) -> None:
    proceed = anyio.Event()
    texts: list[str] = []

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        await proceed.wait()
        yield Connection("https://video.a2e.ai", SecretStr("x" * int(1 / len(texts))))

    async with Client(A2EServer(settings_in(tmp_path), connect)) as client:

        async def call() -> None:
            texts.append(tool_answer(await client.call_tool("get_credits", {})).text)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(call)
                await anyio.wait_all_tasks_blocked()
                proceed.set()
        assert (await client.list_tools()).tools
    assert len(texts) == 5
    assert all("ZeroDivisionError" in text and "a2e-mcp doctor" in text for text in texts)


async def test_services_that_take_too_long_to_open_are_answered_within_the_calls_seconds(tmp_path: Path) -> None:
    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        await anyio.Event().wait()
        yield Connection("https://video.a2e.ai", SecretStr("x"))

    async with Client(A2EServer(settings_in(tmp_path, call_seconds=1), connect)) as client:
        with anyio.fail_after(3):
            answer = tool_answer(await client.call_tool("get_credits", {}))
    assert answer.failed
    assert "still opening" in answer.text
