"""Sound as blocks of stereo samples at one rate: decoded, measured, limited; never a whole file in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph
from av.filter.context import FilterContext

from a2e_mcp.film.engine.source import Source, opened, seek_before
from a2e_mcp.media.damage import Damage
from a2e_mcp.media.resampler import SteadyResampler

RATE = 48_000
"""Samples a second."""
QUIET = -70.0
"""The loudness, in LUFS, of what is silence to the meter (ITU-R BS.1770)."""

Samples: TypeAlias = npt.NDArray[np.float32]
"""2 x length, from -1 to 1."""

AudioPacket: TypeAlias = "av.Packet[AudioStream]"

_DRIFT = 0.04
"""Seconds by which a sound's clock may differ from its samples before silence is put in, or samples left out."""


def silence(length: int) -> Samples:
    """So many samples of silence."""
    return np.zeros((2, length), np.float32)


def samples_of(
    source: Source, start: float, length: int, block: int = RATE, *, damage: Damage | None = None
) -> Iterator[Samples]:
    """So many samples from a moment of a file on, in blocks; silence where it has none. Raises FilmRefused.

    What cannot be decoded is silent, and counted in `damage`.
    """
    left = length
    for part in _in_blocks(_from(source, start, damage or Damage()) if source.has_sound else iter(()), block):
        taken = part[:, :left]
        left -= taken.shape[1]
        yield taken
        if not left:
            return
    while left:
        yield silence(min(left, block))
        left -= min(left, block)


def _from(source: Source, start: float, damage: Damage) -> Iterator[Samples]:
    """The samples from a moment on, as they come out of the decoder; gaps between packets are silent."""
    with opened(source.path, source.name) as container:
        stream = container.streams.audio[0]
        resampler = SteadyResampler(sample_format="fltp", layout="stereo", rate=RATE)
        if start > 0.5:
            seek_before(container, start + source.origin - 0.5)
        at = 0  # the sample of the film's clock that comes next
        is_begun = False
        for packet in _packets(container, stream):
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                damage.pieces += 1
                continue
            for frame in decoded:
                moment = None if frame.time is None else round((frame.time - source.origin - start) * RATE)
                for made in resampler.resample(frame):
                    samples = _array(made)
                    if moment is not None and (not is_begun or abs(moment - at) > _DRIFT * RATE):
                        if moment > at:
                            damage.silent += (moment - at) / RATE if is_begun else 0.0
                            yield silence(moment - at)
                            at = moment
                        elif moment < at:
                            skipped = min(at - moment, samples.shape[1])
                            moment += skipped
                            samples = samples[:, skipped:]
                    if samples.shape[1]:
                        is_begun = True
                        at += samples.shape[1]
                        yield samples
                    moment = None
        for made in resampler.finish():
            yield _array(made)


def _packets(container: InputContainer, stream: AudioStream) -> Iterator[AudioPacket]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.EOFError:
            return
        except av.FFmpegError:
            continue
        if packet is None:
            return
        yield packet


def _array(frame: av.AudioFrame) -> Samples:
    return np.asarray(frame.to_ndarray(), np.float32)


def _in_blocks(parts: Iterator[Samples], block: int) -> Iterator[Samples]:
    held: list[Samples] = []
    length = 0
    for part in parts:
        held.append(part)
        length += part.shape[1]
        if length >= block:
            whole = np.concatenate(held, 1)
            for begin in range(0, length - block + 1, block):
                yield whole[:, begin : begin + block]
            held = [whole[:, length // block * block :]]
            length = held[0].shape[1]
    if length:
        yield np.concatenate(held, 1)


class _Chain:
    """One of FFmpeg's filters, fed with blocks."""

    def __init__(self, name: str, options: str) -> None:
        self._graph = Graph()
        self._feed: FilterContext = self._graph.add_abuffer(
            sample_rate=RATE, format="fltp", layout="stereo", time_base=Fraction(1, RATE)
        )
        chosen = self._graph.add(name, options)
        form = self._graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo")
        self._drain: FilterContext = self._graph.add("abuffersink")
        self._feed.link_to(chosen)
        chosen.link_to(form)
        form.link_to(self._drain)
        self._graph.configure()
        self._at = 0

    def put(self, samples: Samples | None) -> Iterator[av.AudioFrame]:
        """What comes out after a block; None is the end."""
        if samples is None:
            self._feed.push(None)
        elif samples.shape[1]:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._at
            self._at += samples.shape[1]
            self._feed.push(frame)
        while True:
            try:
                made = self._drain.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            if isinstance(made, av.AudioFrame):
                yield made


class LoudnessMeter:
    """Measures the integrated loudness of a sound by ITU-R BS.1770, in LUFS."""

    def __init__(self) -> None:
        self._chain = _Chain("ebur128", "metadata=1")
        self._last = QUIET

    def add(self, samples: Samples | None) -> None:
        """Hear a block; None is the end."""
        for frame in self._chain.put(samples):
            self._last = float(frame.metadata.get("lavfi.r128.I", self._last))

    @property
    def loudness(self) -> float:
        """What was measured so far; QUIET for silence."""
        return max(QUIET, self._last)


def loudness_of(blocks: Iterable[Samples]) -> float:
    """The integrated loudness of a sound, in LUFS."""
    meter = LoudnessMeter()
    for block in blocks:
        meter.add(block)
    # The meter's window is 0.4 s: what is shorter is heard out.
    meter.add(silence(RATE // 2))
    meter.add(None)
    return meter.loudness


def limited(blocks: Iterable[Samples], ceiling: float) -> Iterator[Samples]:
    """The same sound, whose peaks are held under a ceiling from 0 to 1."""
    chain = _Chain("alimiter", f"limit={ceiling}:level=0:attack=5:release=80:latency=1")
    for block in blocks:
        for frame in chain.put(block):
            yield _array(frame)
    for frame in chain.put(None):
        yield _array(frame)


def factor(decibels: float) -> float:
    """By what samples are multiplied to be so many decibels louder."""
    return float(10 ** (decibels / 20))
