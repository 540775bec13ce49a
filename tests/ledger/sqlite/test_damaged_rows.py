"""One row that cannot be read, in the ledger or in A2E's lists, hides neither the others nor what was paid."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.faulty_transport import CLIPS, VIDEOS, only_answered, open_controlled_server

VOICES = "GET /api/v1/anchor/voice_list"
DAMAGES: tuple[tuple[str, object], ...] = (
    ("steps", "{broken"),
    ("steps", '{"measured": 5}'),
    ("steps", '{"priced": 5}'),
    ("steps", '{"room": {"a": 1}}'),
    ("steps", "7"),
    ("handles", "null"),
    ("handles", "[1, 2"),
    ("results", "[1,"),
    ("created", "yesterday"),
    ("charged", "much"),
)

WRITING = {
    "steps": "UPDATE starts SET steps = ? WHERE title LIKE 'boat 0%'",
    "handles": "UPDATE starts SET handles = ? WHERE title LIKE 'boat 0%'",
    "results": "UPDATE starts SET results = ? WHERE title LIKE 'boat 0%'",
    "created": "UPDATE starts SET created = ? WHERE title LIKE 'boat 0%'",
    "charged": "UPDATE starts SET charged = ? WHERE title LIKE 'boat 0%'",
}


def write(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "data" / "ledger.sqlite3", isolation_level=None)) as ledger:
        ledger.execute(statement, values)


@pytest.mark.parametrize(("column", "value"), DAMAGES)
async def test_a_damaged_row_of_the_ledger_hides_no_other(tmp_path: Path, column: str, value: object) -> None:
    async with open_controlled_server(tmp_path) as server:
        jobs = [(await server.ask("start_text_to_image", prompt=f"boat {n}")).data["job_id"] for n in range(3)]
        spent = (await server.ask("get_credits")).data["spent_today"]
        write(tmp_path, WRITING[column], value)
        listed = (await server.ask("list_jobs")).data["jobs"]
        assert {row["job_id"] for row in listed} >= set(jobs)
        spending = await server.ask("list_spending")
        assert "a part of the ledger cannot be read" in spending.text
        if column not in ("charged", "created"):
            assert spending.data["total"] == spent
            assert (await server.ask("get_credits")).data["spent_today"] == spent
        # A start is still possible, and the same one is still the same.
        assert "Charged" in (await server.ask("start_text_to_image", prompt="boat 9")).text
        paid = server.credits
        again = await server.call("start_text_to_image", prompt="boat 0")
        assert server.credits == paid, again.text


async def test_a_start_whose_inputs_are_damaged_is_listed_without_them(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = (await server.ask("start_text_to_image", prompt="a boat")).data["job_id"]
        write(tmp_path, "UPDATE start_inputs SET start = '{x'")
        assert (await server.ask("list_jobs")).data["jobs"][0]["job_id"] == job_id
        assert "made_from" not in (await server.ask("check_status", job_id=job_id)).data


async def test_rows_of_a2e_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    good = {"_id": f"{0:08}{'b' * 16}", "current_status": "completed"}
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(
            CLIPS, only_answered(200, {"code": 0, "data": [{"current_status": "completed"}, good, None]})
        )
        listed = await server.ask("list_jobs")
        assert [row["job_id"] for row in listed.data["jobs"]] == [f"image_to_video:{good['_id']}"]
        assert "2 rows of A2E's lists cannot be read." in listed.text
        assert "2 rows of A2E's lists cannot be read." in listed.data["notice"]
        server.transport.on(VIDEOS, only_answered(200, {"code": 0, "data": [{"current_status": "completed"}]}))
        listed = await server.ask("list_jobs")
        assert "A2E's answer about avatar_video cannot be read; these are shown as last known." in listed.text


async def test_a_voice_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    group = {"label": "female", "value": "female", "children": [{"label": "Ok", "value": "1"}, None, "x"]}
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(VOICES, only_answered(200, {"code": 0, "data": [group]}))
        assert [row["name"] for row in (await server.ask("list_voices")).data["voices"]] == ["Ok"]
