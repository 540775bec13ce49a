"""`a2e-mcp sandbox`: A2E's API on a port, for any HTTP client."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx2

from tests.support.processes import run, start_program
from tests.support.token_watch import TOKEN

SECRET = {"A2E_API_TOKEN": TOKEN}


async def test_it_says_where_it_is_and_how_to_try_it(tmp_path: Path) -> None:
    async with start_program("sandbox", "--port", "0", "--draft", folder=tmp_path, **SECRET) as server:
        assert server.process.stderr is not None
        told = ""
        while "Ctrl-C" not in told:
            told += (await server.process.stderr.readline()).decode()
        assert str(tmp_path / "data" / "sandbox") in told
        assert "7f" not in told
        (curl,) = re.findall(r'curl -H "Authorization: (Bearer \S+)" (\S+)', told)
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.get(curl[1], headers={"authorization": curl[0]})
            page = await http.get(curl[1].partition("/api/")[0] + "/")
        assert answer.json()["data"]["coins"] == 10_000
        assert page.headers["content-type"].startswith("text/html")
        assert curl[0] in page.text
        for call in ("/api/v1/video/generate", "/_sandbox/advance", curl[1]):
            assert call in page.text
        port = curl[1].split(":")[2].split("/")[0]
        second = run("sandbox", "--port", port, folder=tmp_path)
        assert second.returncode == 1
        assert len(second.stderr.splitlines()) == 1
        assert "another port" in second.stderr
        server.process.send_signal(signal.SIGINT)
        code, out, errors = await server.ended(within=10)
    assert (out, errors) == ("", "")
    assert code in (0, 130)


def test_it_serves_this_computer_only(tmp_path: Path) -> None:
    done = run("sandbox", "--host", "0.0.0.0", folder=tmp_path)
    assert done.returncode == 1
    assert "this computer only" in done.stderr
