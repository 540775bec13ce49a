"""MP4 files: H.264 and AAC, marked on every frame, labelled, ready to be played while they load."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from typing import TypeAlias

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from a2e_mcp.media.word_tags import words_to_tag
from a2e_mcp.sandbox.protocol import Outcome
from a2e_mcp.sandbox.renderer.audio.sound import Sound, frames_of
from a2e_mcp.sandbox.renderer.clips.pipeline import Sink, frames_under_way
from a2e_mcp.sandbox.renderer.pictures.mark import stamp_planes
from a2e_mcp.sandbox.renderer.pictures.picture import Picture
from a2e_mcp.sandbox.renderer.pictures.planes import Planes
from a2e_mcp.sandbox.renderer.rendering.render import Rendering

_SOUND_RATE = 44100

Packet: TypeAlias = "av.Packet[Stream]"

# How the pictures are turned into YUV below; untagged, players would guess by the size.
_COLOURS = "colormatrix=smpte170m:colorprim=bt709:transfer=bt709"

# Of frames larger than HD, in pixels, the encoder looks at fewer at a time: each takes seven MB.
_LARGE = 1_280 * 720
_FEW_FRAMES = "rc-lookahead=4:sync-lookahead=0"


class _Encoder:
    """Marks and encodes frames, and writes the sound beside them."""

    def __init__(self, container: OutputContainer, video: VideoStream, sound: Iterator[Packet], fps: int) -> None:
        self._container = container
        self._video = video
        self._sound = sound
        self._next_sound = next(sound, None)
        self._fps = fps
        self._encoded = 0
        self.has_audio = self._next_sound is not None

    def encode(self, picture: Picture | Planes) -> None:
        planes = picture.copy() if isinstance(picture, Planes) else Planes.of(picture)
        stamp_planes(planes)
        frame = av.VideoFrame.from_ndarray(planes.values, format="yuv420p")
        frame.pts = self._encoded
        frame.time_base = Fraction(1, self._fps)
        self._encoded += 1
        self._container.mux(self._video.encode(frame))
        self._mux_sound(self._encoded / self._fps)

    def finish(self) -> None:
        self._container.mux(self._video.encode(None))
        self._mux_sound(self._encoded / self._fps + 1)

    def _mux_sound(self, until: float) -> None:
        # Side by side with the frames, so that a player need not fetch the whole file to start.
        # It is encoded when it is needed: of a long sound there is never much in memory.
        while self._next_sound is not None and _start(self._next_sound) <= until:
            self._container.mux(self._next_sound)
            self._next_sound = next(self._sound, None)


class ClipWriter:
    """Takes a clip's frames one by one; all must have the size the clip was begun with.

    They are marked and encoded in a thread of its own.
    """

    def __init__(self, container: OutputContainer, video: VideoStream, sound: Iterator[Packet], fps: int) -> None:
        self._video = video
        self._fps = fps
        # Apart from this object: in a circle of references the encoder's memory would outlive the clip.
        self._encoder = _Encoder(container, video, sound, fps)
        self._sink = Sink(self._encoder.encode, frames_under_way(video.width, video.height))
        self.frames = 0

    @property
    def seconds(self) -> float:
        """How much has been written."""
        return self.frames / self._fps

    def outcome(self, *sentences: str) -> Outcome:
        """The answer for the finished clip, with sentences for its note; empty ones are left out."""
        return Outcome(
            note=" ".join(filter(None, sentences)),
            media_kind="video",
            media_type="video/mp4",
            seconds=round(self.seconds, 3),
            width=self._video.width,
            height=self._video.height,
            has_audio=self._encoder.has_audio,
        )

    def add(self, picture: Picture | Planes) -> None:
        """Mark and write one frame; the picture itself stays as it is, and must not be drawn on any more."""
        self._sink.add(picture)
        self.frames += 1

    def finish(self) -> None:
        """Write what the encoder still holds back and the rest of the sound."""
        self._sink.finish()
        self._encoder.finish()

    def close(self) -> None:
        """End the encoder's thread, whatever has been written."""
        self._sink.close()


@contextmanager
def write_clip(
    path: str, size: tuple[int, int], fps: int, rendering: Rendering, *, sound: Sound | None = None
) -> Iterator[ClipWriter]:
    """Begin an MP4 of an even `size`, width before height; it appears at `path` when the block ends well."""
    options = {"movflags": "+faststart+use_metadata_tags"}
    with rendering.writing(path) as temporary, av.open(temporary, "w", format="mp4", options=options) as container:
        container.metadata.update(rendering.tags | words_to_tag(sound.words if sound else ()))
        video = container.add_stream("libx264", rate=fps)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        is_large = size[0] * size[1] > _LARGE
        video.options = {
            "preset": "veryfast",
            "crf": "22" if is_large else "23",
            "threads": "2",
            "x264-params": f"{_COLOURS}:{_FEW_FRAMES}" if is_large else _COLOURS,
        }
        writer = ClipWriter(container, video, _encode(sound, container), fps)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()


def _encode(sound: Sound | None, container: OutputContainer) -> Iterator[Packet]:
    """Add a stream for the sound, and give its packets one by one."""
    if sound is None:
        return iter(())
    stream = container.add_stream("aac", rate=_SOUND_RATE, layout="mono" if len(sound.samples) == 1 else "stereo")
    stream.bit_rate = 96_000 if len(sound.samples) == 1 else 128_000
    # The thorough search for what can be left out takes longer than drawing and encoding the pictures.
    stream.options = {"aac_coder": "fast"}
    frames = frames_of(sound, "fltp", _SOUND_RATE)
    return chain((packet for frame in frames for packet in stream.encode(frame)), _last_packets(stream))


def _last_packets(stream: AudioStream) -> Iterator[Packet]:
    yield from stream.encode(None)


def _start(packet: Packet) -> float:
    return float((packet.dts or 0) * (packet.time_base or 0))
