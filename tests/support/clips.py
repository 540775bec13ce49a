"""Small clips, sounds and pictures for films, made by code, and what is found in finished ones."""

from __future__ import annotations

import re
import struct
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]
RED, GREEN, BLUE, WHITE = (200, 40, 40), (40, 180, 60), (40, 60, 200), (255, 255, 255)
_TIMES = re.compile(r"(\d\d):(\d\d):(\d\d),(\d{3}) --> ")


def write_clip(
    path: Path,
    *,
    seconds: float = 1.0,
    size: tuple[int, int] = (320, 180),
    fps: Fraction | int = 25,
    colour: Colour = RED,
    halves: tuple[Colour, Colour] | None = None,
    hertz: float | None = 440.0,
    rate: int = 48_000,
    level: float = 0.2,
    marks: Sequence[float] = (),
    bursts: Sequence[tuple[float, float]] = (),
    key_every: int = 250,
    left_out: Sequence[int] = (),
    tags: dict[str, str] | None = None,
) -> Path:
    """A clip of one colour and a tone, without a sound for no `hertz`.

    Its upper and lower `halves` may have a colour each. With `marks` it has white frames and clicks at these moments,
    with `bursts` the tone only between these. The frames `left_out` are not there: the ones before them stand longer.
    """
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update(tags or {})
        video = container.add_stream("libx264", rate=Fraction(fps))
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.options = {"preset": "ultrafast", "g": str(key_every), "sc_threshold": "0"}
        audio = container.add_stream("aac", rate=rate, layout="stereo") if hertz else None
        for number in sorted({*range(round(seconds * fps))} - {*left_out}):
            is_marked = any(abs(number / fps - mark) * fps < 0.5 for mark in marks)
            picture = np.full((size[1], size[0], 3), WHITE if is_marked else colour, np.uint8)
            if halves:
                picture[: size[1] // 2], picture[size[1] // 2 :] = halves
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / Fraction(fps)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and hertz is not None:
            clicks = [(mark, mark + 0.1) for mark in marks]
            sound = _between(
                clicks or bursts, _tone(seconds, rate, 1000 if marks else hertz, 0.5 if marks else level), rate
            )
            block = av.AudioFrame.from_ndarray(np.tile(sound, (2, 1)), format="fltp", layout="stereo")
            block.sample_rate, block.pts, block.time_base = rate, 0, Fraction(1, rate)
            container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path


def write_interlaced_clip(path: Path, *, seconds: float = 1.0, size: tuple[int, int] = (320, 180)) -> Path:
    """A clip of a white bar that moves, whose even lines show one moment and whose odd lines the next."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "10", "flags": "+ilme+ildct", "x264-params": "tff=1"}
        for number in range(round(seconds * 25)):
            picture = np.zeros((size[1], size[0], 3), np.uint8)
            for first in (0, 1):
                left = 16 + (2 * number + first) * 5
                picture[first::2, left : left + 40] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """The clip with a, b, c, d of its display matrix, which lies in the track's header."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    a, b, c, d = (side * 65536 for side in matrix)
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(content))
    return path


def write_sound(path: Path, *, seconds: float, hertz: float, rate: int = 44_100) -> Path:
    """A tone in a WAV file."""
    samples = (_tone(seconds, rate, hertz, 0.3) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())
    return path


def _tone(seconds: float, rate: int, hertz: float, level: float) -> npt.NDArray[np.float32]:
    times = np.arange(round(seconds * rate)) / rate
    return np.asarray(level * np.sin(2 * np.pi * hertz * times), np.float32)


def _between(
    spans: Sequence[tuple[float, float]], sound: npt.NDArray[np.float32], rate: int
) -> npt.NDArray[np.float32]:
    """A sound that is silent but in these spans; whole without any."""
    times = np.arange(len(sound)) / rate
    inside = np.zeros(len(sound), bool)
    for begin, end in spans:
        inside |= (times >= begin) & (times < end)
    return np.asarray(np.where(inside, sound, 0) if spans else sound, np.float32)


@dataclass(frozen=True)
class Watched:
    """A finished film: its frames, small and in RGB, when each is shown, and its sound as 2 x length at 48 kHz."""

    size: tuple[int, int]
    times: npt.NDArray[np.float64]
    frames: npt.NDArray[np.uint8]
    sound: npt.NDArray[np.float32]
    tags: dict[str, str]

    @property
    def seconds(self) -> float:
        """How long its picture is."""
        return float(self.times[-1] + self.times[1] - self.times[0])

    def colour_at(self, moment: float, across: float = 0.5, down: float = 0.5) -> tuple[int, int, int]:
        """The colour at a place of the frame that is shown at a moment; places are shares of its sides."""
        frame = self.frames[max(0, int(np.searchsorted(self.times, moment + 1e-6)) - 1)]
        red, green, blue = frame[int(down * (frame.shape[0] - 1)), int(across * (frame.shape[1] - 1))]
        return int(red), int(green), int(blue)

    def loudness_from(self, begin: float, end: float) -> float:
        """The level of the sound between two moments, in decibels below full scale."""
        part = self.sound[:, round(begin * 48_000) : round(end * 48_000)]
        return float(20 * np.log10(np.sqrt((part**2).mean()) + 1e-9))

    def brightest_at(self, moment: float) -> int:
        """The brightest pixel of the frame that is shown at a moment, by its darkest colour: white counts."""
        frame = self.frames[max(0, int(np.searchsorted(self.times, moment + 1e-6)) - 1)]
        return int(frame.min(2).max())

    def speech_begins(self) -> list[float]:
        """When the sound begins after a pause."""
        step = 480
        mono = self.sound.mean(0)[: self.sound.shape[1] // step * step].reshape(-1, step)
        loud = np.sqrt((mono**2).mean(1)) > 0.01
        quiet_before = np.convolve(loud, np.ones(8), "full")[: len(loud)] - loud == 0
        return [float(number / 100) for number in np.flatnonzero(loud & quiet_before)]

    def level_of(self, hertz: float, begin: float, end: float) -> float:
        """How loud a tone is between two moments, in decibels."""
        part = self.sound.mean(0)[round(begin * 48_000) : round(end * 48_000)]
        times = np.arange(len(part)) / 48_000
        return float(20 * np.log10(2 * abs(np.mean(part * np.exp(-2j * np.pi * hertz * times))) + 1e-9))

    def click_times(self) -> list[float]:
        """When the sound begins after silence."""
        loud = np.abs(self.sound).max(0) > 0.08
        starts = np.flatnonzero(np.diff(np.concatenate([[False], loud]).astype(int)) == 1)
        kept: list[float] = []
        for start in starts / 48_000:
            if not kept or start - kept[-1] > 0.3:
                kept.append(float(start))
        return kept

    def flash_times(self) -> list[float]:
        """When white frames begin."""
        white = self.frames.reshape(len(self.frames), -1).mean(1) > 225
        return [
            float(self.times[n]) for n in np.flatnonzero(np.diff(np.concatenate([[False], white]).astype(int)) == 1)
        ]


def watch(path: Path, *, width: int = 160) -> Watched:
    """Decode a film, made small."""
    times, frames, sound = [], [], []
    with av.open(str(path)) as container:
        tags = dict(container.metadata)
        video = container.streams.video[0]
        size = (video.width, video.height)
        height = round(width * size[1] / size[0] / 2) * 2
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=48_000)
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    times.append(frame.time or 0.0)
                    frames.append(frame.to_ndarray(width=width, height=height, format="rgb24"))
                elif isinstance(frame, av.AudioFrame):
                    sound += [np.asarray(each.to_ndarray(), np.float32) for each in resampler.resample(frame)]
    heard = np.concatenate(sound, 1) if sound else np.zeros((2, 0), np.float32)
    return Watched(size, np.array(times), np.asarray(np.stack(frames), np.uint8), heard, tags)


def starts_in(subtitles: str) -> list[float]:
    """When the captions of an SRT file begin."""
    found = [[int(part) for part in each] for each in _TIMES.findall(subtitles)]
    return [hours * 3600 + minutes * 60 + seconds + part / 1000 for hours, minutes, seconds, part in found]
