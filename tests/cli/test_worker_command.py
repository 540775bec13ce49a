"""`a2e-mcp worker` in a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import psycopg
import pytest

from tests.support.paths import CHECKOUT
from tests.support.processes import environment_in, run


def test_a_worker_needs_a_database_and_a_token(tmp_path: Path) -> None:
    alone = run("worker", "--sandbox", folder=tmp_path)
    assert (alone.returncode, alone.stdout) == (1, "")
    assert "A worker needs the database of its servers, and A2E_DATABASE is not set." in alone.stderr
    strange = run("worker", folder=tmp_path, A2E_DATABASE="postgresql://db/a2e")
    assert strange.returncode == 1
    assert "No A2E token" in strange.stderr


@pytest.mark.long
async def test_a_worker_waits_for_its_database_says_that_it_lives_and_ends_in_order(
    database_address: str, tmp_path: Path
) -> None:
    with psycopg.connect(database_address, autocommit=True) as connection:
        connection.execute("ALTER TABLE a2e_schema RENAME TO away")
        environment = environment_in(tmp_path, A2E_DATABASE=database_address, A2E_SANDBOX="1")
        command = (sys.executable, "-m", "a2e_mcp", "worker")
        worker = await asyncio.create_subprocess_exec(
            *command, cwd=CHECKOUT, env=environment, stderr=asyncio.subprocess.PIPE
        )
        assert worker.stderr is not None
        assert b"worker (sandbox)" in await worker.stderr.readline()
        assert b"has no tables of a2e-mcp yet" in await worker.stderr.readline()
        connection.execute("ALTER TABLE away RENAME TO a2e_schema")
        for _ in range(300):
            if connection.execute("SELECT 1 FROM workers").fetchone():
                break
            await asyncio.sleep(0.1)
        worker.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await worker.wait() == 0
        assert await worker.stderr.read() == b""
        assert connection.execute("SELECT count(*) FROM workers").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM procrastinate_workers").fetchone() == (0,)
