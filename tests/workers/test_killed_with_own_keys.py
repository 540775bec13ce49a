"""Programs, one of which is killed: a worker carries on what a user has started with an A2E key of their own."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psycopg
import pytest

from a2e_mcp.ledger.accounts import account_of
from tests.support.own_accounts import SEAL_KEY, own_key
from tests.support.processes import run, start_http_server, start_program
from tests.support.users import signed_in
from tests.workers.test_kills import has_workers

ADA = own_key("ada")


@pytest.mark.long
async def test_a_worker_has_the_key_of_a_user_whose_server_was_killed(tmp_path: Path, database_address: str) -> None:
    where = {"A2E_DATABASE": database_address, "A2E_OWN_KEYS": "allow", "A2E_SEAL_KEYS": SEAL_KEY}
    key = run("users", "add", "ada", folder=tmp_path, **where).stdout.strip()
    async with start_program("worker", "--sandbox", folder=tmp_path, **where) as worker:
        for _ in range(300):
            if await asyncio.to_thread(has_workers, database_address, 1):
                break
            await asyncio.sleep(0.1)
        os.kill(worker.process.pid, signal.SIGSTOP)
        async with (
            start_http_server(tmp_path, **where, A2E_CALL_SECONDS="3") as (server, address),
            signed_in(address, key, own=ADA) as ada,
        ):
            waiting = (await ada.ask("start_text_to_image", prompt="A house of my own")).data
            assert waiting["state"] == "queued"
            server.process.kill()
        os.kill(worker.process.pid, signal.SIGCONT)
        async with start_http_server(tmp_path, **where) as (_, address), signed_in(address, key, own=ADA) as ada:
            done = (await ada.ask("start_text_to_image", prompt="A house of my own")).data
            assert (await ada.ask("wait_for_job", job_ids=[done["job_id"]])).data["state"] == "succeeded"
            async with signed_in(address, key) as without:
                assert (await without.ask("list_jobs")).data["jobs"] == []
    with psycopg.connect(database_address) as connection:
        rows = connection.execute("SELECT id, account, phase, home IS NULL FROM starts").fetchall()
    assert rows == [(waiting["job_id"].partition(":")[2], account_of(ADA), "started", False)]
