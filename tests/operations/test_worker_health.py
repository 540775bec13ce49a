"""What orchestrators and Prometheus get from a worker."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx2
import pytest

from a2e_mcp import __version__
from tests.operations.test_endpoints import FORWARDED, value_of
from tests.support.postgresql import ScratchServer
from tests.support.processes import run, start_http_server, start_program
from tests.support.users import signed_in
from tests.support.workers import health_of, until_ready


async def test_a_worker_says_why_it_is_not_ready_and_recovers_by_itself(
    tmp_path: Path, postgresql_server: ScratchServer
) -> None:
    where = {"A2E_DATABASE": postgresql_server.empty_database()}
    async with (
        start_program("worker", "--sandbox", "--health", "127.0.0.1:0", folder=tmp_path, **where) as worker,
        httpx2.AsyncClient(trust_env=False, timeout=30) as http,
    ):
        health = await health_of(worker)
        alive = await http.get(f"{health}/healthz")
        assert (alive.status_code, alive.json()) == (200, {"status": "ok", "version": __version__})
        assert worker.process.stderr is not None
        said = (await worker.process.stderr.readline()).decode()
        waiting = await http.get(f"{health}/readyz")
        assert waiting.status_code == 503
        assert "has no tables of a2e-mcp yet" in waiting.json()["problem"]
        assert waiting.json()["problem"] in said
        assert (await http.get(f"{health}/readyz", headers=FORWARDED)).json() == {"status": "not ready"}
        assert run("database", "upgrade", folder=tmp_path, **where).returncode == 0
        await until_ready(http, health)
        postgresql_server.kill()
        away = await http.get(f"{health}/readyz")
        assert away.status_code == 503
        assert (await http.get(f"{health}/healthz")).status_code == 200
        # What is counted in this process is worth reading meanwhile.
        assert value_of((await http.get(f"{health}/metrics")).text, "a2e_mcp_info", version=__version__) == 1
        postgresql_server.start()
        await until_ready(http, health)
        worker.process.send_signal(signal.SIGTERM)
        code, out, errors = await worker.ended(20)
        assert (code, out) == (0, "")
        assert "Traceback" not in errors


async def test_the_requests_of_a_worker_are_counted_where_it_runs(tmp_path: Path, database_address: str) -> None:
    where = {"A2E_DATABASE": database_address}
    key = run("users", "add", "ada", folder=tmp_path, **where).stdout.strip()
    async with (
        start_program("worker", "--sandbox", folder=tmp_path, **where, A2E_HEALTH="127.0.0.1:0") as worker,
        start_http_server(tmp_path, **where) as (_, address),
        httpx2.AsyncClient(trust_env=False, timeout=30) as http,
        signed_in(address, key) as ada,
    ):
        health = await health_of(worker)
        await until_ready(http, health)
        await ada.ask("start_text_to_image", prompt="A blue house")
        for where_it_is, count in ((health, 1), (address.removesuffix("/mcp"), 0)):
            page = (await http.get(f"{where_it_is}/metrics")).text
            assert value_of(page, "a2e_mcp_a2e_requests_total", call="start_text_to_image", status="200") == count
        assert (await http.get(f"{health}/metrics", headers=FORWARDED)).status_code == 404
        assert (await http.get(f"{health}/mcp")).text == "A worker answers /healthz, /readyz and /metrics\n"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("8001x", "--health is invalid: use HOST:PORT, such as 127.0.0.1:8000"),
        ("worker.example.com:80", "--health is invalid: use an address of this computer and no name"),
        ("127.0.0.1:70000", "--health is invalid: use HOST:PORT"),
        ("203.0.113.7:8001", "Cannot listen on 203.0.113.7:8001"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(tmp_path: Path, address: str, words: str) -> None:
    where = {"A2E_DATABASE": "postgresql://a2e@127.0.0.1:9/a2e"}
    done = run("worker", "--sandbox", "--health", address, folder=tmp_path, **where)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert words in done.stderr
