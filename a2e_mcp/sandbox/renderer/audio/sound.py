"""Sound in memory and in files: decoding any file, writing MP3."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt

from a2e_mcp.media.damage import Damage
from a2e_mcp.media.resampler import SteadyResampler
from a2e_mcp.media.word_tags import WordRow, words_from_tag, words_to_tag
from a2e_mcp.sandbox.renderer.audio.stored_samples import StoredSamples
from a2e_mcp.sandbox.renderer.rendering.open_media import (
    MAX_SECONDS,
    decoded,
    open_media,
    start_of,
    too_long,
)
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, counted

_MUSIC_RATE = 44100
# A sound that continues later than this, in seconds, has a hole; less is how containers round.
_GAP = 0.06
# Less of a sound that is not there, in seconds, is not worth a sentence: encoders are that far off themselves.
_NOTICED = 0.15


Samples: TypeAlias = "npt.NDArray[np.int16] | StoredSamples"
"""Channels x length, 16 bit: in memory, or in a file of which parts are read."""


@dataclass(frozen=True)
class Sound:
    """Samples, and how many there are a second; and its words, where they are known."""

    samples: Samples
    rate: int
    words: tuple[WordRow, ...] = ()
    damaged: int = 0
    missing: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.samples.shape[1] / self.rate)

    def mono(self) -> npt.NDArray[np.float32]:
        """One channel, from -1 to 1, all at once: for short sounds."""
        return np.asarray(self.samples[:, :].mean(0) / 32768, np.float32)

    def blocks(self, length: int) -> Iterator[npt.NDArray[np.int16]]:
        """Its samples in stretches of a length, of which the last may be shorter."""
        for start in range(0, self.samples.shape[1], length):
            yield self.samples[:, start : start + length]

    def first(self, seconds: float) -> "Sound":
        """Its first seconds."""
        words = tuple(word for word in self.words if word[2] <= seconds)
        return Sound(self.samples[:, : round(seconds * self.rate)], self.rate, words, self.damaged, self.missing)

    @property
    def damage_note(self) -> str:
        """The sentences about what could not be decoded or is not there; empty where all is well."""
        were = "is silent" if self.damaged == 1 else "are silent"
        damaged = f"{counted(self.damaged, 'damaged piece')} of the sound {were}." if self.damaged else ""
        missing = f"{self.missing:.1f} s of the sound is missing in the file." if self.missing >= _NOTICED else ""
        return " ".join(filter(None, (damaged, missing)))


def silence(seconds: float, rate: int = 11_025) -> Sound:
    """Silence, in mono."""
    return Sound(np.zeros((1, round(seconds * rate)), np.int16), rate)


def read_sound(path: str) -> Sound | None:
    """All sound of a media file, mono or stereo, or None when it has none. Raises OrderRefused."""
    with open_media(path) as container:
        stream = next(iter(container.streams.audio), None)
        if stream is None:
            return None
        layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        resampler = SteadyResampler(sample_format="s16p", layout=layout, rate=_MUSIC_RATE)
        stored = StoredSamples(1 if layout == "mono" else 2)
        length = 0
        damage, begins = Damage(), start_of(container)
        filled = 0.0

        def add(samples: npt.NDArray[Any]) -> int:
            end = length + int(samples.shape[1])
            if end > MAX_SECONDS * _MUSIC_RATE:
                raise too_long()
            stored.append(samples)
            return end

        for frame in decoded(container, stream, damage):
            if not isinstance(frame, av.AudioFrame):
                continue
            late = 0.0 if frame.time is None else frame.time - begins - length / _MUSIC_RATE
            if late > _GAP:
                length = add(_silence(late, layout))
                filled += late
            for part in resampler.resample(frame):
                length = add(part.to_ndarray())
        if not length and damage.pieces:
            raise OrderRefused("unreadable", "The sound in the file cannot be decoded.")
        for part in resampler.finish():
            length = add(part.to_ndarray())
        words = tuple(words_from_tag(container.metadata))
        # Pictures may last longer than the sound, but of a file with nothing else all that it promises is sound.
        promised = 0.0 if container.streams.video else (container.duration or 0) / av.time_base
    if not length:
        return None
    # What could not be decoded is counted in pieces, and the rest of the silence in seconds.
    missing = max(0.0, promised - length / _MUSIC_RATE) + (0.0 if damage.pieces else filled)
    return Sound(stored, _MUSIC_RATE, words, damage.pieces, missing)


def write_mp3(sound: Sound, path: str, rendering: Rendering) -> None:
    """Write the sound as MP3, labelled."""
    with rendering.writing(path) as temporary, av.open(temporary, "w", format="mp3") as container:
        container.metadata.update(rendering.tags | words_to_tag(sound.words))
        stream = container.add_stream("libmp3lame", rate=sound.rate, layout=_layout(sound))
        stream.bit_rate = 64_000 * len(sound.samples)
        # A third less work than LAME's own choice, and nothing to be heard in a synthetic voice.
        stream.options = {"compression_level": "7"}
        for frame in frames_of(sound, stream.codec_context.format.name):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def frames_of(sound: Sound, sample_format: str, rate: int | None = None) -> Iterator[av.AudioFrame]:
    """The sound cut into frames of the format and rate an encoder wants."""
    layout = _layout(sound)
    resampler = av.AudioResampler(sample_format, layout, rate or sound.rate)
    for second, part in enumerate(sound.blocks(sound.rate)):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="s16p", layout=layout)
        frame.sample_rate = sound.rate
        frame.pts = second * sound.rate
        frame.time_base = Fraction(1, sound.rate)
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _layout(sound: Sound) -> str:
    return "mono" if len(sound.samples) == 1 else "stereo"


def _silence(seconds: float, layout: str) -> npt.NDArray[Any]:
    length = round(min(max(seconds, 0.0), MAX_SECONDS) * _MUSIC_RATE)
    return np.zeros((1 if layout == "mono" else 2, length), np.int16)
