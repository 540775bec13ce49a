"""Media files from anywhere: opened with limits, decoded frame by frame."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import av
import cv2
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from a2e_mcp.media.damage import Damage
from a2e_mcp.media.high_dynamic_range import ToneMapper, is_high_range
from a2e_mcp.media.interlaced_clips import progressive
from a2e_mcp.media.orientation import UPRIGHT, Orientation, is_on_its_side, orientation
from a2e_mcp.sandbox.renderer.clips.pipeline import frames_under_way, read_ahead
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, resize, shrink_to_fit
from a2e_mcp.sandbox.renderer.pictures.planes import Planes
from a2e_mcp.sandbox.renderer.rendering.open_media import (
    MAX_PIXELS,
    MAX_SECONDS,
    decoded,
    open_media,
    seek_before,
    start_of,
    too_long,
    too_many_pixels,
)
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

_MAX_FRAMES_A_SECOND = 240
_NARROWEST_PIXEL = 0.2
_SQUARE = 0.01
_FULL_HD = 1920 * 1088
# Where at most each so manieth frame is asked for, those that no other is built upon are not decoded.
_FEW = 4

# The matrices of H.264's colours that are, or are taken for, those of the planes that are written here.
_OUR_COLOURS = (2, 5, 6)


@dataclass(frozen=True)
class Frame:
    """One picture of a clip and when it is shown, in seconds from the clip's start."""

    time: float
    picture: Picture


@dataclass(frozen=True)
class PlanarFrame:
    """The same as planes, of which only parts are drawn on."""

    time: float
    planes: Planes


@dataclass(frozen=True)
class _Raw:
    """A decoded picture, and how it is to be shown."""

    time: float
    decoded: av.VideoFrame
    turned: Orientation
    aspect: float

    def within(self, box: tuple[int, int]) -> Picture:
        """The picture as it is to be seen, shrunk into a box."""
        return shrink_to_fit(as_shown(self.decoded.to_ndarray(format="bgr24"), self.turned, self.aspect), *box)

    def planes(self, size: tuple[int, int]) -> Planes:
        """The planes of the picture as it is to be seen, at this size: those that were decoded, where they are so."""
        raw = self.decoded
        is_upright = self.turned == UPRIGHT and abs(self.aspect - 1) <= _SQUARE
        are_ours = (
            raw.format.name == "yuv420p" and raw.colorspace in _OUR_COLOURS and raw.color_range != ColorRange.JPEG
        )
        if is_upright and are_ours and (raw.width, raw.height) == size:
            return Planes(raw.to_ndarray())
        picture = self.within(size)
        return Planes.of(picture if picture.shape[1::-1] == size else resize(picture, *size))


def video_stream(container: InputContainer) -> VideoStream | None:
    """The moving picture of a file, guarded against absurd sizes; cover art does not count. Raises OrderRefused."""
    for stream in container.streams.video:
        if stream.disposition & Disposition.attached_pic:
            continue
        if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
            raise too_many_pixels("video")
        # The header may lie about the size; the decoder checks the real one against this.
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        # Each more thread holds frames of its own, and one is quick enough for all but the largest.
        stream.thread_count = 1 if stream.codec_context.width * stream.codec_context.height <= _FULL_HD else 2
        stream.thread_type = "AUTO"
        return stream
    return None


def read_frames(
    path: str,
    width: int,
    height: int,
    *,
    fps: float = _MAX_FRAMES_A_SECOND,
    start: float = 0.0,
    damage: Damage | None = None,
) -> Iterator[Frame]:
    """A clip's frames from `start` on as they are to be seen, shrunk into the box, at most `fps` a second.

    They are decoded in a thread, a few ahead. What cannot be decoded is passed over, and counted in `damage`.
    Raises OrderRefused.
    """
    box = width, height
    raw = _decoded(path, box, fps, start, Damage() if damage is None else damage)
    return read_ahead((Frame(each.time, each.within(box)) for each in raw), frames_under_way(*box))


def read_planes(
    path: str, size: tuple[int, int], *, fps: float = _MAX_FRAMES_A_SECOND, damage: Damage | None = None
) -> Iterator[PlanarFrame]:
    """The same at exactly an even `size`, as planes: what is not drawn on is neither converted nor changed."""
    raw = _decoded(path, size, fps, 0.0, Damage() if damage is None else damage)
    return read_ahead((PlanarFrame(each.time, each.planes(size)) for each in raw), frames_under_way(*size))


def _decoded(path: str, box: tuple[int, int], fps: float, start: float, damage: Damage) -> Generator[_Raw, None, None]:
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise OrderRefused("unreadable", "The file contains no video.")
        begins = start_of(container)
        if start > 0 and container.duration:
            seek_before(container, begins + start)
        if float(stream.average_rate or 0) >= _FEW * fps:
            stream.codec_context.skip_frame = "NONREF"
        aspect = pixel_aspect(stream)
        turned: Orientation | None = None
        tones: ToneMapper | None = None
        due = 0
        count = 0
        pictures = (each for each in decoded(container, stream, damage) if isinstance(each, av.VideoFrame))
        for raw in progressive(pictures):
            time = (raw.time or 0.0) - begins
            count += 1
            if time > MAX_SECONDS or count > MAX_SECONDS * _MAX_FRAMES_A_SECOND:
                raise too_long()
            # By the time that has passed and not by the frames: after a still, many frames may come at once.
            # Where a frame is midway, as each second one of twice the rate, it is the next that is shown on time.
            number = int((time - start) * fps + 0.5 - 1e-3)
            if time + 0.0005 < start or number < due:
                continue
            due = number + 1
            turned = orientation(raw) if turned is None else turned
            tones = tones or (ToneMapper(max(box)) if is_high_range(raw) else None)
            yield _Raw(max(0.0, time), raw if tones is None else tones.mapped(raw), turned, aspect)
        if not count:
            raise OrderRefused("unreadable", "The video cannot be decoded.")


def pixel_aspect(stream: VideoStream) -> float:
    """How many times as wide as high a pixel is to be shown; 1 where the file says nothing sensible."""
    said = stream.sample_aspect_ratio
    aspect = float(said) if said else 1.0
    return aspect if _NARROWEST_PIXEL < aspect < 1 / _NARROWEST_PIXEL else 1.0


def as_shown(picture: Picture, turned: Orientation, aspect: float = 1.0) -> Picture:
    """The picture with square pixels, turned and mirrored."""
    if abs(aspect - 1) > _SQUARE:
        height, width = picture.shape[:2]
        # The side that is too short grows: nothing is lost before the clip is scaled to its size.
        wider = max(1, round(width * aspect)), height
        picture = resize(picture, *(wider if aspect > 1 else (width, max(1, round(height / aspect)))))
    across, across_to_down, down_to_across, down = turned
    if is_on_its_side(turned):
        picture = cv2.transpose(picture)
        across, down = down_to_across, across_to_down
    if across < 0:
        picture = cv2.flip(picture, 1)
    return cv2.flip(picture, 0) if down < 0 else picture
