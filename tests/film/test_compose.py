"""Clips joined into a film, as a job like every other: made here, free, and found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.clips import BLUE, GREEN, RED, watch, with_matrix, write_clip, write_interlaced_clip
from tests.support.films import make_film
from tests.support.media import fetched
from tests.support.server import open_server


def near(found: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 24 for one, other in zip(found, wanted, strict=True))


async def test_clips_are_joined_in_order_with_their_parts(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "first.mp4", colour=RED, seconds=2)
        write_clip(server.inbox / "second.mp4", colour=GREEN, seconds=1.5, size=(240, 240), fps=30)
        clips = ["first.mp4 0:00.5-0:01.5", "second.mp4"]
        ended, path = await make_film(server, "compose_video", clips=clips, name="Joined")
        assert path == server.output / "Joined.mp4"
        film = watch(path)
        assert film.size == (320, 180)
        assert abs(film.seconds - 2.5) < 0.05
        assert near(film.colour_at(0.5), RED)
        assert near(film.colour_at(1.8), GREEN)
        # The square clip has black bars beside it.
        assert near(film.colour_at(1.8, across=0.05), (0, 0, 0))
        assert "SANDBOX" not in str(film.tags)
        assert ended.data["credits"] == 0
        served = await fetched(ended.links[0], range="bytes=0-99")
        assert (served.status_code, len(served.content)) == (206, 100)
        assert sorted(each.name for each in server.output.iterdir()) == ["Joined.mp4"]


async def test_what_people_write_for_clips_and_shapes_is_understood(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "first.mp4", seconds=0.6)
        with Image.new("RGB", (64, 64), "#ff0000") as one, Image.new("RGB", (64, 64), "#00ff00") as other:
            one.save(server.inbox / "moving.gif", save_all=True, append_images=[other], duration=100)
        wanted = {"clips": "first.mp4 0:00-0:00.4, moving.gif 1s", "shape": "portrait", "transition": "fade"}
        ended, path = await make_film(server, "compose_video", **wanted)
        assert "moving.gif stands still" in ended.text
        film = watch(path)
        assert film.size[0] / film.size[1] == pytest.approx(9 / 16, rel=0.02)
        assert film.seconds == pytest.approx(0.4 + 1 - 0.2, abs=0.05)


async def test_the_same_film_is_made_once_while_its_file_lives(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "first.mp4", seconds=0.4)
        wanted = {"clips": ["first.mp4", "first.mp4"], "name": "Twice"}
        first, path = await make_film(server, "compose_video", **wanted)
        again = await server.ask("compose_video", **wanted)
        assert again.data["job_id"] == first.data["job_id"]
        assert "same film" in again.data["notice"]
        path.unlink()
        second, other = await make_film(server, "compose_video", **wanted)
        assert second.data["job_id"] != first.data["job_id"]
        assert other == path
        jobs = (await server.ask("list_jobs", family="film")).data["jobs"]
        assert {row["state"] for row in jobs} == {"succeeded"}
        spending = (await server.ask("list_spending")).data
        assert spending["total"] == 0


async def test_a_film_is_deleted_from_the_list_and_its_file_stays(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "first.mp4", seconds=0.4, colour=BLUE)
        ended, path = await make_film(server, "compose_video", clips=["first.mp4"])
        deleted = await server.ask("delete_job", job_id=ended.data["job_id"])
        assert "stays where it is" in deleted.text
        assert path.exists()
        assert (await server.ask("list_jobs", family="film")).data["jobs"] == []


async def test_deep_greys_plain_inks_and_mirrored_clips_look_as_they_should(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        levels = np.linspace(0, 65535, 320 * 180).reshape(180, 320)
        Image.fromarray(levels.astype(np.uint16)).save(server.inbox / "deep.png")
        Image.fromarray((levels / 65535).astype(np.float32)).save(server.inbox / "floating.tif")
        write_clip(server.inbox / "mirrored.mp4", halves=(RED, GREEN), seconds=1)
        with_matrix(server.inbox / "mirrored.mp4", (-1, 0, 0, 1))
        write_clip(server.inbox / "flipped.mp4", halves=(RED, GREEN), seconds=1)
        with_matrix(server.inbox / "flipped.mp4", (1, 0, 0, -1))
        clips = ["deep.png 1s", "floating.tif 1s", "mirrored.mp4", "flipped.mp4"]
        _, path = await make_film(server, "compose_video", clips=clips)
        film = watch(path)
        for moment in (0.5, 1.5):
            assert near(film.colour_at(moment, down=0.1), (25, 25, 25))
            assert near(film.colour_at(moment, down=0.5), (128, 128, 128))
            assert near(film.colour_at(moment, down=0.9), (230, 230, 230))
        assert near(film.colour_at(2.5, down=0.2), RED)
        assert near(film.colour_at(3.5, down=0.2), GREEN)


async def test_a_clip_that_cannot_be_read_from_its_beginning_again_is_joined_and_cut(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        # The picture begins later than the sound, and FFmpeg refuses to go back in it.
        write_clip(server.inbox / "late.flv", seconds=3, rate=44_100, left_out=(0, 1), marks=(2.4,))
        _, path = await make_film(server, "compose_video", clips=["late.flv 0:02-0:03"])
        film = watch(path)
        assert film.seconds == pytest.approx(1, abs=0.05)
        assert film.flash_times() == [pytest.approx(0.4, abs=0.05)]


async def test_lines_of_two_moments_are_shown_as_whole_pictures(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_interlaced_clip(server.inbox / "camcorder.mp4")
        _, path = await make_film(server, "compose_video", clips=["camcorder.mp4"])
        film = watch(path, width=320)
        rows = film.frames[10][20:160].astype(int).mean(2)
        # A line looks as the ones beside it, where before each second one was five pixels further.
        assert np.abs(rows[1:] - rows[:-1]).max() < 90
        assert rows.max() > 200
        assert film.seconds == pytest.approx(1, abs=0.05)
