"""What is heard: with the picture after any number of joins, at one loudness, with music that makes way for speech."""

from __future__ import annotations

import gc
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from a2e_mcp.film.engine.compose import compose
from a2e_mcp.film.engine.sound import LoudnessMeter, loudness_of
from a2e_mcp.film.orders import ComposeOrder, FilmClip, FilmMade, Music
from tests.support.clips import Watched, watch, write_clip, write_sound

RATES: tuple[Fraction | int, ...] = (Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30, 50, 60, 15, 12, 48, 25)
SAMPLE_RATES = (48_000, 44_100, 22_050, 32_000, 16_000, 48_000, 44_100, 24_000, 48_000, 44_100, 22_050)


def film_of(
    folder: Path, *clips: Path, music: Path | None = None, crossfades: bool = False
) -> tuple[FilmMade, Watched]:
    output = folder / "film.mp4"
    under = None if music is None else Music(path=str(music), name=music.name)
    order = ComposeOrder(
        output=str(output),
        clips=tuple(FilmClip(path=str(clip), name=clip.name) for clip in clips),
        transition="crossfade" if crossfades else "cut",
        music=under,
    )
    return compose(order, lambda _: None), watch(output)


@pytest.mark.parametrize(
    "crossfades", [pytest.param(False, id="cuts"), pytest.param(True, id="crossfades", marks=pytest.mark.long)]
)
def test_picture_and_sound_stay_together_after_ten_joins_of_mixed_rates(tmp_path: Path, crossfades: bool) -> None:
    clips = [
        write_clip(tmp_path / f"{number}.mp4", seconds=1.7, fps=fps, rate=rate, marks=(0.8,), size=(160, 90))
        for number, (fps, rate) in enumerate(zip(RATES, SAMPLE_RATES, strict=True))
    ]
    _, film = film_of(tmp_path, *clips, crossfades=crossfades)
    flashes, clicks = film.flash_times(), film.click_times()
    assert len(flashes) == len(clicks) == 11
    offsets = [flash - click for flash, click in zip(flashes, clicks, strict=True)]
    # A flash of a slow clip stands up to half of its own frame away from the click, before it is joined to anything.
    own = [0.5 / float(fps) for fps in RATES]
    late = [abs(offset) - slack for offset, slack in zip(offsets, own, strict=True)]
    assert max(late) <= 0.04, offsets
    # Nothing adds up from join to join.
    assert abs(np.mean(offsets[-4:]) - np.mean(offsets[:4])) < 0.03


def test_a_clip_of_uneven_frames_stays_with_its_sound(tmp_path: Path) -> None:
    # As phones and screen recorders write it: now 30 frames a second, now five, and once none for almost a second.
    kept = {0, 15, 72, *range(16, 40, 6), *range(66, 90)}
    uneven = write_clip(
        tmp_path / "vfr.mp4",
        seconds=3,
        fps=30,
        size=(160, 90),
        marks=(0.5, 2.4),
        left_out=[number for number in range(90) if number not in kept],
    )
    even = write_clip(tmp_path / "even.mp4", seconds=1, fps=25, size=(160, 90), marks=(0.4,))

    _, film = film_of(tmp_path, uneven, even, uneven)

    flashes, clicks = film.flash_times(), film.click_times()
    assert len(flashes) == len(clicks) == 5
    offsets = [flash - click for flash, click in zip(flashes, clicks, strict=True)]
    assert max(map(abs, offsets)) <= 0.04, offsets
    assert film.seconds == pytest.approx(7, abs=0.05)


def test_quiet_and_loud_clips_are_one_film_at_the_loudness_of_streaming(tmp_path: Path) -> None:
    quiet = write_clip(tmp_path / "quiet.mp4", seconds=3, level=0.02)
    loud = write_clip(tmp_path / "loud.mp4", seconds=3, level=0.7, rate=44_100)
    _, film = film_of(tmp_path, quiet, loud)
    whole = loudness_of(iter([film.sound]))
    assert whole == pytest.approx(-16, abs=1)
    parts = [loudness_of(iter([film.sound[:, begin : begin + 2 * 48_000]])) for begin in (24_000, 3 * 48_000 + 24_000)]
    assert parts == [pytest.approx(-16, abs=1.5)] * 2
    assert np.abs(film.sound).max() < 0.95


@pytest.mark.parametrize(
    ("pause", "fade", "note"),
    [(0.05, 0.1, "Cross-fades are shorter"), (0.15, 0.3, "Cross-fades are shorter"), (0.4, 0.5, "")],
)
def test_a_crossfade_covers_no_word(tmp_path: Path, pause: float, fade: float, note: str) -> None:
    first = write_clip(tmp_path / "first.mp4", seconds=2, hertz=300, bursts=((0.3, 1.0), (1.2, 2 - pause)))
    second = write_clip(tmp_path / "second.mp4", seconds=2, hertz=3000, bursts=((pause, 0.9), (1.1, 1.8)))

    made, film = film_of(tmp_path, first, second, crossfades=True)

    assert film.seconds == pytest.approx(4 - fade, abs=0.05)
    assert made.note.startswith(note) if note else not made.note
    ends, begins = 2 - pause, 2 - fade + pause
    # The last word is as loud as before until its end, the next one from its beginning, and not at the same time.
    assert film.level_of(300, ends - 0.1, ends - 0.01) == pytest.approx(film.level_of(300, 1.4, 1.5), abs=1)
    later = 2 - fade + 1.3
    heard = film.level_of(3000, begins + 0.03, begins + 0.12)
    assert heard == pytest.approx(film.level_of(3000, later, later + 0.1), abs=1.5)
    assert ends <= begins + 0.03


def test_sounds_without_a_pause_are_crossfaded_in_full(tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{hertz}.mp4", seconds=2, hertz=hertz) for hertz in (300, 3000)]

    made, film = film_of(tmp_path, *clips, crossfades=True)

    assert film.seconds == pytest.approx(3.5, abs=0.05)
    assert made.note == ""
    assert film.level_of(300, 1.9, 2.0) < film.level_of(300, 1.0, 1.1) - 6


def test_the_meter_measures_as_the_recommendation_says() -> None:
    """EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS."""
    times = np.arange(48_000 * 20) / 48_000
    sine = np.asarray(10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * times), np.float32)
    meter = LoudnessMeter()
    meter.add(np.tile(sine, (2, 1)))
    meter.add(None)
    assert meter.loudness == pytest.approx(-23, abs=0.1)


def test_music_is_lower_under_speech_and_as_long_as_the_film(tmp_path: Path) -> None:
    speech = write_clip(tmp_path / "speech.mp4", seconds=4, hertz=300)
    silent = write_clip(tmp_path / "silent.mp4", seconds=5, hertz=None)
    music = write_sound(tmp_path / "music.wav", seconds=3, hertz=3000)
    made, film = film_of(tmp_path, speech, silent, music=music)
    assert "music.wav is repeated" in made.note
    assert made.note.count("silent.mp4 has no sound.") == 1
    under = film.level_of(3000, 1.5, 3.5)
    alone = film.level_of(3000, 5.5, 6.5)
    assert 6 < alone - under < 12
    # It is faded out at the end, and heard until then although the file is shorter.
    assert film.level_of(3000, 8.8, 8.95) < alone - 6
    assert film.level_of(300, 1.5, 3.5) > under + 6
    assert loudness_of(iter([film.sound])) == pytest.approx(-16, abs=1)


def test_longer_music_ends_with_the_film(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", seconds=2, hertz=None)
    music = write_sound(tmp_path / "long.wav", seconds=30, hertz=500)
    made, film = film_of(tmp_path, clip, music=music)
    assert "long.wav is faded out at the film's end." in made.note
    assert film.seconds == pytest.approx(2, abs=0.05)
    assert abs(film.sound.shape[1] / 48_000 - 2) < 0.05


def test_a_film_without_any_sound_has_none(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", seconds=1, hertz=None)
    _, film = film_of(tmp_path, clip)
    assert film.sound.shape[1] == 0


def test_a_phones_clip_stands_upright_and_in_shape(tmp_path: Path) -> None:
    lying = write_clip(tmp_path / "lying.mp4", seconds=0.4, size=(320, 180), halves=((255, 0, 0), (0, 0, 255)))
    upright = turned(lying, tmp_path / "upright.mp4")
    _, film = film_of(tmp_path, upright)
    assert film.size == (180, 320)
    # Turned to the right, what was below is on the left.
    assert film.colour_at(0.1, across=0.2, down=0.5)[2] > 200
    assert film.colour_at(0.1, across=0.8, down=0.5)[0] > 200


def turned(clip: Path, to: Path) -> Path:
    """The clip with a header that says it is to be shown a quarter turned to the right, as phones write it."""
    content = bytearray(clip.read_bytes())
    matrix = content.index(b"tkhd") + 44
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    to.write_bytes(content)
    return to


def test_a_film_holds_a_few_frames_at_a_time_however_many_clips_it_has(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", seconds=0.5, fps=30)
    held: list[int] = []

    def count(share: float) -> None:
        # Not before the end, where most would have come together.
        if share > 0.9 and not held:
            held.append(sum(isinstance(each, av.VideoFrame) for each in gc.get_objects()))

    order = ComposeOrder(output=str(tmp_path / "film.mp4"), clips=(FilmClip(path=str(clip), name="clip.mp4"),) * 12)
    gc.collect()
    gc.disable()
    try:
        compose(order, count)
    finally:
        gc.enable()
    assert held[0] < 12
