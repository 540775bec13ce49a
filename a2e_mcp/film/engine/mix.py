"""The film's sound: each clip's own at one loudness, music ducked under the speech, all of it at -16 LUFS.

The clips' sound is kept in a file while the film is made, since its loudness must be known before its first sample
is written.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from a2e_mcp.film.engine.sound import (
    QUIET,
    RATE,
    LoudnessMeter,
    Samples,
    factor,
    limited,
    loudness_of,
    samples_of,
    silence,
)
from a2e_mcp.film.engine.source import Source
from a2e_mcp.film.engine.timeline import Segment, Timeline
from a2e_mcp.media.damage import Damage

LOUDNESS = -16.0
"""LUFS, of a finished film."""
_CEILING = 0.84
"""-1.5 dB below full scale: encoders overshoot a little."""
_MOST_LIFT, _NOISE = 20.0, -50.0
"""By how many decibels a quiet clip is lifted at most; quieter sounds are taken for noise, and are not lifted."""
_STEP = RATE // 50
_SPEECH = factor(-26.0)
"""Of speech at -16 LUFS: what is louder than this for a moment is spoken."""
_HOLD, _DOWN, _UP = 0.45, 0.25, 0.7
"""Seconds that music stays low in a pause, and in which it goes down and comes up."""
_DUCKED = factor(-9.0)
_END_FADE = 2.0
_SOFT = RATE // 200
"""Samples over which a clip's sound begins and ends at a cut, so that nothing clicks."""
_BYTES = 4

Levels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _SegmentSound:
    """A segment's sound: at which sample it begins in the file and in the film, and how much louder it is made."""

    segment: Segment
    at: int
    first: int
    length: int
    gain: float
    has_speech: bool
    damage: Damage


class FilmSound:
    """The sound of a timeline. Its methods that give blocks may be called any number of times."""

    def __init__(self, timeline: Timeline, folder: Path, report: Callable[[float], None], *, evens: bool) -> None:
        self._timeline = timeline
        self._length = timeline.sample_at(timeline.frames)
        self._file = io.FileIO(folder / "sound.f32", "w+")
        self._tracks: list[_SegmentSound] = []
        self._music: tuple[Source, float] | None = None
        self._gain = 1.0
        at = 0
        for number, segment in enumerate(timeline.segments):
            self._tracks.append(self._kept(segment, at, evens=evens))
            at += self._tracks[-1].length
            report((number + 1) / len(timeline.segments))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def is_silent(self) -> bool:
        """Whether no clip has a sound, and there is no music."""
        return self._music is None and not any(track.has_speech for track in self._tracks)

    @property
    def damage(self) -> list[Damage]:
        """What of each segment's sound could not be read."""
        return [track.damage for track in self._tracks]

    def add_music(self, source: Source, volume: int) -> None:
        """Put music under the film, at a loudness in percent of the speech's."""
        heard = loudness_of(samples_of(source, 0.0, min(round(source.seconds * RATE), self._length)))
        gain = factor(LOUDNESS - heard) * volume / 100 if heard > QUIET else 0.0
        self._music = (source, gain)

    def finish(self) -> float:
        """Measure the whole, and bring it to its loudness; gives what it was, in LUFS."""
        heard = loudness_of(self._mixed())
        if heard > QUIET:
            self._gain = factor(LOUDNESS - heard)
            # What the limiter takes from loud peaks is given back once.
            after = loudness_of(self.blocks())
            self._gain *= factor(min(3.0, max(-3.0, LOUDNESS - after)))
        return heard

    def blocks(self) -> Iterator[Samples]:
        """The finished sound, a second at a time."""
        if self._gain == 1.0 and self._music is None:
            return self._mixed()
        return limited((block * np.float32(self._gain) for block in self._mixed()), _CEILING)

    def spoken(self) -> Iterator[Samples]:
        """The clips' own sound without the music, a second at a time."""
        for begin in range(0, self._length, RATE):
            yield self._spoken(begin, min(RATE, self._length - begin))

    def _kept(self, segment: Segment, at: int, *, evens: bool) -> _SegmentSound:
        """Decode a segment's sound into the file, and measure it on the way."""
        first, end = self._timeline.sample_at(segment.first), self._timeline.sample_at(segment.end)
        meter = LoudnessMeter()
        self._file.seek(at * 2 * _BYTES)
        damage = Damage()
        for block in samples_of(segment.source, segment.start, end - first, damage=damage):
            meter.add(block)
            self._file.write(np.ascontiguousarray(block.T).tobytes())
        meter.add(silence(RATE // 2))
        meter.add(None)
        heard = meter.loudness
        is_heard = heard > _NOISE
        gain = factor(min(_MOST_LIFT, LOUDNESS - heard)) if evens and is_heard else 1.0
        return _SegmentSound(segment, at, first, end - first, gain, is_heard, damage)

    def _read(self, at: int, length: int) -> Samples:
        self._file.seek(at * 2 * _BYTES)
        read = np.frombuffer(self._file.read(length * 2 * _BYTES), np.float32)
        return np.ascontiguousarray(read.reshape(-1, 2).T)

    def _mixed(self) -> Iterator[Samples]:
        music = self._music_blocks() if self._music is not None else None
        for block in self.spoken():
            yield block if music is None else block + next(music)

    def _spoken(self, begin: int, length: int) -> Samples:
        """The clips' own sound in a block of the film, faded where they meet."""
        block = silence(length)
        for number, track in enumerate(self._tracks):
            start, end = max(begin, track.first), min(begin + length, track.first + track.length)
            if end <= start:
                continue
            sound = self._read(track.at + start - track.first, end - start) * np.float32(track.gain)
            block[:, start - begin : end - begin] += sound * self._fades(number, start, end)
        return block

    def _fades(self, number: int, start: int, end: int) -> Levels:
        """How loud a segment is from one sample of the film to another, where it begins and ends."""
        track = self._tracks[number]
        samples = np.arange(start, end, dtype=np.float64)
        last = track.first + track.length
        quiet = track.segment.quiet
        fade_in = _faded(self._overlap(number), quiet.begin) or (_SOFT if number else 1)
        fade_out = _faded(self._overlap(number + 1), quiet.end) or (_SOFT if number + 1 < len(self._tracks) else 1)
        rising = np.clip((samples - track.first + 0.5) / fade_in, 0, 1)
        falling = np.clip((last - samples - 0.5) / fade_out, 0, 1)
        return np.asarray(np.sin(rising * np.pi / 2) * np.sin(falling * np.pi / 2), np.float32)

    def _overlap(self, number: int) -> int:
        """Samples in which a segment and the one before it are both heard."""
        if not 0 < number < len(self._tracks):
            return 0
        before = self._tracks[number - 1]
        return max(0, before.first + before.length - self._tracks[number].first)

    def _music_blocks(self) -> Iterator[Samples]:
        """The music in blocks of a second, as long as the film: repeated, ducked, and faded out at the end."""
        if self._music is None:
            return
        source, gain = self._music
        levels = self._ducking()
        steps = (np.arange(len(levels)) + 0.5) * _STEP
        whole = self._repeated(source)
        for begin in range(0, self._length, RATE):
            length = min(RATE, self._length - begin)
            samples = np.arange(begin, begin + length)
            fade = np.clip((self._length - samples) / (_END_FADE * RATE), 0, 1)
            level = np.interp(samples, steps, levels) * fade * gain
            yield next(whole)[:, :length] * level.astype(np.float32)

    def _repeated(self, source: Source) -> Iterator[Samples]:
        """The music over and over, in whole seconds."""
        held = silence(0)
        while True:
            for block in samples_of(source, 0.0, max(_STEP, round(source.seconds * RATE))):
                held = np.concatenate([held, block], 1) if held.shape[1] else block
                while held.shape[1] >= RATE:
                    yield held[:, :RATE]
                    held = held[:, RATE:]

    def _ducking(self) -> Levels:
        """How loud the music is at each fiftieth of a second."""
        speech = np.zeros(-(-self._length // _STEP), bool)
        for second, block in enumerate(self.spoken()):
            padded = np.pad(block, ((0, 0), (0, -block.shape[1] % _STEP)))
            power = (padded.reshape(2, -1, _STEP) ** 2).mean((0, 2))
            first = second * RATE // _STEP
            speech[first : first + len(power)] = np.sqrt(power) > _SPEECH
        hold, down, up = (round(seconds * RATE / _STEP) for seconds in (_HOLD, _DOWN, _UP))
        # It is down when the first word comes, and stays down in a short pause.
        held = np.convolve(speech, np.ones(hold + down), "full")[down : down + len(speech)] > 0
        levels = np.ones(len(speech), np.float32)
        level = _DUCKED if len(held) and held[0] else 1.0
        for number, is_low in enumerate(held):
            level += (_DUCKED - 1) / down if is_low else (1 - _DUCKED) / up
            level = min(1.0, max(_DUCKED, level))
            levels[number] = level
        return levels


def _faded(overlap: int, quiet: float) -> int:
    """Over how many samples of a cross-fade a sound is faded: only while it is `quiet`, which is so many seconds."""
    return overlap if quiet * RATE >= overlap else min(overlap, max(_SOFT, round(quiet * RATE)))
