"""A2E_SAVE=auto: results are saved once, each answer says where, and nothing fails because of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.faulty_transport import open_box
from tests.support.file_server import FILM, HURRIED, open_depot


@pytest.mark.parametrize("tool", ["check_status", "wait_for_job"])
async def test_a_job_that_is_seen_to_have_succeeded_is_saved_once(tmp_path: Path, tool: str) -> None:
    async with open_box(tmp_path) as box:
        async with open_depot(tmp_path, box, save="auto") as depot:
            depot.storage.film = b"short"
            job = await depot.spoken()
            asked = {"job_ids": [job]} if tool == "wait_for_job" else {"job_id": job}
            first, second = await depot.ask(tool, **asked), await depot.ask(tool, **asked)
            (path,) = depot.output.iterdir()
            assert path.read_bytes() == b"short"
            for answer in (first, second):
                assert f"Saved {path} (1 KB, sha256 " in answer.text
                assert (answer.data["job_id"], answer.data["state"]) == (job, "succeeded")
            path.unlink()
            assert "Saved" not in (await depot.ask(tool, **asked)).text
        async with open_depot(tmp_path, box, save="auto") as depot:
            assert "Saved" not in (await depot.ask(tool, **asked)).text
            assert depot.saved() == {}
            await depot.ask("download_result", job_id=job)
            assert len(depot.saved()) == 1


async def test_nothing_is_saved_unless_it_is_asked_for(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box:
        async with open_depot(tmp_path, box) as depot:
            job = await depot.spoken()
            assert "Saved" not in (await depot.ask("check_status", job_id=job)).text
        async with open_depot(tmp_path, box, save="auto", read_only=True) as depot:
            assert "Saved" not in (await depot.ask("check_status", job_id=job)).text
            assert depot.saved() == {}


async def test_a_large_result_is_saved_as_a_job(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box, call_seconds=HURRIED, save="auto") as depot:
        depot.storage.hold = 2
        job = await depot.spoken()
        answer = await depot.ask("check_status", job_id=job)
        assert answer.data["state"] == "succeeded"
        handle = answer.text.partition("Being saved as ")[2].partition(". ")[0].split(".")[0]
        depot.storage.go.set()
        await depot.ended(handle)
        assert list(depot.saved().values()) == [FILM]
        assert "Saved " in (await depot.ask("check_status", job_id=job)).text


async def test_a_result_that_cannot_be_saved_is_a_finished_job_all_the_same(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is wanted")
    async with open_box(tmp_path) as box, open_depot(tmp_path, box, save="auto", output=blocked / "x") as depot:
        job = await depot.spoken()
        for _ in range(2):
            answer = await depot.ask("check_status", job_id=job)
            assert answer.data["state"] == "succeeded"
            assert "Not saved:" in answer.text
            assert "cannot be written" in answer.text
            assert "download_result tries again" in answer.text
