"""A part of a video: copied without loss where that is exact, else made anew, and exact either way."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from a2e_mcp.film.engine.trim import trim
from a2e_mcp.film.orders import FilmClip, TrimOrder
from tests.support.clips import Watched, watch, write_clip
from tests.support.films import failed_film, make_film
from tests.support.server import open_server


def trimmed(folder: Path, clip: Path, start: float, end: float | None) -> tuple[str, Watched]:
    output = folder / "part.mp4"
    part = FilmClip(path=str(clip), name=clip.name, start=start, end=end)
    made = trim(TrimOrder(output=str(output), clip=part), lambda _: None)
    return made.note, watch(output)


def packets_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size]


def test_a_cut_at_key_frames_copies_the_streams(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", seconds=6, marks=(2.4, 3.2), key_every=25)
    note, film = trimmed(tmp_path, clip, 2, 4)
    assert "copied without loss" in note
    assert film.seconds == pytest.approx(2, abs=0.021)
    assert film.flash_times() == [pytest.approx(0.4, abs=0.021), pytest.approx(1.2, abs=0.021)]
    assert film.click_times() == [pytest.approx(0.4, abs=0.04), pytest.approx(1.2, abs=0.04)]
    assert set(packets_of(tmp_path / "part.mp4")) <= set(packets_of(clip))


@pytest.mark.parametrize(("start", "end"), [(1.3, 4.1), (0.0, 2.5), (2.2, None)])
def test_any_other_cut_is_exact_too(tmp_path: Path, start: float, end: float | None) -> None:
    clip = write_clip(tmp_path / "clip.mp4", seconds=6, marks=(2.4,), key_every=250)
    _, film = trimmed(tmp_path, clip, start, end)
    assert film.seconds == pytest.approx((6 if end is None else end) - start, abs=0.05)
    assert film.flash_times() == [pytest.approx(2.4 - start, abs=0.021)]
    assert film.click_times() == [pytest.approx(2.4 - start, abs=0.04)]
    # The sound is as loud as it was: only a finished film is brought to one loudness.
    begin = 2.4 - start
    before = watch(clip).loudness_from(2.4, 2.5)
    assert film.loudness_from(begin, begin + 0.1) == pytest.approx(before, abs=1.5)


async def test_trimmed_clips_never_take_the_place_of_a_file(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "talk.mp4", seconds=2)
        _, first = await make_film(server, "trim_video", video="talk.mp4", start="0:00.5", name="part")
        _, second = await make_film(server, "trim_video", video="talk.mp4", end="0:01", name="part.mp4")
        assert [first.name, second.name] == ["part.mp4", "part-2.mp4"]
        assert first.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    import os

    known = os.umask(0)
    os.umask(known)
    return known


@pytest.mark.parametrize(("arguments", "kept"), [({"end": "-2"}, (0.0, 4.0)), ({"start": "-0:02.5"}, (3.5, 6.0))])
async def test_a_moment_with_a_minus_counts_from_the_end(
    tmp_path: Path, arguments: dict[str, str], kept: tuple[float, float]
) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "talk.mp4", seconds=6, marks=(0.8, 2.4, 5.2))
        _, path = await make_film(server, "trim_video", video="talk.mp4", **arguments)
        film = watch(path)
        assert film.seconds == pytest.approx(kept[1] - kept[0], abs=0.05)
        flashes = [moment - kept[0] for moment in (0.8, 2.4, 5.2) if kept[0] < moment < kept[1]]
        assert film.flash_times() == [pytest.approx(moment, abs=0.05) for moment in flashes]
        refused = await failed_film(server, "trim_video", video="talk.mp4", start="-20")
        assert "talk.mp4 is only 6.0 s long." in refused
