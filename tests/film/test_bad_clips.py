"""What cannot become a film is said in one sentence, and nothing is lost or left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from a2e_mcp.errors import InputError
from a2e_mcp.film.cuts import ClipPart, read_clip, read_moment
from a2e_mcp.film.orders import ComposeOrder, FilmClip
from a2e_mcp.film.process import FilmFailure, carry_out
from tests.support.clips import GREEN, watch, write_clip, write_sound
from tests.support.films import failed_film, make_film
from tests.support.installing import says_to_install
from tests.support.media import png
from tests.support.paths import CHECKOUT
from tests.support.server import open_server
from tests.support.systems import LINUX


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("intro.mp4 0:02-0:09", ClipPart("intro.mp4", 2, 9)),
        ("intro.mp4 (0:02 - 0:09)", ClipPart("intro.mp4", 2, 9)),
        ("my film.mp4 1:02:03.5-1:02:04", ClipPart("my film.mp4", 3723.5, 3724)),
        ("intro.mp4 from 0:02 to 0:09", ClipPart("intro.mp4", 2, 9)),
        ("intro.mp4 00:00:02.000 --> 00:00:09.000", ClipPart("intro.mp4", 2, 9)),
        ("intro.mp4 (first 2 seconds)", ClipPart("intro.mp4", seconds=2)),
        ("intro.mp4@0:02-0:09", ClipPart("intro.mp4", 2, 9)),
        ("intro.mp4 @ 0:02-0:09", ClipPart("intro.mp4", 2, 9)),
        ("picture.png@4s", ClipPart("picture.png", seconds=4)),
        ("icon@2x.png", ClipPart("icon@2x.png")),
        ("https://example.com/@12s", ClipPart("https://example.com/@12s")),
        ("intro.mp4 last 2s", ClipPart("intro.mp4", start=-2)),
        ("intro.mp4 (the last 2.5 seconds)", ClipPart("intro.mp4", start=-2.5)),
        ("intro.mp4 2s-9s", ClipPart("intro.mp4", 2, 9)),
        ("intro.mp4 0:02-", ClipPart("intro.mp4", 2)),
        ("intro.mp4 -0:09", ClipPart("intro.mp4", 0, 9)),
        ("picture.png 4s", ClipPart("picture.png", seconds=4)),
        ("picture.png 2.5 seconds", ClipPart("picture.png", seconds=2.5)),
        ("take 1-2.mp4", ClipPart("take 1-2.mp4")),
        ("holiday 2024-2025.mp4", ClipPart("holiday 2024-2025.mp4")),
        ("'quoted name.mp4' 1-2", ClipPart("quoted name.mp4", 1, 2)),
        ("https://example.com/a.mp4?sig=1-2 0:01-0:02", ClipPart("https://example.com/a.mp4?sig=1-2", 1, 2)),
        ("avatar_video:000000006720d1f0a1b2c3d4 0:01-0:02", ClipPart("avatar_video:000000006720d1f0a1b2c3d4", 1, 2)),
    ],
)
def test_a_clip_is_read_as_people_write_it(text: str, part: ClipPart) -> None:
    assert read_clip(text) == part


async def test_the_last_seconds_and_a_part_after_an_at_sign_are_taken_and_a_blank_is_named(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "talk.mp4", seconds=4, marks=(1.2, 3.6))
        _, path = await make_film(server, "compose_video", clips=["talk.mp4 last 1s", "talk.mp4@0:01-0:02"])
        film = watch(path)
        assert film.seconds == pytest.approx(2, abs=0.05)
        assert film.flash_times() == [pytest.approx(0.6, abs=0.05), pytest.approx(1.2, abs=0.05)]
        assert "talk.mp4 is only 4 s long." in await failed_film(server, "compose_video", clips=["talk.mp4 last 9s"])
        text = await server.refuse("compose_video", clips=["talk.mp4", " "])
        assert text.startswith("clips: nothing was given. Give a file, a URL or a job_id")


@pytest.mark.parametrize("text", ["a.mp4 0:09-0:02", "a.png 0s"])
def test_a_part_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_clip(text)


@pytest.mark.parametrize("text", ["soon", "1:2:3:4", "-3", "1:xx"])
def test_a_moment_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_moment(text, "start")


async def test_each_bad_clip_is_named_with_its_reason(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "good.mp4", seconds=2)
        (server.inbox / "text.mp4").write_text("no video at all")
        write_sound(server.inbox / "song.wav", seconds=1, hertz=440)
        whole = (server.inbox / "good.mp4").read_bytes()
        (server.inbox / "cut.mp4").write_bytes(whole[: len(whole) // 2])
        assert "text.mp4" in await failed_film(server, "compose_video", clips=["good.mp4", "text.mp4"])
        assert "song.wav" in await failed_film(server, "compose_video", clips=["song.wav"])
        assert "it is incomplete" in await failed_film(server, "compose_video", clips=["cut.mp4"])
        past = await failed_film(server, "compose_video", clips=["good.mp4 0:01-0:09"])
        assert "good.mp4 is 2 s long, so it has nothing at 9 s" in past
        png(server.inbox)
        assert "picture.png" in await failed_film(server, "compose_video", clips=["good.mp4"], music="picture.png")
        assert "missing.mp4" in await failed_film(server, "compose_video", clips=["missing.mp4"])
        silent = write_clip(server.inbox / "silent.mp4", hertz=None)
        text = await failed_film(server, "compose_video", clips=["good.mp4"], music=silent.name)
        assert "silent.mp4 has no sound, so it cannot be the music" in text
        assert "Nothing would be cut" in await server.refuse("trim_video", video="good.mp4")
        assert [each for each in server.output.glob("**/*") if each.is_file()] == []
        # All of it has left the server as it was.
        await make_film(server, "compose_video", clips=["good.mp4"])


async def test_twenty_clips_of_different_shapes_and_rates_are_one_film(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        shapes = ((160, 90), (90, 160), (120, 120), (64, 160), (322, 182))
        rates: tuple[Fraction | int, ...] = (12, Fraction(24000, 1001), 25, 30, 50)
        for number in range(20):
            write_clip(
                server.inbox / f"{number}.mp4",
                seconds=0.4,
                size=shapes[number % 5],
                fps=rates[number * 3 % 5],
                hertz=None if number % 4 == 0 else 300,
                rate=(48_000, 44_100, 22_050)[number % 3],
            )
        clips = [f"{number}.mp4" for number in range(20)]
        _, path = await make_film(server, "compose_video", clips=clips, shape="1:1", fit="fill", transition="crossfade")
        film = watch(path)
        assert film.size[0] == film.size[1]
        assert film.seconds == pytest.approx(20 * 0.4 - 19 * 0.2, abs=0.8)
        assert abs(film.sound.shape[1] / 48_000 - film.seconds) < 0.05


async def test_the_sandboxs_word_stays_and_is_written_nowhere_else(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        tags = {"comment": "A2E sandbox render, synthetic, not made by A2E", "a2e_sandbox": "{}"}
        write_clip(server.inbox / "own.mp4", seconds=0.5, colour=GREEN)
        write_clip(server.inbox / "sandbox.mp4", seconds=0.5, tags=tags, size=(320, 180))
        _, path = await make_film(server, "compose_video", clips=["own.mp4", "sandbox.mp4"], shape="9:16", fit="fill")
        film = watch(path, width=180)
        assert film.tags["a2e_sandbox"] == "{}"
        # What filling the frame would have cut off stands there anew, on the sandbox's part only.
        corner = film.frames[:, int(film.frames.shape[1] * 0.85) :, film.frames.shape[2] // 2 :].min(3)
        assert corner[2].max() < 120
        assert corner[-3].max() > 200


@pytest.mark.parametrize("part", ["clip", "picture", "music", "logo", "none"])
async def test_a_film_says_that_it_is_the_sandboxs_when_any_part_of_it_is(tmp_path: Path, part: str) -> None:
    async with open_server(tmp_path) as server:
        tags = {"comment": "A2E sandbox render, synthetic, not made by A2E", "a2e_sandbox": "{}"}
        for name in ("clip", "music"):
            write_clip(server.inbox / f"{name}.mp4", seconds=0.5, tags=tags if part == name else {})
        for name in ("picture", "logo"):
            text = PngInfo()
            for key, value in tags.items() if part == name else ():
                text.add_text(key, value)
            with Image.new("RGB", (320, 180), "#208040") as image:
                image.save(server.inbox / f"{name}.png", pnginfo=text)
        wanted = {"clips": ["clip.mp4", "picture.png 0.5s"], "music": "music.mp4", "logo": "logo.png"}

        _, path = await make_film(server, "compose_video", **wanted)

        assert (watch(path).tags.get("a2e_sandbox") == "{}") is (part != "none")


async def test_a_picture_is_shown_as_long_as_was_asked_and_a_logo_lies_in_its_corner(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        png(server.inbox, "wide.png", (320, 180), "#208040")
        png(server.inbox, "logo.png", (60, 60), "#ff0000")
        wanted = {"clips": ["wide.png 1.5s"], "logo": "logo.png", "logo_position": "bottom_left", "title": "Hi"}
        _, path = await make_film(server, "compose_video", **wanted)
        film = watch(path)
        assert film.seconds == pytest.approx(2.5 + 1.5, abs=0.05)
        assert film.brightest_at(1.0) > 200
        red, green, _ = film.colour_at(3.5, across=0.07, down=0.86)
        assert red > 200
        assert green < 60


async def test_a_clip_that_ends_before_its_length_is_over_is_named(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "short.mp4", seconds=1)
        ended, _ = await make_film(server, "compose_video", clips=["short.mp4 5s"], title="Hi")
        assert "short.mp4 is shown for 1 s and not for 5 s, since it ends there." in ended.text
        ended, _ = await make_film(server, "compose_video", clips=["short.mp4 0.5s"])
        assert "is shown for" not in ended.text


async def test_silent_clips_and_those_with_bars_are_named_in_one_sentence_each(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for name, size in (("wide", (320, 180)), ("tall", (180, 320)), ("square", (200, 200))):
            write_clip(server.inbox / f"{name}.mp4", seconds=0.4, size=size, hertz=None)
        clips = ["wide.mp4", "tall.mp4", "square.mp4", "tall.mp4"]
        ended, _ = await make_film(server, "compose_video", clips=clips)
        assert "wide.mp4, tall.mp4 and square.mp4 have no sound." in ended.text
        bars = "tall.mp4 and square.mp4 have another shape than the film, so they have black bars; fit=fill crops them."
        assert bars in ended.text
        ended, _ = await make_film(server, "compose_video", clips=clips[:2], fit="fill")
        assert "68% of tall.mp4 lies outside the frame." in ended.text
        assert "bars" not in ended.text


async def test_what_of_a_clip_is_damaged_or_missing_is_said_with_its_name(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "whole.mp4", seconds=3)
        write_clip(server.inbox / "holed.mp4", seconds=4, left_out=range(40, 80))
        write_clip(server.inbox / "uneven.mp4", seconds=4, left_out=[each for each in range(1, 100) if each % 7])
        write_clip(server.inbox / "noisy.mp4", seconds=3, marks=(0.4, 0.8, 1.2, 1.6, 2.0))
        with av.open(str(server.inbox / "noisy.mp4")) as clip:
            packets = [(packet.pos or 0, packet.size) for packet in clip.demux(video=0) if packet.size]
        content = bytearray((server.inbox / "noisy.mp4").read_bytes())
        at, size = max(packets[1:], key=lambda packet: packet[1])
        content[at : at + size] = bytes(size)
        (server.inbox / "noisy.mp4").write_bytes(content)
        clips = ["whole.mp4", "holed.mp4", "uneven.mp4", "noisy.mp4"]
        ended, path = await make_film(server, "compose_video", clips=clips)
        assert "holed.mp4 is damaged: 1.6 s of its picture is missing." in ended.text
        assert "noisy.mp4 is damaged: 1 piece of its picture could not be read." in ended.text
        assert "whole.mp4 is" not in ended.text
        assert "uneven.mp4 is" not in ended.text
        assert watch(path).seconds == pytest.approx(14, abs=0.1)


@LINUX
async def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    import resource

    clip = write_clip(tmp_path / "clip.mp4", seconds=3)
    (tmp_path / "work").mkdir()

    def limit(process_id: int) -> None:
        resource.prlimit(process_id, resource.RLIMIT_FSIZE, (20_000, 20_000))

    order = ComposeOrder(output=str(tmp_path / "work" / "film.mp4"), clips=(FilmClip(path=str(clip), name="clip.mp4"),))
    with pytest.raises(FilmFailure, match=r"The disk is full, so the film was not finished") as failure:
        await carry_out(order, tmp_path / "logs", on_begin=limit)
    assert "charged" not in str(failure.value)


def test_without_the_extra_the_answer_names_the_line_that_installs_it() -> None:
    program = (
        "from a2e_mcp.errors import ExtraMissing\n"
        "from a2e_mcp.film.extra import check_extra\n"
        "try:\n    check_extra()\n"
        "except ExtraMissing as problem:\n    print(problem)\n"
    )
    # -S leaves the installed packages away; the standard library and ours are all there is.
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Films need the extra film. Run: ")
    assert says_to_install("a2e-mcp[film]", done.stdout)


async def test_a_worker_that_dies_costs_one_film(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", seconds=3)
    order = ComposeOrder(output=str(tmp_path / "film.mp4"), clips=(FilmClip(path=str(clip), name="clip.mp4"),))
    with pytest.raises(FilmFailure, match=r"The film worker ended unexpectedly"):
        await carry_out(order, tmp_path / "logs", on_begin=lambda process_id: os.kill(process_id, 9))
    assert (await carry_out(order, tmp_path / "logs")).seconds == pytest.approx(3, abs=0.1)
