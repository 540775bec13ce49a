"""The examples that need no framework: their own code against the whole server on the sandbox."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from examples.greetings import make_greetings
from examples.nightly import collect
from examples.plain_client import make_video
from examples.test_my_agent import greet, test_a_greeting_is_spoken, test_a_refusal_is_explained
from tests.examples.frameworks import EXAMPLES
from tests.support.paths import CHECKOUT
from tests.support.processes import environment_in
from tests.support.server import open_server

# The suite of the example is run as a part of this one.
__all__ = ["greet", "test_a_greeting_is_spoken", "test_a_refusal_is_explained"]


async def test_a_program_makes_a_video_and_is_charged_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with open_server(tmp_path) as server:
        job = await make_video(server.client, "Welcome.")
        assert job["results"][0].endswith(".mp4")
        assert "would cost" in capsys.readouterr().out
        assert (await make_video(server.client, "Welcome."))["job_id"] == job["job_id"]
        with pytest.raises(SystemExit, match=r"sandbox:fail|failed|A2E"):
            await make_video(server.client, "Welcome. [sandbox:fail]")


async def test_greetings_stop_at_the_ceiling_and_continue_below_a_higher_one(tmp_path: Path) -> None:
    rows = {"Aisha": "Dear Aisha.", "Ben": "Dear Ben."}
    async with open_server(tmp_path, daily_credits=3) as server:
        saved, problems = await make_greetings(server.client, rows)
        assert saved == ["Aisha"]
        (problem,) = problems
        assert problem.startswith("Stopped at Ben: ")
        assert "Nothing was charged" in problem
    async with open_server(tmp_path, daily_credits=6) as server:
        assert await make_greetings(server.client, rows) == (["Aisha", "Ben"], [])
        assert {path.stem.split()[0] for path in server.output.iterdir()} >= {"Aisha", "Ben"}
        # Aisha's is the first job, which was not charged again: two videos, two speeches.
        assert (await server.ask("list_spending")).text.count("'Dear ") == 2


async def test_a_nightly_job_saves_the_results_of_its_day_and_of_no_other(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        job_id = (await server.ask("start_text_to_image", prompt="a red boat")).data["job_id"]
        await server.ask("wait_for_job", job_ids=[job_id])
        today = datetime.now(UTC).date()
        lines = [line async for line in collect(server.client, today)]
        assert len(lines) == 1
        assert "Saved" in lines[0]
        assert [path.stem for path in server.output.iterdir()] == [job_id.replace(":", "-")]
        assert [line async for line in collect(server.client, today - timedelta(days=2))] == []


def test_there_are_fifty_greetings_with_names_of_their_own() -> None:
    with (EXAMPLES / "greetings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["name"] for row in rows}) == 50
    assert all(row["name"] in row["text"] for row in rows)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("plain_client.py", ["Hello."], "It cost "),
        ("greetings.py", [str(EXAMPLES / "greetings.csv"), "300"], "50 of 50 greetings"),
        ("nightly.py", [], "0 results of"),
    ],
)
def test_the_file_runs_as_it_is(tmp_path: Path, name: str, arguments: list[str], words: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        cwd=tmp_path,
        env=environment_in(tmp_path, PATH=path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert words in done.stdout


def test_the_page_lists_every_example() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in EXAMPLES.iterdir() if path.is_file()} - {"README.md"}
    assert {name for name in files if f"({name})" not in page} == set()
    assert (CHECKOUT / "README.md").read_text(encoding="utf-8").count("(examples/README.md)") == 1
