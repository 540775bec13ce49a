"""The finished file: H.264 and AAC in an MP4 that plays while it loads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from a2e_mcp.film.engine.sound import RATE, AudioPacket, Samples

_VIDEO = {"preset": "veryfast", "crf": "20", "threads": "2"}
_COLOURS = "colormatrix=bt709:colorprim=bt709:transfer=bt709"
_AUDIO_BITS = 160_000
_AHEAD = 0.5
"""Seconds by which the sound may be written before the picture."""


class FilmWriter:
    """Takes frames one by one and the sound as it is needed beside them."""

    def __init__(
        self, container: OutputContainer, video: VideoStream, fps: Fraction, sound: Iterator[AudioPacket] | None
    ) -> None:
        self._container = container
        self._video = video
        self._fps = fps
        self._sound = sound
        self._waiting: deque[AudioPacket] = deque()
        self._frames = 0

    def add(self, frame: av.VideoFrame) -> None:
        """Write one frame; it may be written again later, but must not be changed."""
        frame.pts, frame.time_base = self._frames, 1 / self._fps
        self._frames += 1
        self._write_sound(float(self._frames / self._fps) + _AHEAD)
        self._container.mux(self._video.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds back, and the rest of the sound."""
        self._container.mux(self._video.encode(None))
        self._write_sound(float("inf"))

    def _write_sound(self, until: float) -> None:
        while self._sound is not None:
            if not self._waiting:
                packet = next(self._sound, None)
                if packet is None:
                    self._sound = None
                    return
                self._waiting.append(packet)
            if float((self._waiting[0].dts or 0) * (self._waiting[0].time_base or 0)) > until:
                return
            self._container.mux(self._waiting.popleft())


@contextmanager
def writing_film(
    path: str, size: tuple[int, int], fps: Fraction, tags: dict[str, str], sound: Iterator[Samples] | None
) -> Iterator[FilmWriter]:
    """Begin an MP4 of an even size; `sound` is read as the frames are written."""
    options = {"movflags": "+faststart+use_metadata_tags"}
    with av.open(path, "w", format="mp4", options=options) as container:
        container.metadata.update(tags)
        video = container.add_stream("libx264", rate=fps)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.time_base = 1 / fps
        video.options = {**_VIDEO, "x264-params": _COLOURS}
        packets = None
        if sound is not None:
            audio = container.add_stream("aac", rate=RATE, layout="stereo")
            audio.bit_rate = _AUDIO_BITS
            # The thorough search for what can be left out takes longer than the pictures.
            audio.options = {"aac_coder": "fast"}
            packets = _encoded(sound, audio)
        writer = FilmWriter(container, video, fps, packets)
        yield writer
        writer.finish()


def _encoded(sound: Iterator[Samples], stream: AudioStream) -> Iterator[AudioPacket]:
    at = 0
    for block in sound:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), at
        at += block.shape[1]
        yield from stream.encode(frame)
    yield from stream.encode(None)
