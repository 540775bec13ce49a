"""Media files from anywhere: opened with limits, decoded frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import cv2
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from a2e_mcp.sandbox.renderer.pictures.picture import Picture, shrink_to_fit
from a2e_mcp.sandbox.renderer.rendering.open_media import MAX_PIXELS, MAX_SECONDS, open_media, too_long, too_many_pixels
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

_MAX_FRAMES_A_SECOND = 240


@dataclass(frozen=True)
class Frame:
    """One picture of a clip and when it is shown, in seconds from the clip's start."""

    time: float
    picture: Picture


def video_stream(container: InputContainer) -> VideoStream | None:
    """The moving picture of a file, guarded against absurd sizes; cover art does not count. Raises OrderRefused."""
    for stream in container.streams.video:
        if stream.disposition & Disposition.attached_pic:
            continue
        if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
            raise too_many_pixels("video")
        # The header may lie about the size; the decoder checks the real one against this.
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        stream.thread_count = 2
        stream.thread_type = "AUTO"
        return stream
    return None


def read_frames(
    path: str, width: int, height: int, *, fps: float = _MAX_FRAMES_A_SECOND, start: float = 0.0
) -> Iterator[Frame]:
    """A clip's frames from `start` on, upright, shrunk into the box, at most `fps` a second. Raises OrderRefused."""
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise OrderRefused("unreadable", "The file contains no video.")
        if start > 0 and container.duration:
            container.seek(int(start * 1_000_000), backward=True)
        first: float | None = None
        shown = 0
        decoded = 0
        try:
            for raw in container.decode(stream):
                time = raw.time or 0.0
                first = time if first is None and not start else first
                time -= first or 0.0
                decoded += 1
                if time > MAX_SECONDS or decoded > MAX_SECONDS * _MAX_FRAMES_A_SECOND:
                    raise too_long()
                # Half a frame of slack, so that a clip at just this rate keeps every frame.
                if time + 0.0005 < start or (time - start + 0.5 / fps) * fps < shown:
                    continue
                shown += 1
                upright = _upright(raw.to_ndarray(format="bgr24"), raw.rotation)
                yield Frame(time, shrink_to_fit(upright, width, height))
        except av.FFmpegError:
            # What could be decoded before the damage is still a clip.
            if not shown:
                raise OrderRefused("unreadable", "The video cannot be decoded.") from None


def _upright(picture: Picture, rotation: int) -> Picture:
    # A positive rotation is counter-clockwise, as it is to be undone for display.
    match round(rotation / 90) % 4:
        case 1:
            return cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case 2:
            return cv2.rotate(picture, cv2.ROTATE_180)
        case 3:
            return cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE)
    return picture
