"""Face swap: the points of one face laid onto those of another, its colours matched, its rim feathered."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.media.clip_reading import read_frames, video_stream
from a2e_mcp.sandbox.media.clip_writing import MEDIA_TYPE, write_clip
from a2e_mcp.sandbox.media.faces import OVAL, Face, follow, largest_face, only_face
from a2e_mcp.sandbox.media.inspection import Inspection, inspect
from a2e_mcp.sandbox.media.mesh_warp import filled, triangles_over, warp
from a2e_mcp.sandbox.media.opening import open_media
from a2e_mcp.sandbox.media.picture import Mask, Picture, Points, blend, resize, shrink_to_fit
from a2e_mcp.sandbox.media.rendering import Refused, Rendering, even_size, sensible_fps
from a2e_mcp.sandbox.media.sound import read_sound
from a2e_mcp.sandbox.media.stills import read_for_remaking, write_still
from a2e_mcp.sandbox.orders import FaceSwap, Outcome

_LARGEST_SOURCE = 1280
_RIM = 8
_ERODED = 0.05
_FEATHER = 0.03
# A lost face is looked for again only so often, since looking is slow.
_FRAMES_BETWEEN_LOOKS = 3


class Swapper:
    """Puts one face onto others."""

    def __init__(self, picture: Picture) -> None:
        self._picture = shrink_to_fit(picture, _LARGEST_SOURCE, _LARGEST_SOURCE)
        self._points = only_face(self._picture, "the face picture").points
        self._triangles = triangles_over(self._points)

    def onto(self, picture: Picture, face: Face) -> Picture:
        """The picture with its face replaced; the picture itself stays as it is."""
        low = np.maximum(np.floor(face.points.min(0)).astype(int) - _RIM, 0)
        limit = np.array(picture.shape[1::-1])
        high = np.minimum(np.ceil(face.points.max(0)).astype(int) + _RIM, limit)
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        if min(size) < 2 * _RIM:
            return picture
        points = face.points - low
        room = picture[low[1] : high[1], low[0] : high[0]]
        bent, covered = warp(self._picture, self._points, points, self._triangles, size)
        mask = _inner_face(points, covered, face.height)
        swapped = picture.copy()
        swapped[low[1] : high[1], low[0] : high[0]] = blend(room, _matched(bent, room, mask), mask)
        return swapped


@dataclass
class _Counts:
    frames: int = 0
    without_face: int = 0


def render_face_swap(order: FaceSwap, rendering: Rendering) -> Outcome:
    """Put a face onto a picture or a clip."""
    swapper = Swapper(read_for_remaking(order.face))
    box = even_size(order.width, order.height)
    target = inspect(order.target)
    if target.kind == "audio":
        raise Refused("unreadable", "The target is a sound; a picture or a video is needed.")
    if target.kind == "image":
        picture = shrink_to_fit(read_for_remaking(order.target), *box)
        return _still(swapper, picture, "the target picture", order, rendering)
    if order.preview:
        middle = (target.seconds or 0.0) / 2
        frame = next(read_frames(order.target, *box, start=middle), None)
        if frame is None:
            raise Refused("unreadable", "The middle of the video cannot be decoded.")
        return _still(swapper, frame.picture, "the middle of the target video", order, rendering)
    return _clip(swapper, target, box, order, rendering)


def _still(swapper: Swapper, picture: Picture, where: str, order: FaceSwap, rendering: Rendering) -> Outcome:
    swapped = swapper.onto(picture, only_face(picture, where))
    media_type = write_still(swapped, order.output, rendering)
    height, width = swapped.shape[:2]
    note = f"face mesh laid onto the largest face of {where}, colours matched, rim feathered"
    return Outcome(note=note, media_kind="image", media_type=media_type, width=width, height=height)


def _clip(swapper: Swapper, target: Inspection, box: tuple[int, int], order: FaceSwap, rendering: Rendering) -> Outcome:
    fps = _frame_rate(order)
    size = _size(target, box)
    sound = read_sound(order.target) if target.has_audio else None
    seconds = max(target.seconds or 0.0, 1 / fps)
    counts = _Counts()
    with write_clip(order.output, size, fps, rendering, sound=sound) as clip:
        for picture in _swapped_frames(swapper, order.target, box, fps, counts):
            clip.add(picture if picture.shape[1::-1] == size else resize(picture, *size))
            rendering.report(min(1.0, clip.seconds / seconds))
        if counts.without_face == counts.frames:
            raise Refused("no_face", "No face was found in any frame of the target video.")
    note = "face mesh laid onto the largest face of each frame, colours matched, rim feathered"
    if counts.without_face:
        note += f"; {counts.without_face} of {counts.frames} frames have no face and passed unchanged"
    if sound:
        note += "; original sound kept"
    return Outcome(
        note=note,
        media_kind="video",
        media_type=MEDIA_TYPE,
        seconds=round(clip.seconds, 3),
        width=size[0],
        height=size[1],
        has_audio=sound is not None,
    )


def _swapped_frames(swapper: Swapper, path: str, box: tuple[int, int], fps: int, counts: _Counts) -> Iterator[Picture]:
    """The clip at an even rate, the face followed from frame to frame."""
    face: Face | None = None
    lost_at = -_FRAMES_BETWEEN_LOOKS
    for frame in read_frames(path, *box, fps=fps):
        face = follow(frame.picture, face) if face else None
        if face is None and counts.frames - lost_at >= _FRAMES_BETWEEN_LOOKS:
            face = largest_face(frame.picture)
            lost_at = counts.frames
        picture = swapper.onto(frame.picture, face) if face else frame.picture
        # Slow and uneven clips keep their tempo: a frame stands until the next one is due.
        due = max(1, round(frame.time * fps) + 1 - counts.frames)
        counts.frames += due
        counts.without_face += 0 if face else due
        yield from [picture] * due


def _frame_rate(order: FaceSwap) -> int:
    cap = sensible_fps(order.fps)
    with open_media(order.target) as media:
        stream = video_stream(media)
        rate = float(stream.average_rate or cap) if stream else cap
    return max(1, min(cap, round(rate)))


def _size(target: Inspection, box: tuple[int, int]) -> tuple[int, int]:
    width, height = target.width or box[0], target.height or box[1]
    scale = min(1.0, box[0] / width, box[1] / height)
    return even_size(max(16, round(width * scale)), max(16, round(height * scale)))


def _inner_face(points: Points, covered: Mask, height: float) -> Mask:
    """Where the new face is shown: the face's hull, kept off its rim, with a soft edge."""
    size = (covered.shape[1], covered.shape[0])
    hull = cv2.convexHull(points[list(OVAL)].astype(np.float32)).reshape(-1, 2)
    mask = cv2.bitwise_and(filled(hull, size), covered)
    brush = max(3, round(_ERODED * height))
    mask = cv2.erode(mask, np.ones((brush, brush), np.uint8))
    # The edge of the room itself must stay untouched, or it shows as a line.
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    return cv2.GaussianBlur(mask, (0, 0), max(1.0, _FEATHER * height))


def _matched(picture: Picture, like: Picture, mask: Mask) -> Picture:
    """The picture with the mean and half the spread of colour that `like` has inside the mask."""
    own = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB)
    own_mean, own_spread = cv2.meanStdDev(own, mask=mask)
    its_mean, its_spread = cv2.meanStdDev(cv2.cvtColor(like, cv2.COLOR_BGR2LAB), mask=mask)
    gain = 0.5 + 0.5 * np.asarray(its_spread) / np.maximum(np.asarray(own_spread), 1.0)
    offset = np.asarray(its_mean) - np.asarray(own_mean) * gain
    # One look-up table a channel: quick, and exact on eight bits.
    levels = np.arange(256)[:, None, None]
    table = np.clip(levels * gain.reshape(1, 1, 3) + offset.reshape(1, 1, 3), 0, 255).astype(np.uint8)
    return cv2.cvtColor(cv2.LUT(own, table), cv2.COLOR_LAB2BGR)
