"""Opening media files from anywhere: what is accepted, and up to which limits."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from a2e_mcp.media.damage import Damage
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

MAX_PIXELS = 40_000_000
MAX_SECONDS = 600.0
MAX_BYTES = 2_000_000_000
# A file with more is no clip with a flaw but noise.
_MOST_DAMAGED = 10_000

# Whole files only: playlists and the like would let a file name other files and addresses.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,asf,mpeg,mpegts,ogg,wav,mp3,flac,aac,aiff,amr,caf"


@contextmanager
def open_media(path: str, wanted: str = "video or sound") -> Iterator[InputContainer]:
    """A video or sound file. Raises OrderRefused when it is none that can be read, naming what was `wanted`."""
    if not os.path.isfile(path):
        raise OrderRefused("unreadable", "The media file does not exist.")
    if os.path.getsize(path) > MAX_BYTES:
        raise OrderRefused("too_large", f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    options = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}
    try:
        container = av.open(path, "r", container_options=options)
    except (av.FFmpegError, ValueError, OSError):
        raise OrderRefused("unreadable", f"The file is not a readable {wanted}.") from None
    with container:
        yield container


def decoded(
    container: InputContainer, stream: VideoStream | AudioStream, damage: Damage
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """The frames of a stream; packets that cannot be decoded are passed over and counted."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            frames = () if packet is None else packet.decode()
        except av.FFmpegError:
            damage.pieces += 1
            if damage.pieces > _MOST_DAMAGED:
                return
            continue
        if packet is None:
            return
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                damage.see(frame)
            if isinstance(frame, av.VideoFrame | av.AudioFrame):
                yield frame


def seek_before(container: InputContainer, seconds: float) -> None:
    """Read on from a moment of the file's clock or before it; from the beginning where a file does not allow that."""
    with suppress(av.FFmpegError):
        container.seek(int(seconds * 1_000_000), backward=True)


def start_of(container: InputContainer) -> float:
    """The moment of a file's clock at which its picture and sound begin, in seconds."""
    return (container.start_time or 0) / av.time_base


def too_long() -> OrderRefused:
    """The refusal of media over the limit."""
    return OrderRefused("too_long", f"The sandbox accepts up to {MAX_SECONDS / 60:.0f} minutes.")


def too_many_pixels(what: str) -> OrderRefused:
    """The refusal of pictures over the limit."""
    return OrderRefused("too_large", f"The {what} has more than {MAX_PIXELS // 1_000_000} million pixels.")
