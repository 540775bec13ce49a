"""The files of a film: what each is, found out by reading its packets."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image

from a2e_mcp.film.engine.refusal import FilmRefused
from a2e_mcp.media.orientation import UPRIGHT, Orientation, is_on_its_side, orientation

SANDBOX_TAG = "a2e_sandbox"
"""The metadata key of what the sandbox has made."""

_LONGEST = 3 * 3600.0
_MOST_PIXELS = 40_000_000
_MOST_PACKETS = 5_000_000
_YOUNG = 1
"""The generations of what was made just now, which are searched in no time."""
# Whole files only: playlists and the like would let a file name other files and addresses.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,asf,mpeg,mpegts,ogg,wav,mp3,flac,aac,aiff,amr,caf"


@dataclass(frozen=True)
class Source:
    """One readable file. Sizes are pixels as shown, times are seconds from `origin`, where its first packet is shown.

    `own_size` is the size before pixels are made square and the picture is `turned`.
    """

    path: str
    name: str
    kind: Literal["image", "video", "audio"]
    seconds: float = 0.0
    size: tuple[int, int] = (0, 0)
    own_size: tuple[int, int] = (0, 0)
    turned: Orientation = UPRIGHT
    fps: Fraction = Fraction(30)
    origin: float = 0.0
    has_sound: bool = False
    is_animated: bool = False
    """Whether it is a picture that moves, of which the first frame is shown."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_sandbox(self) -> bool:
        """Whether the sandbox has made it, which its metadata says."""
        return SANDBOX_TAG in self.tags


@contextmanager
def opened(path: str, name: str) -> Iterator[InputContainer]:
    """A video or sound file. Raises FilmRefused when it is none."""
    options = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}
    try:
        container = av.open(path, "r", container_options=options)
    except (av.FFmpegError, ValueError, OSError):
        raise FilmRefused(f"{name} cannot be read: it is no video, sound or picture that is known here.") from None
    with container:
        yield container


def moving_picture(container: InputContainer) -> VideoStream | None:
    """The moving picture of a file; cover art does not count."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            stream.codec_context.options = {"max_pixels": str(_MOST_PIXELS)}
            stream.thread_count = 2
            stream.thread_type = "AUTO"
            return stream
    return None


def seek_before(container: InputContainer, seconds: float) -> None:
    """Read on from a moment of the file's clock or before it; from the beginning where a file does not allow that."""
    with suppress(av.FFmpegError):
        container.seek(int(seconds * 1_000_000), backward=True)


def read_source(path: str, name: str) -> Source:
    """Find out what a file is, without believing its name or its header. Raises FilmRefused."""
    if not os.path.isfile(path):
        raise FilmRefused(f"{name} is no longer there.")
    return _still(path, name) or _media(path, name)


def _still(path: str, name: str) -> Source | None:
    try:
        with Image.open(path) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise FilmRefused(f"{name} has more than {_MOST_PIXELS // 1_000_000} million pixels.")
            on_its_side = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            size = (image.height, image.width) if on_its_side else image.size
            tags = {key: value for key, value in image.info.items() if isinstance(key, str) and isinstance(value, str)}
            moves = bool(getattr(image, "is_animated", False))
            tags = _comment_tags(image) | tags
            return Source(path, name, "image", size=size, own_size=image.size, is_animated=moves, tags=tags)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _comment_tags(image: Image.Image) -> dict[str, str]:
    """The sandbox's mark in a picture's comment, where a format has no named tags."""
    comment = image.info.get("comment", b"")
    text = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else str(comment)
    return {SANDBOX_TAG: text} if SANDBOX_TAG in text or "A2E sandbox render" in text else {}


def _media(path: str, name: str) -> Source:
    with opened(path, name) as container:
        video = moving_picture(container)
        audio = next(iter(container.streams.audio), None)
        if video is None and audio is None:
            raise FilmRefused(f"{name} has neither a picture nor a sound.")
        spans = _spans(container, [each for each in (video, audio) if each is not None], name)
        tags = dict(container.metadata)
        if video is None:
            if audio is None or audio.index not in spans:
                raise FilmRefused(f"{name} has no sound that can be read.")
            span = spans[audio.index]
            return Source(path, name, "audio", span.end - span.start, origin=span.start, has_sound=True, tags=tags)
        if video.index not in spans:
            raise FilmRefused(f"{name} has no picture that can be read.")
        origin = min(span.start for span in spans.values())
        end = max(span.end for span in spans.values())
        shown, own, turned = _sizes(path, video, name)
        return Source(
            path,
            name,
            "video",
            seconds=end - origin,
            size=shown,
            own_size=own,
            turned=turned,
            fps=_rate(spans[video.index], video),
            origin=origin,
            has_sound=audio is not None and audio.index in spans,
            tags=tags,
        )


@dataclass
class _Span:
    start: float
    end: float
    packets: int = 0


def _spans(container: InputContainer, streams: Sequence[av.stream.Stream], name: str) -> dict[int, _Span]:
    """From when to when the packets of each stream are shown; the header may say anything."""
    spans: dict[int, _Span] = {}
    count = 0
    try:
        for packet in container.demux(*streams):
            count += 1
            if packet.pts is None or packet.time_base is None:
                continue
            start = float(packet.pts * packet.time_base)
            end = start + float((packet.duration or 0) * packet.time_base)
            span = spans.setdefault(packet.stream.index, _Span(start, end))
            span.start, span.end = min(span.start, start), max(span.end, end)
            span.packets += 1
            if span.end - span.start > _LONGEST or count > _MOST_PACKETS:
                raise FilmRefused(f"{name} is longer than {_LONGEST / 3600:g} hours.")
    except av.FFmpegError:
        # What can be read before the damage is still a clip.
        pass
    # The samples before zero are an encoder's run-up, which players leave out.
    for span in spans.values():
        if -0.1 < span.start < 0 <= span.end:
            span.start = 0.0
    return spans


def _sizes(path: str, video: VideoStream, name: str) -> tuple[tuple[int, int], tuple[int, int], Orientation]:
    """The size as shown, upright and with square pixels, the decoder's own, and how the picture is turned."""
    frame = None
    # Opened anew, since not every file can be read from its beginning again.
    with opened(path, name) as container, suppress(av.FFmpegError):
        stream = moving_picture(container)
        frame = next(iter(container.decode(stream)), None) if stream is not None else None
    if not isinstance(frame, av.VideoFrame):
        raise FilmRefused(f"{name} cannot be read: its picture cannot be decoded.")
    width, height, turned = frame.width, frame.height, orientation(frame)
    # Or the frames of many clips would stay, each as large as its pictures.
    del frame
    gc.collect(_YOUNG)
    ratio = video.sample_aspect_ratio or Fraction(1)
    shown = (max(2, round(width * ratio)), height) if 0.1 < ratio < 10 else (width, height)
    if is_on_its_side(turned):
        shown = shown[::-1]
    return shown, (width, height), turned


def _rate(span: _Span, video: VideoStream) -> Fraction:
    """Frames a second by the packets that are there."""
    if span.packets > 1 and span.end > span.start:
        measured = Fraction(span.packets / (span.end - span.start)).limit_denominator(1001)
    else:
        measured = Fraction(video.average_rate or 30)
    nearest = min(STANDARD_RATES, key=lambda rate: abs(rate - measured))
    return nearest if abs(nearest / measured - 1) < 0.01 else measured


STANDARD_RATES = tuple(
    Fraction(rate) for rate in (Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30, 50, Fraction(60000, 1001), 60)
)
