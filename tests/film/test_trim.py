"""A part of a video: copied without loss where that is exact, else made anew, and exact either way."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from a2e_mcp.film.engine.trim import trim
from a2e_mcp.film.orders import FilmClip, TrimOrder
from a2e_mcp.media.word_tags import words_to_tag
from tests.support.clips import Watched, starts_in, watch, write_clip
from tests.support.films import failed_film, make_film
from tests.support.server import ServerUnderTest, open_server


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
        assert "talk.mp4 is only 6 s long." in refused


SCRIPT = "Welcome to the show. Today, we talk about the sea!"


async def captioned(server: ServerUnderTest, video: str) -> tuple[str, str]:
    """The answer and the captions of a film whose words are to be known already."""
    ended, path = await make_film(server, "add_captions", video=video)
    return ended.text, path.with_suffix(".srt").read_text("utf-8")


def without_tags(path: Path) -> None:
    """Take from a file what the sandbox has written into it about its words, as A2E's own files have none."""
    bare = path.with_name("bare.mp4")
    with av.open(str(path)) as container, av.open(str(bare), "w") as made:
        copies = {stream.index: made.add_stream_from_template(stream) for stream in container.streams}
        for packet in container.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                made.mux(packet)
    bare.replace(path)


@pytest.mark.parametrize("is_tagged", [True, False])
async def test_what_is_said_in_a_part_is_known_of_the_job_and_the_file_and_films_of_it(
    tmp_path: Path, *, is_tagged: bool
) -> None:
    async with open_server(tmp_path) as server:
        voices = (await server.ask("list_voices", language="en-US")).data["voices"]
        begun = await server.ask("start_avatar_video", script=SCRIPT, voice=voices[0]["id"], avatar="Ada")
        job = await server.finish(begun.data["job_id"])
        saved = await server.ask("download_result", job_id=job.data["job_id"])
        whole = Path(saved.data["files"][0]["path"])
        if not is_tagged:
            without_tags(whole)
        _, subtitles = await captioned(server, str(whole))
        today = starts_in(subtitles)[-1]
        assert today > 0.5, subtitles
        # By its job and by its file: the words of the part only, at their times in it.
        ended, part = await make_film(server, "trim_video", video=str(whole), start=f"{today - 0.2:.2f}", name="part")
        assert [set(file) for file in ended.data["files"]] == [{"path", "bytes", "sha256"}]
        for video in (ended.data["job_id"], str(part)):
            text, subtitles = await captioned(server, video)
            assert "Today, we talk" in subtitles
            assert "show" not in subtitles
            assert starts_in(subtitles)[0] == pytest.approx(0.2, abs=0.1)
            assert ("estimated" in text) is not is_tagged
        # A film of the part, and a part of that film.
        ended, _ = await make_film(server, "compose_video", clips=[ended.data["job_id"], str(whole)], name="film")
        ended, _ = await make_film(server, "trim_video", video=ended.data["job_id"], end="-0.1")
        text, subtitles = await captioned(server, ended.data["job_id"])
        said = " ".join(subtitles.split())
        assert said.count("Today, we talk") == 2
        assert said.count("Welcome to the show.") == 1
        assert said.index("Today,") < said.index("Welcome")
        assert ("estimated" in text) is not is_tagged


async def test_a_part_that_is_copied_has_its_own_times(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        tags = words_to_tag([("Good", 0.4, 0.8), ("morning.", 0.9, 1.4), ("Good", 2.5, 2.9), ("night.", 3.0, 3.5)])
        bursts = ((0.4, 1.4), (2.5, 3.5))
        write_clip(server.inbox / "talk.mp4", seconds=4, bursts=bursts, key_every=25, tags=tags)
        ended, part = await make_film(server, "trim_video", video="talk.mp4", start="0:02")
        assert "copied without loss" in ended.text
        _, subtitles = await captioned(server, str(part))
        assert subtitles.split() == ["1", "00:00:00,500", "-->", "00:00:01,800", "Good", "night."]
