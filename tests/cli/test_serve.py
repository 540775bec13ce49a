"""The server as a client really starts it: over pipes, and over HTTP."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client

from tests.support.processes import descendants_of, run, running, start_http_server, start_program
from tests.support.server import ERAS, Era, tool_answer
from tests.support.token_watch import TOKEN


@pytest.mark.parametrize("leave", ["stdin", "SIGINT"])
async def test_a_server_that_renders_says_only_protocol_and_leaves_nothing_behind(tmp_path: Path, leave: str) -> None:
    async with start_program("serve", "--sandbox", folder=tmp_path) as server:
        await server.initialize()
        spoken = await server.call("generate_speech", script="Hello", voice="Aria")
        assert spoken["state"] == "succeeded"
        job = await server.start_long_render()
        # A call that would take half a minute is no reason to stay.
        waiting = {"name": "wait_for_job", "arguments": {"job_ids": [job]}}
        await server.send({"jsonrpc": "2.0", "id": "wait", "method": "tools/call", "params": waiting})
        workers = descendants_of(server.process.pid)
        assert workers
        if leave == "stdin":
            assert server.process.stdin is not None
            server.process.stdin.close()
        else:
            server.process.send_signal(signal.Signals[leave])
        code, rest, errors = await server.ended(within=10)
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in rest.splitlines())
    assert (code, errors) in ((0, ""), (130, ""))
    assert not running(workers)


async def test_an_idle_server_ends_at_once(tmp_path: Path) -> None:
    async with start_program("--sandbox", folder=tmp_path) as server:
        await server.initialize()
        server.process.send_signal(signal.SIGTERM)
        code, rest, errors = await server.ended(within=10)
    assert (rest, errors) == ("", "")
    assert code in (0, 130)


async def test_lines_that_are_no_protocol_do_not_end_the_server(tmp_path: Path) -> None:
    # The flag counts before the command too, as test_main has it of the others.
    async with start_program("--sandbox", "serve", "--read-only", folder=tmp_path) as server:
        await server.initialize()
        for line in (
            b"this is not JSON\n",
            b"\n",
            b"[]\n",
            b"\xff\xfe\x00\n",
            b"[" * 20_000 + b"\n",
            b'{"jsonrpc":"2.0","id":901,"method":"tools/call","params":{"name":"list_voices","arguments":{"language":"\\ud800"}}}\n',
            b'{"jsonrpc":"2.0","id":902,"method":"tools/call","params":[]}\n',
            b'{"jsonrpc":"2.0","id":903,"method":"no/such"}\n',
        ):
            await server.send(line)
        account = await server.call("get_credits")
        assert (account["credits"], account["sandbox"]) == (10_000, True)
        assert server.process.stdin is not None
        server.process.stdin.close()
        code, _, errors = await server.ended(within=10)
    assert code in (0, 130)
    assert "Traceback" not in errors
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in server.seen)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"A2E_SANDBOX": "1", "A2E_API_TOKEN": TOKEN}, ("A2E_API_TOKEN", "--sandbox")),
        ({"A2E_CALL_SECONDS": "soon"}, ("A2E_CALL_SECONDS", "number from 1 to 3600")),
        ({"A2E_BASE_URL": "http://video.a2e.ai"}, ("A2E_BASE_URL", "https")),
        ({"A2E_API_TOKEN": "sk secret 7f"}, ("A2E_API_TOKEN", "copy it again")),
    ],
)
def test_a_broken_setting_is_one_sentence(tmp_path: Path, changes: dict[str, str], words: tuple[str, ...]) -> None:
    done = run("serve", folder=tmp_path, **changes)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert all(word in done.stderr for word in words)
    assert "7f" not in done.stderr


@pytest.mark.parametrize("address", ["0.0.0.0:8000", "[::]:8000", "example.com:80", ":99999"])
def test_http_beyond_this_computer_or_without_a_port_is_refused(tmp_path: Path, address: str) -> None:
    done = run("--sandbox", "--http", address, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "--http" in done.stderr
    assert "127.0.0.1:8000" in done.stderr


async def test_over_http_both_eras_are_served_and_strangers_are_not(tmp_path: Path) -> None:
    async with start_http_server(tmp_path) as (server, address):
        for era in ERAS:
            await is_served(address, era)
        hello = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        takes = {"accept": "application/json, text/event-stream"}
        async with httpx2.AsyncClient(trust_env=False, headers=takes) as http:
            rebound = await http.post(address, json=hello, headers={"host": "evil.example.com"})
            foreign = await http.post(address, json=hello, headers={"origin": "https://evil.example.com"})
            lost = await http.get(address.replace("/mcp", "/"))
        assert (rebound.status_code, foreign.status_code, lost.status_code) == (421, 403, 404)
        second = run("--sandbox", "--http", address.split("/")[2], folder=tmp_path)
        assert second.returncode == 1
        assert len(second.stderr.splitlines()) == 1
        assert "another port with --http" in second.stderr
        server.process.send_signal(signal.SIGINT)
        code, out, errors = await server.ended(within=10)
    assert out == ""
    assert "Traceback" not in errors
    assert code in (0, 130)


async def is_served(address: str, era: Era) -> None:
    async with Client(address, mode=era) as client:
        assert len((await client.list_tools()).tools) > 20
        first = tool_answer(await client.call_tool("list_avatars", {}))
        assert first.text.startswith("SANDBOX")
        heard: list[str] = []

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            heard.append(message or "")

        spoken = tool_answer(await client.call_tool("generate_speech", {"script": "Hello", "voice": "Aria"}))
        shown = {"script": "Hello", "voice": "Aria", "avatar": "Ada", "resolution": 480}
        started = tool_answer(await client.call_tool("start_avatar_video", shown))
        waiting = {"job_ids": [started.data["job_id"]]}
        await client.call_tool("wait_for_job", waiting, progress_callback=hear)
        assert heard, "a stream carries progress"
        async with httpx2.AsyncClient(trust_env=False) as http:
            assert (await http.get(spoken.links[0])).headers["content-type"] == "audio/mpeg"


async def test_a_result_link_works_again_after_a_restart(tmp_path: Path) -> None:
    async with start_program("--sandbox", folder=tmp_path) as server, httpx2.AsyncClient(trust_env=False) as http:
        await server.initialize()
        made = await server.ask("tools/call", name="start_text_to_image", arguments={"prompt": "A blue house"})
        job_id = made["result"]["structuredContent"]["job_id"]
        done = (await server.ask("tools/call", name="wait_for_job", arguments={"job_ids": [job_id]}))["result"]
        (link,) = done["structuredContent"]["results"]
        text = done["content"][0]["text"]
        assert "works while this server runs" in text
        file = text.partition("; file: ")[2].split("), or")[0]
        picture = (await http.get(link)).content
        assert await anyio.Path(file).read_bytes() == picture
        # Another server of the same folder takes another port and leaves this one's alone.
        async with start_program("--sandbox", folder=tmp_path) as second:
            await second.initialize()
            assert (await second.call("check_status", job_id=job_id))["results"] != [link]
        server.process.kill()
        await server.process.wait()
        async with start_program("--sandbox", folder=tmp_path) as later:
            await later.initialize()
            await later.call("get_credits")
            assert (await http.get(link)).content == picture
            assert (await later.call("check_status", job_id=job_id))["results"] == [link]


async def test_localhost_is_this_computer(tmp_path: Path) -> None:
    async with start_http_server(tmp_path, "localhost:0") as (_, address), Client(address) as client:
        assert (await client.list_tools()).tools


async def test_calls_over_http_do_not_wait_for_the_network(tmp_path: Path) -> None:
    # Nagle's algorithm holds the second half of each answer back until the client acknowledges the first, for 40 ms.
    async with start_http_server(tmp_path) as (_, address), Client(address) as client:
        seconds = []
        for _ in range(60):
            began = time.perf_counter()
            await client.call_tool("list_spending", {})
            seconds.append(time.perf_counter() - began)
    # Of the first answers of a connection the system acknowledges each at once.
    assert min(seconds[30:]) < 0.035
