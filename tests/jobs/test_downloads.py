"""Saving results: at once when they are small, as a job when they are large, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.faulty_transport import open_test_sandbox
from tests.support.file_server import LARGE_VIDEO, SHA256, SHORT_CALL_SECONDS, connect_server_with_storage
from tests.support.server import open_server
from tests.support.systems import UNIX


async def test_a_small_result_is_saved_at_once_and_not_listed(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.content = b"ID3 short"
        job = await server.finished_speech()
        first = await server.ask("download_result", job_id=job, name="hello")
        assert first.data["job_id"] == job
        assert server.saved() == {"hello.mp3": b"ID3 short"}
        assert not any(each.startswith("download:") for each in await server.listed())
        # The same call once more is the same file, for as long as it is there as it was saved.
        assert (await server.ask("download_result", job_id=job, name="hello")).data == first.data
        (server.output / "hello.mp3").write_bytes(b"edited")
        await server.ask("download_result", job_id=job, name="hello")
        assert server.saved() == {"hello.mp3": b"edited", "hello-2.mp3": b"ID3 short"}


async def test_a_large_result_is_a_job_that_tells_how_far_it_is(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server,
    ):
        server.storage.hold = 3
        job = await server.finished_speech()
        started = await server.ask("download_result", job_id=job, name="film")
        job_id = started.data["job_id"]
        assert job_id.startswith("download:00000000ffffffff")
        assert started.data["state"] == "running"
        await server.held()
        same = await server.ask("download_result", job_id=job, name="film")
        assert same.data["job_id"] == job_id
        assert same.data["progress"] == pytest.approx(1 / 3, abs=0.01)
        assert "3.0 of 9.0 MB" in same.text
        assert (await server.listed())[job_id] == "running"
        assert set(server.saved()) == {f".a2e-{job_id.partition(':')[2]}-0.part"}

        server.storage.go.set()
        done = await server.finish_soon(job_id)
        (file,) = done.data["files"]
        assert (file["bytes"], file["sha256"]) == (len(LARGE_VIDEO), SHA256)
        assert str(server.output / "film.mp3") in done.text
        assert SHA256[:12] in done.text
        assert server.saved() == {"film.mp3": LARGE_VIDEO}
        assert (await server.ask("download_result", job_id=job, name="film")).data["files"] == [file]
        assert server.storage.asked == [""]
        assert (await server.ask("list_spending")).data["starts"] == 1


async def test_a_broken_line_is_gone_on_with_where_it_broke(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.cut = [4, 2]
        answer = await server.ask("download_result", job_id=await server.finished_speech(), name="Ein Stück.mov")
        assert answer.data["files"][0]["sha256"] == SHA256
        assert set(server.saved()) == {"Ein-Stück.mp3"}
        assert server.storage.asked == ["", f"bytes={4 * 2**20}-", f"bytes={6 * 2**20}-"]


async def test_a_file_that_has_changed_meanwhile_is_fetched_anew(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server,
    ):
        job = await server.finished_speech()
        server.storage.hold = 4
        job_id = (await server.ask("download_result", job_id=job, name="film")).data["job_id"]
        await server.held()
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.tag, server.storage.content = '"two"', LARGE_VIDEO[:12] + LARGE_VIDEO[:11:-1]
        await server.finish_soon(job_id)
        assert server.saved() == {"film.mp3": server.storage.content}


@pytest.mark.parametrize("ranges", [True, False], ids=["with ranges", "without ranges"])
async def test_a_download_continues_after_a_restart(tmp_path: Path, *, ranges: bool) -> None:
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server:
            job = await server.finished_speech()
            server.storage.hold = 4
            job_id = (await server.ask("download_result", job_id=job, name="film")).data["job_id"]
            await server.held()
        async with connect_server_with_storage(tmp_path, sandbox) as server:
            server.storage.ranges = ranges
            done = await server.finish_soon(job_id)
            assert done.data["files"][0]["sha256"] == SHA256
            assert server.storage.asked == [f"bytes={4 * 2**20}-"]
            assert server.saved() == {"film.mp3": LARGE_VIDEO}


async def test_a_download_whose_server_died_is_gone_on_with_by_another(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as dead,
    ):
        dead.storage.hold = 4
        job = await dead.finished_speech()
        job_id = (await dead.ask("download_result", job_id=job, name="film")).data["job_id"]
        await dead.held()
        async with connect_server_with_storage(tmp_path, sandbox, beat_seconds=0.02) as server:
            # As long as the other one says that it is at it, it is left alone.
            assert (await server.ask("check_status", job_id=job_id)).data["state"] == "running"
            assert server.storage.asked == []
            assert "Another server" in await server.refuse("delete_job", job_id=job_id)
            server.clock.ahead += 31
            await server.finish_soon(job_id)
            assert server.saved()["film.mp3"] == LARGE_VIDEO


async def test_a_download_that_is_deleted_leaves_nothing_behind(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server,
    ):
        server.storage.hold = 4
        job = await server.finished_speech()
        job_id = (await server.ask("download_result", job_id=job, name="film")).data["job_id"]
        await server.held()
        deleted = await server.ask("delete_job", job_id=job_id)
        assert "was stopped" in deleted.text
        assert "nothing is refunded" in deleted.text
        assert server.saved() == {}
        assert job_id not in await server.listed()
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "failed"
        server.storage.hold = None
        await server.ask("download_result", job_id=job, name="film")
        assert server.saved() == {"film.mp3": LARGE_VIDEO}


async def test_deleting_a_finished_download_keeps_what_was_saved(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server,
    ):
        server.storage.hold = 1
        job_id = (await server.ask("download_result", job_id=await server.finished_speech(), name="film")).data[
            "job_id"
        ]
        await server.held()
        server.storage.go.set()
        await server.finish_soon(job_id)
        assert "stays where it is" in (await server.ask("delete_job", job_id=job_id)).text
        assert (server.saved(), job_id in await server.listed()) == ({"film.mp3": LARGE_VIDEO}, False)


@pytest.mark.parametrize("told", ["9437200", str(2**40)], ids=["longer than it is", "endless"])
async def test_a_wrong_length_leaves_no_file(tmp_path: Path, told: str) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.headers = {"content-length": told}
        server.storage.ranges = False
        sentence = await server.refuse("download_result", job_id=await server.finished_speech(), name="film")
        assert "was interrupted" in sentence or "is larger than 4 GB" in sentence
        assert "film.mp3" not in server.saved()


async def test_a_download_that_failed_continues_when_it_is_asked_for_again(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.cut = [3, *[0] * 7]
        job = await server.finished_speech()
        assert "The received part is kept" in await server.refuse("download_result", job_id=job, name="film")
        assert server.clock.pauses[-6:] == [1.0, 2.0, 5.0, 15.0, 30.0, 60.0]
        await server.ask("download_result", job_id=job, name="film")
        assert server.storage.asked[-1] == f"bytes={3 * 2**20}-"
        assert server.saved() == {"film.mp3": LARGE_VIDEO}


async def test_a_link_in_the_place_of_what_is_arriving_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server:
            server.storage.hold = 4
            job = await server.finished_speech()
            job_id = (await server.ask("download_result", job_id=job, name="film")).data["job_id"]
            await server.held()
        (part,) = server.output.iterdir()
        part.unlink()
        part.symlink_to(victim)
        async with connect_server_with_storage(tmp_path, sandbox) as server:
            await server.finish_soon(job_id)
    assert victim.read_bytes() == b"mine"


async def test_a_name_that_had_to_be_changed_is_said(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.content = b"ID3 short"
        job = await server.finished_speech()
        for given, saved in (("/a/b/x.mp3", "a-b-x.mp3"), ("clip.mov", "clip.mp3"), ("a b", "a-b.mp3")):
            answer = await server.ask("download_result", job_id=job, name=given)
            assert f"The name is {saved} instead of {given}" in answer.text
            assert saved in answer.data["notice"]
        for kept in ({"name": "hello"}, {"name": "film.mp3"}, {}):
            answer = await server.ask("download_result", job_id=job, **kept)
            assert "instead of" not in answer.text
            assert "notice" not in answer.data
        other = await server.ask("generate_speech", script="Good evening.", voice="Aria (en-US)")
        await server.finish_soon(other.data["job_id"])
        answer = await server.ask("download_result", job_id=other.data["job_id"], name="hello")
        assert "The name is hello-2.mp3 instead of hello" in answer.text


@UNIX
async def test_a_saved_file_is_as_private_as_any_new_file(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.content = b"ID3 short"
        job = await server.finished_speech()
        before = os.umask(0o077)
        try:
            for mask, mode in ((0o077, 0o600), (0o027, 0o640), (0o022, 0o644)):
                os.umask(mask)
                await server.ask("download_result", job_id=job, name=f"{mask:o}")
                assert (server.output / f"{mask:o}.mp3").stat().st_mode & 0o777 == mode
        finally:
            os.umask(before)


async def test_results_of_one_title_are_numbered_and_have_no_id_in_their_names(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        made = await server.ask("start_text_to_image", prompt="boat", count=2, title="Boats")
        names = []
        for row in made.data["jobs"]:
            await server.finish(row["job_id"])
            saved = await server.ask("download_result", job_id=row["job_id"])
            names.append(Path(saved.data["files"][0]["path"]).stem)
    assert names == ["Boats", "Boats-2"]
