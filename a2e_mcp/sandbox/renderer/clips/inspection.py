"""What a media file is, found out by decoding it."""

import os
from dataclasses import dataclass

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from a2e_mcp.media.damage import Damage
from a2e_mcp.media.orientation import is_on_its_side, orientation
from a2e_mcp.sandbox.protocol import MediaKind
from a2e_mcp.sandbox.renderer.clips.reader import pixel_aspect, video_stream
from a2e_mcp.sandbox.renderer.pictures.stills import open_still, read_still
from a2e_mcp.sandbox.renderer.rendering.open_media import MAX_SECONDS, decoded, open_media, too_long
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

_MAX_PACKETS = 2_000_000

# Where a container's name is not already the media type's.
_MEDIA_TYPES = {
    "mov": "video/quicktime",
    "matroska": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mp3": "audio/mpeg",
}


@dataclass(frozen=True)
class Inspection:
    """The facts of a media file that was found to be readable."""

    kind: MediaKind
    container: str
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    has_audio: bool = False

    @property
    def media_type(self) -> str:
        """Its media type, by its container."""
        return _MEDIA_TYPES.get(self.container, f"{self.kind}/{self.container}")


def inspect(path: str) -> Inspection:
    """Find out what a file is, without believing its name or its header. Raises OrderRefused."""
    try:
        with open_still(path) as image:
            container = (image.format or "image").lower()
    except OrderRefused as no_still:
        if no_still.code == "too_large":
            raise
        with open_media(path, "picture, video or sound") as media:
            return _inspect_media(path, media)
    # From here on it is a picture, and what is wrong with it is a picture's.
    height, width = read_still(path).shape[:2]
    return Inspection("image", container, width=width, height=height)


def _inspect_media(path: str, media: InputContainer) -> Inspection:
    container = _container(media)
    video = video_stream(media)
    audio = next(iter(media.streams.audio), None)
    stream = video or audio
    if stream is None:
        raise OrderRefused("unreadable", "The file contains neither picture nor sound.")
    if media.duration and media.duration > MAX_SECONDS * 1_000_000:
        raise too_long()
    # Opened anew, since not every file can be read from its beginning again.
    with open_media(path) as other:
        width, height = _first_frame_size(other, video_stream(other) or other.streams.audio[0])
    seconds = _measured_seconds(media, stream)
    if video is None:
        return Inspection("audio", container, seconds, has_audio=True)
    return Inspection("video", container, seconds, width, height, has_audio=audio is not None)


def _container(media: InputContainer) -> str:
    names = media.format.name.split(",")
    # One reader serves the whole MP4 family; only QuickTime's own brand says so.
    if "mp4" in names:
        return "mov" if media.metadata.get("major_brand", "").startswith("qt") else "mp4"
    return "webm" if "webm" in names and os.path.splitext(media.name)[1] == ".webm" else names[0]


def _first_frame_size(media: InputContainer, stream: VideoStream | AudioStream) -> tuple[int, int]:
    frame = next(decoded(media, stream, Damage()), None)
    if isinstance(frame, av.VideoFrame) and isinstance(stream, VideoStream):
        aspect = pixel_aspect(stream)
        size = round(frame.width * max(1.0, aspect)), round(frame.height / min(1.0, aspect))
        return (size[1], size[0]) if is_on_its_side(orientation(frame)) else size
    if isinstance(frame, av.AudioFrame):
        return 0, 0
    what = "picture of the video" if isinstance(stream, VideoStream) else "part of the sound"
    raise OrderRefused("unreadable", f"The file is damaged: no {what} can be decoded. Another copy of it may be whole.")


def _measured_seconds(media: InputContainer, stream: Stream) -> float:
    """The length by the packets that are really there; the header may say anything."""
    first = last = None
    count = 0
    for packet in media.demux(stream):
        count += 1
        if packet.pts is None or packet.time_base is None:
            continue
        start = float(packet.pts * packet.time_base)
        end = start + float((packet.duration or 0) * packet.time_base)
        first = start if first is None else min(first, start)
        last = end if last is None else max(last, end)
        if last - first > MAX_SECONDS or count > _MAX_PACKETS:
            raise too_long()
    return round(last - first, 3) if last is not None and first is not None else 0.0
