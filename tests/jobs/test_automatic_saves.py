"""A2E_SAVE=auto: results are saved once, each answer says where, and nothing fails because of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.faulty_transport import open_test_sandbox
from tests.support.file_server import LARGE_VIDEO, SHORT_CALL_SECONDS, connect_server_with_storage


@pytest.mark.parametrize("tool", ["check_status", "wait_for_job"])
async def test_a_job_that_is_seen_to_have_succeeded_is_saved_once(tmp_path: Path, tool: str) -> None:
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server_with_storage(tmp_path, sandbox, save="auto") as server:
            server.storage.content = b"ID3 short"
            job = await server.finished_speech()
            asked = {"job_ids": [job]} if tool == "wait_for_job" else {"job_id": job}
            first, second = await server.ask(tool, **asked), await server.ask(tool, **asked)
            (path,) = server.output.iterdir()
            assert path.read_bytes() == b"ID3 short"
            for answer in (first, second):
                assert f"Saved {path} (1 KB, sha256 " in answer.text
                assert (answer.data["job_id"], answer.data["state"]) == (job, "succeeded")
            path.unlink()
            assert "Saved" not in (await server.ask(tool, **asked)).text
        async with connect_server_with_storage(tmp_path, sandbox, save="auto") as server:
            assert "Saved" not in (await server.ask(tool, **asked)).text
            assert server.saved() == {}
            await server.ask("download_result", job_id=job)
            assert len(server.saved()) == 1


async def test_nothing_is_saved_unless_it_is_asked_for(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server_with_storage(tmp_path, sandbox) as server:
            job = await server.finished_speech()
            assert "Saved" not in (await server.ask("check_status", job_id=job)).text
        async with connect_server_with_storage(tmp_path, sandbox, save="auto", read_only=True) as server:
            assert "Saved" not in (await server.ask("check_status", job_id=job)).text
            assert server.saved() == {}


async def test_a_large_result_is_saved_as_a_job(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS, save="auto") as server,
    ):
        server.storage.hold = 2
        job = await server.finished_speech()
        answer = await server.ask("check_status", job_id=job)
        assert answer.data["state"] == "succeeded"
        job_id = answer.text.partition("Saving in the background as ")[2].partition(". ")[0].split(".")[0]
        server.storage.go.set()
        await server.finish_soon(job_id)
        assert list(server.saved().values()) == [LARGE_VIDEO]
        assert "Saved " in (await server.ask("check_status", job_id=job)).text


async def test_a_result_that_cannot_be_saved_is_a_finished_job_all_the_same(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is wanted")
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, save="auto", output=blocked / "x") as server,
    ):
        job = await server.finished_speech()
        for _ in range(2):
            answer = await server.ask("check_status", job_id=job)
            assert answer.data["state"] == "succeeded"
            assert "Not saved:" in answer.text
            assert "cannot be written" in answer.text
            assert "Retry with download_result" in answer.text


async def test_a_result_that_could_not_be_saved_is_saved_at_the_next_look(tmp_path: Path) -> None:
    output = tmp_path / "there" / "later"
    output.parent.write_text("a file where a folder is wanted")
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, save="auto", output=output) as server,
    ):
        server.storage.content = b"ID3 short"
        job = await server.finished_speech()
        assert "Not saved:" in (await server.ask("check_status", job_id=job)).text
        output.parent.unlink()
        for _ in range(2):
            answer = await server.ask("wait_for_job", job_ids=[job])
            assert f"Saved {output}" in answer.text
            assert len(server.saved()) == 1
        assert len([each for each in await server.listed() if each.startswith("download:")]) <= 1


async def test_a_dead_link_does_not_sound_as_if_there_were_no_result(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, save="auto") as server,
    ):
        job = await server.finished_speech()
        server.storage.status = 404
        answer = await server.ask("check_status", job_id=job)
        assert answer.data["state"] == "succeeded"
        assert "was made and paid for" in answer.text
        refusal = await server.refuse("download_result", job_id=job)
        assert "its link is dead, but the result was made and paid for. Do not start it again." in refusal
        assert "check_status returns a fresh one" in refusal
        server.storage.status = 200
        server.storage.content = b"ID3 short"
        assert "Saved " in (await server.ask("check_status", job_id=job)).text
