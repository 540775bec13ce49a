"""The frames of one file at the film's rate, decoded as they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import repeat

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image, ImageOps

from a2e_mcp.film.engine.canvas import Framer
from a2e_mcp.film.engine.refusal import FilmRefused
from a2e_mcp.film.engine.source import Source, moving_picture, opened, seek_before
from a2e_mcp.media.damage import Damage
from a2e_mcp.media.interlaced_clips import progressive
from a2e_mcp.media.picture_levels import in_eight_bits


def frames_of(
    source: Source, framer: Framer, start: float, fps: Fraction, count: int, *, damage: Damage
) -> Iterator[av.VideoFrame]:
    """So many frames from a moment of a clip on; a picture stands still. They must not be drawn on.

    Each is the one that is nearest in time; the last one stays where the picture is shorter than the sound. What
    cannot be decoded is passed over, and counted in `damage`.
    Raises FilmRefused.
    """
    if source.kind == "image":
        yield from repeat(framer.frame(_still(source)), count)
        return
    with opened(source.path, source.name) as container:
        stream = moving_picture(container)
        if stream is None:
            raise FilmRefused(f"{source.name} has no picture.")
        if start > 0:
            seek_before(container, start + source.origin)
        decoded = progressive(_decoded(container, stream, damage))
        shown = next(decoded, None)
        if shown is None:
            raise FilmRefused(f"{source.name} cannot be read: its picture cannot be decoded.")
        following = next(decoded, None)
        framed: av.VideoFrame | None = None
        tolerance = float(1 / fps / 2) + 1e-6
        for number in range(count):
            moment = source.origin + start + float(number / fps) + tolerance
            while following is not None and (following.time or 0.0) <= moment:
                shown, framed = following, None
                following = next(decoded, None)
            if framed is None:
                framed = framer.frame(shown)
            yield framed


def _decoded(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[av.VideoFrame]:
    """All frames in the order in which they are shown."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            for frame in packet.decode():
                if frame.pts is not None:
                    damage.see(frame)
                    yield frame
        except av.FFmpegError as problem:
            if isinstance(problem, av.EOFError):
                return
            damage.pieces += 1


def _still(source: Source) -> av.VideoFrame:
    with Image.open(source.path) as image:
        upright = in_eight_bits(ImageOps.exif_transpose(image), image)
        if upright.has_transparency_data:
            base = Image.new("RGBA", upright.size, (0, 0, 0, 255))
            base.alpha_composite(upright.convert("RGBA"))
            upright = base
        return av.VideoFrame.from_ndarray(np.asarray(upright.convert("RGB"), np.uint8), format="rgb24")
