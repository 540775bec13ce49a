"""Saving results: at once when they are small, as a job when they are large, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.faulty_transport import open_box
from tests.support.file_server import FILM, HURRIED, SHA256, open_depot


async def test_a_small_result_is_saved_at_once_and_not_listed(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box) as depot:
        depot.storage.film = b"short"
        job = await depot.spoken()
        first = await depot.ask("download_result", job_id=job, name="hello")
        assert first.data["job_id"] == job
        assert depot.saved() == {"hello.mp3": b"short"}
        assert not any(each.startswith("download:") for each in await depot.listed())
        # The same call once more is the same file, for as long as it is there as it was saved.
        assert (await depot.ask("download_result", job_id=job, name="hello")).data == first.data
        (depot.output / "hello.mp3").write_bytes(b"edited")
        await depot.ask("download_result", job_id=job, name="hello")
        assert depot.saved() == {"hello.mp3": b"edited", "hello-2.mp3": b"short"}


async def test_a_large_result_is_a_job_that_tells_how_far_it_is(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box, call_seconds=HURRIED) as depot:
        depot.storage.hold = 3
        job = await depot.spoken()
        started = await depot.ask("download_result", job_id=job, name="film")
        handle = started.data["job_id"]
        assert handle.startswith("download:00000000ffffffff")
        assert started.data["state"] == "running"
        assert started.data["progress"] == pytest.approx(1 / 3, abs=0.01)
        assert "3.0 of 9.0 MB" in started.text
        assert (await depot.listed())[handle] == "running"
        assert (await depot.ask("download_result", job_id=job, name="film")).data["job_id"] == handle
        assert set(depot.saved()) == {f".a2e-{handle.partition(':')[2]}-0.part"}

        depot.storage.go.set()
        done = await depot.ended(handle)
        (file,) = done.data["files"]
        assert (file["bytes"], file["sha256"]) == (len(FILM), SHA256)
        assert str(depot.output / "film.mp3") in done.text
        assert SHA256[:12] in done.text
        assert depot.saved() == {"film.mp3": FILM}
        assert (await depot.ask("download_result", job_id=job, name="film")).data["files"] == [file]
        assert depot.storage.asked == [""]
        assert (await depot.ask("list_spending")).data["starts"] == 1


async def test_a_broken_line_is_gone_on_with_where_it_broke(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box) as depot:
        depot.storage.cut = [4, 2]
        answer = await depot.ask("download_result", job_id=await depot.spoken(), name="Ein Stück.mov")
        assert answer.data["files"][0]["sha256"] == SHA256
        assert set(depot.saved()) == {"Ein-Stück.mp3"}
        assert depot.storage.asked == ["", f"bytes={4 * 2**20}-", f"bytes={6 * 2**20}-"]


async def test_a_file_that_has_changed_meanwhile_is_fetched_anew(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box, call_seconds=HURRIED) as depot:
        job = await depot.spoken()
        depot.storage.hold = 4
        handle = (await depot.ask("download_result", job_id=job, name="film")).data["job_id"]
    async with open_box(tmp_path) as box, open_depot(tmp_path, box) as depot:
        depot.storage.tag, depot.storage.film = '"two"', FILM[::-1]
        await depot.ended(handle)
        assert depot.saved() == {"film.mp3": FILM[::-1]}


@pytest.mark.parametrize("ranges", [True, False], ids=["with ranges", "without ranges"])
async def test_a_download_goes_on_after_a_restart(tmp_path: Path, *, ranges: bool) -> None:
    async with open_box(tmp_path) as box:
        async with open_depot(tmp_path, box, call_seconds=HURRIED) as depot:
            job = await depot.spoken()
            depot.storage.hold = 4
            handle = (await depot.ask("download_result", job_id=job, name="film")).data["job_id"]
        async with open_depot(tmp_path, box) as depot:
            depot.storage.ranges = ranges
            done = await depot.ended(handle)
            assert done.data["files"][0]["sha256"] == SHA256
            assert depot.storage.asked == [f"bytes={4 * 2**20}-"]
            assert depot.saved() == {"film.mp3": FILM}


async def test_a_download_whose_server_died_is_gone_on_with_by_another(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box, call_seconds=HURRIED) as dead:
        dead.storage.hold = 4
        job = await dead.spoken()
        handle = (await dead.ask("download_result", job_id=job, name="film")).data["job_id"]
        async with open_depot(tmp_path, box, beat_seconds=0.02) as depot:
            # As long as the other one says that it is at it, it is left alone.
            assert (await depot.ask("check_status", job_id=handle)).data["state"] == "running"
            assert depot.storage.asked == []
            assert "Another server" in await depot.refuse("delete_job", job_id=handle)
            depot.clock.ahead += 31
            await depot.ended(handle)
            assert depot.saved()["film.mp3"] == FILM


async def test_a_download_that_is_deleted_leaves_nothing_behind(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box, call_seconds=HURRIED) as depot:
        depot.storage.hold = 4
        job = await depot.spoken()
        handle = (await depot.ask("download_result", job_id=job, name="film")).data["job_id"]
        deleted = await depot.ask("delete_job", job_id=handle)
        assert "was stopped" in deleted.text
        assert "nothing is refunded" in deleted.text
        assert depot.saved() == {}
        assert handle not in await depot.listed()
        assert (await depot.ask("check_status", job_id=handle)).data["state"] == "failed"
        depot.storage.hold = None
        await depot.ask("download_result", job_id=job, name="film")
        assert depot.saved() == {"film.mp3": FILM}


async def test_deleting_a_finished_download_keeps_what_was_saved(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box, call_seconds=HURRIED) as depot:
        depot.storage.hold = 1
        handle = (await depot.ask("download_result", job_id=await depot.spoken(), name="film")).data["job_id"]
        depot.storage.go.set()
        await depot.ended(handle)
        assert "stays where it is" in (await depot.ask("delete_job", job_id=handle)).text
        assert (depot.saved(), handle in await depot.listed()) == ({"film.mp3": FILM}, False)


@pytest.mark.parametrize("told", ["9437200", str(2**40)], ids=["longer than it is", "endless"])
async def test_a_wrong_length_leaves_no_file(tmp_path: Path, told: str) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box) as depot:
        depot.storage.headers = {"content-length": told}
        depot.storage.ranges = False
        sentence = await depot.refuse("download_result", job_id=await depot.spoken(), name="film")
        assert "broke off" in sentence or "is larger than 4 GB" in sentence
        assert "film.mp3" not in depot.saved()


async def test_a_download_that_failed_goes_on_when_it_is_asked_for_again(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box, open_depot(tmp_path, box) as depot:
        depot.storage.cut = [3, *[0] * 7]
        job = await depot.spoken()
        assert "What has come is kept" in await depot.refuse("download_result", job_id=job, name="film")
        assert depot.clock.pauses[-6:] == [1.0, 2.0, 5.0, 15.0, 30.0, 60.0]
        await depot.ask("download_result", job_id=job, name="film")
        assert depot.storage.asked[-1] == f"bytes={3 * 2**20}-"
        assert depot.saved() == {"film.mp3": FILM}


async def test_a_link_in_the_place_of_what_is_arriving_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    async with open_box(tmp_path) as box:
        async with open_depot(tmp_path, box, call_seconds=HURRIED) as depot:
            depot.storage.hold = 4
            job = await depot.spoken()
            handle = (await depot.ask("download_result", job_id=job, name="film")).data["job_id"]
        (part,) = depot.output.iterdir()
        part.unlink()
        part.symlink_to(victim)
        async with open_depot(tmp_path, box) as depot:
            await depot.ended(handle)
    assert victim.read_bytes() == b"mine"
