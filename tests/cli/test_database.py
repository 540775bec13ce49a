"""`a2e-mcp database`, and the other commands where A2E_DATABASE is set."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from tests.support.doctor_runs import DoctorRun
from tests.support.faulty_transport import CONSENT, Clock, connect_server, open_test_sandbox, video_arguments
from tests.support.paths import CHECKOUT
from tests.support.postgresql import ScratchServer
from tests.support.processes import run

SCRIPT = "A rather secret birthday song."


def test_the_tables_are_made_once_and_checked(postgresql_server: ScratchServer, tmp_path: Path) -> None:
    address = postgresql_server.empty_database()
    refused = run("database", "check", folder=tmp_path, A2E_DATABASE=address)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "has no tables of a2e-mcp yet. Run a2e-mcp database upgrade" in refused.stderr
    users = run("users", "add", "ada", folder=tmp_path, A2E_DATABASE=address)
    assert (users.returncode, users.stdout) == (1, "")
    assert "lacks tables that this a2e-mcp needs. Run a2e-mcp database upgrade" in users.stderr
    first = run("database", "upgrade", folder=tmp_path, A2E_DATABASE=address)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("1: ledger\n")
    assert "The database now has schema" in first.stdout
    assert "already had schema" in run("database", "upgrade", folder=tmp_path, A2E_DATABASE=address).stdout
    assert "0 starts" in run("database", "check", folder=tmp_path, A2E_DATABASE=address).stdout
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("INSERT INTO spending VALUES ('a', 'live', '', 1, 5)")
    wrong = run("database", "check", folder=tmp_path, A2E_DATABASE=address)
    assert wrong.returncode == 1
    assert "The sum of 1 hour differs from its starts" in wrong.stderr


def test_an_address_that_is_none_or_missing_is_refused_without_showing_it(tmp_path: Path) -> None:
    wrong = run("database", "check", folder=tmp_path, A2E_DATABASE="mysql://root:geheim@db/x")
    assert wrong.returncode == 1
    assert "A2E_DATABASE is invalid: use an address like postgresql://user@host/name" in wrong.stderr
    assert "geheim" not in wrong.stderr
    odd = run("database", "check", folder=tmp_path, A2E_DATABASE="postgresql://ann:ge@heim@db/x")
    assert "A2E_DATABASE is invalid: write an @ in its user name or password as %40" in odd.stderr
    assert "heim" not in odd.stderr
    assert "A2E_DATABASE is not set" in run("database", "upgrade", folder=tmp_path).stderr
    away = run("database", "check", folder=tmp_path, A2E_DATABASE="postgresql://ann:geheim@127.0.0.1:9/x")
    assert (
        "The database of A2E_DATABASE cannot be reached (Connection refused). Check A2E_DATABASE, and that"
        in away.stderr
    )
    assert "geheim" not in away.stderr


async def test_two_servers_on_one_database_are_one_ledger(database_address: str, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"database": SecretStr(database_address), "daily_credits": 250.0}
    (tmp_path / "other").mkdir()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **changes) as server,
        connect_server(tmp_path / "other", sandbox, **changes) as other,
    ):
        arguments = await server.clip_arguments()
        job = (await server.ask("start_image_to_video", **arguments)).data["job_id"]
        again = await other.ask("start_image_to_video", **arguments)
        assert again.data["job_id"] == job
        assert server.spent == 100
        await other.ask("start_image_to_video", **{**arguments, "prompt": "The wind blows"})
        refused = await server.refuse("start_image_to_video", **{**arguments, "prompt": "The sun sets"})
        assert "200 of the 250 credits allowed in 24 hours are spent" in refused
        assert len(await server.listed()) == 2
        assert not (tmp_path / "data" / "ledger.sqlite3").exists()


async def test_words_of_old_starts_are_forgotten_in_the_database(database_address: str, tmp_path: Path) -> None:
    old = Clock(ahead=-20 * 86_400)
    changes: dict[str, Any] = {"database": SecretStr(database_address)}
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox, old, **changes) as server:
            await server.ask("start_avatar_video", **video_arguments(script=SCRIPT))
            picture = await server.picture()
            await server.ask("start_face_swap_preview", face=picture, target=picture, consent=CONSENT)
            spent = server.spent
        day = f"{datetime.now() - timedelta(days=5):%Y-%m-%d}"
        done = run("forget", "--before", day, "--sandbox", folder=tmp_path, A2E_DATABASE=database_address)
        assert done.returncode == 0, done.stderr
        assert "2 starts" in done.stdout
        with psycopg.connect(database_address) as connection:
            kept = "".join(str(row) for row in connection.execute("SELECT * FROM starts").fetchall())
        assert SCRIPT not in kept
        assert CONSENT not in kept
        async with connect_server(tmp_path, sandbox, old, **changes) as server:
            assert (await server.ask("list_spending")).data["total"] == spent


async def test_doctor_looks_at_the_database_in_place_of_the_file(database_address: str, tmp_path: Path) -> None:
    doctor = DoctorRun(tmp_path)
    await doctor.run({"A2E_SANDBOX": "1", "A2E_DATABASE": database_address})
    assert any("The database answers: 0 starts in the ledger" in line for line in doctor.lines)
    away = DoctorRun(tmp_path)
    await away.run({"A2E_SANDBOX": "1", "A2E_DATABASE": "postgresql://ann:geheim@127.0.0.1:9/x"})
    assert any("cannot be reached (Connection refused)" in line for line in away.lines)
    assert "geheim" not in "\n".join(away.lines)


def test_a_ledger_in_a_file_imports_nothing_of_a_database() -> None:
    code = """
import asyncio, sys, tempfile
from pathlib import Path
from typing import Any
import a2e_mcp.server.services
from a2e_mcp.ledger.choice import open_ledger_in

async def main():
    async with open_ledger_in(Path(tempfile.mkdtemp()) / "x.sqlite3", None, account="a", sandbox=True) as ledger:
        await ledger.recent()

asyncio.run(main())
print({"psycopg", "psycopg_pool", "procrastinate"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
