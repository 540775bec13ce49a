"""Face swap: the points of one face laid onto those of another, its colours matched, its rim feathered."""

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.pictures.lab import lab_of
from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points, blend, shrink_to_fit, size_of, soften
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused
from a2e_mcp.sandbox.renderer.vision.face_light import light_of, lit_like, pixels_apart
from a2e_mcp.sandbox.renderer.vision.faces import (
    BROWS,
    CHIN,
    FOREHEAD,
    HAIRLINE,
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    LEFT_EYE,
    OUTER_LOWER_LIP,
    OUTER_UPPER_LIP,
    OVAL,
    RIGHT_EYE,
    UNDER_EARS,
    UNDER_TEMPLES,
    Face,
    only_face,
)
from a2e_mcp.sandbox.renderer.vision.mesh_warp import filled, triangles_over, warp

_LARGEST_SOURCE = 1280
# A smaller face has no eyes that could be looked into. One that is turned by more degrees and of which one half is so
# much darker, in steps of 255, becomes a mask on a face that looks ahead.
_LEAST_SOURCE, _ASIDE, _SHADED = 64.0, 10.0, 45.0
_RIM = 8
# In parts of the face's height.
_ERODED = 0.075
_FEATHER = 0.04
_LIPS_EDGE = 0.012
_PARTED = 0.008
# In pixels.
_OFF_THE_EDGES = 5
_ALL_BUT = 250
# From the hairline to the brows, in parts of that way; then how much of what is between may be unlike the skin, and
# by how much in light and colour.
_UNDER_HAIRLINE = 0.3
_ABOVE_BROWS, _ON_BARE_FOREHEAD = 0.35, 0.7
_FRINGE, _UNLIKE_SKIN = 0.25, (60.0, 9.0, 9.0)


class FaceSwapper:
    """Puts one face onto others."""

    def __init__(self, picture: Picture) -> None:
        self._picture = shrink_to_fit(picture, _LARGEST_SOURCE, _LARGEST_SOURCE)
        self._face = only_face(self._picture, "the face picture", least=_LEAST_SOURCE)
        if abs(self._face.turn) > _ASIDE and _half_in_shade(self._picture, self._face):
            reason = "is turned aside, with one half in the shade"
            needed = "use a picture that looks at the camera, or one in even light"
            raise OrderRefused("no_face", f"The face in the face picture {reason}; {needed}.")
        self._points = self._face.points
        self._four_channels = cv2.cvtColor(self._picture, cv2.COLOR_BGR2BGRA)
        self._triangles: npt.NDArray[np.int64] | None = None
        self._has_fringe = _has_fringe(self._picture, self._points, self._face.height)
        # Asked once, so that a clip's fringe does not flicker.
        self._onto_fringe: bool | None = None

    def onto(self, picture: Picture, face: Face) -> None:
        """Replace a face in a picture."""
        low = np.maximum(np.floor(face.points.min(0)).astype(int) - _RIM, 0)
        limit = np.array(picture.shape[1::-1])
        high = np.minimum(np.ceil(face.points.max(0)).astype(int) + _RIM, limit)
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        if min(size) < 2 * _RIM:
            return
        points = face.points - low
        room = picture[low[1] : high[1], low[0] : high[0]]
        if self._triangles is None:
            # A mesh that is divided as it lies on a turned face is folded on one that looks ahead.
            frontal = min(self._face, face, key=lambda each: abs(each.turn))
            self._triangles = triangles_over(frontal.points)
        warped, covered = warp(self._four_channels, self._points, points, self._triangles, size)
        bent = cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR)
        if self._onto_fringe is None:
            self._onto_fringe = _has_fringe(room, points, face.height)
        apart = pixels_apart(face.height)
        some = np.s_[::apart, ::apart]
        few = size_of(room[some])
        eyes = _eyes(points / apart, few)
        own, its = (
            light_of(picture[some], _skin(points, few, bare=not fringe, apart=apart), eyes, face.height / apart)
            for picture, fringe in ((bent, self._has_fringe), (room, self._onto_fringe))
        )
        matched = lit_like(bent, own, its)
        leaves_forehead = self._has_fringe or self._onto_fringe
        # Never up to the hairline: the tips of hair that hang over it would come along.
        shown = _up_to(points, _ABOVE_BROWS if leaves_forehead else _ON_BARE_FOREHEAD)
        mask = _inner_face(shown, covered, face.height)
        _leave_open_mouth(mask, points, face.height)
        room[:] = blend(room, matched, mask)


def _has_fringe(picture: Picture, points: Points, height: float) -> bool:
    """Whether hair or a hat hangs over the forehead: laid onto a bare one it would be a stain, and the reverse bald."""
    apart = pixels_apart(height)
    some = picture[::apart, ::apart]
    forehead = _forehead(points / apart, size_of(some)) > 127
    skin = _bare_skin(points, size_of(some), apart=apart) > 0
    if not forehead.any() or not skin.any():
        return False
    unlike = np.abs(lab_of(some[forehead]) - np.median(lab_of(some[skin]), 0)) > _UNLIKE_SKIN
    return bool(unlike.any(1).mean() > _FRINGE)


def _forehead(points: Points, size: tuple[int, int]) -> Mask:
    """What is between the brows and a little below the hairline."""
    above = points[list(HAIRLINE)] + (points[list(BROWS)] - points[list(HAIRLINE)]) * _UNDER_HAIRLINE
    return filled(np.vstack([above, points[list(BROWS)][::-1]]), size)


def _up_to(points: Points, height: float) -> Points:
    """The face's outline with its upper edge above the brows, by a part of the way from them to the hairline."""
    brows = points[list(BROWS)]
    return np.vstack([points[list(UNDER_TEMPLES)], brows + (points[list(HAIRLINE)] - brows) * height])


def _half_in_shade(picture: Picture, face: Face) -> bool:
    size = size_of(picture)
    middle = face.points[[FOREHEAD, CHIN]]
    light = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    left, right = (
        filled(np.concatenate([face.points[list(side)], middle]), size) > 127 for side in (OVAL[18:], OVAL[:19])
    )
    return abs(float(np.median(light[left])) - float(np.median(light[right]))) > _SHADED


def _inner_face(outline: Points, covered: Mask, height: float) -> Mask:
    """Where the new face is shown: the hull of an outline, kept off its rim, with a soft edge."""
    size = (covered.shape[1], covered.shape[0])
    hull = cv2.convexHull(outline.astype(np.float32)).reshape(-1, 2)
    mask = cv2.bitwise_and(filled(hull, size), covered)
    brush = max(3, round(_ERODED * height))
    mask = cv2.erode(mask, np.ones((brush, brush), np.uint8))
    # The edge of the room itself must stay untouched, or it shows as a line.
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    # Nor does the edge reach beyond the mesh, where there is nothing of the face.
    return cv2.bitwise_and(soften(mask, max(1.0, _FEATHER * height)), covered)


def _leave_open_mouth(mask: Mask, points: Points, height: float) -> None:
    """Take what is seen between parted lips out of a mask; a face that shuts its mouth has none of it to show."""
    upper, lower = points[list(INNER_UPPER_LIP)], points[list(INNER_LOWER_LIP)]
    gap = float(np.linalg.norm(lower - upper, axis=1).max()) / height
    if gap < _PARTED:
        return
    edge = max(1, round(_LIPS_EDGE * height))
    softness = max(0.7, 0.6 * _LIPS_EDGE * height)
    outline = np.vstack([upper, lower[::-1]])
    # Only around the mouth, with room for its soft edge.
    reach = edge + 4 * softness
    first = np.maximum(np.floor(outline.min(0) - reach), 0).astype(int)
    last = np.minimum(np.ceil(outline.max(0) + reach).astype(int), mask.shape[::-1])
    if (last <= first).any():
        return
    between = filled(outline - first, (int(last[0] - first[0]), int(last[1] - first[1])))
    soft = soften(cv2.dilate(between, np.ones((edge, edge), np.uint8)), softness)
    # Lips that have just parted show little, and it must not flicker in and out.
    shown = cv2.convertScaleAbs(soft, alpha=min(1.0, gap / _PARTED - 1))
    place = np.s_[first[1] : last[1], first[0] : last[0]]
    mask[place] = cv2.subtract(mask[place], shown)


def _bare_skin(points: Points, size: tuple[int, int], *, apart: int) -> Mask:
    """Cheeks, nose and chin: neither hair nor eyes nor lips, whose colours say nothing about the skin.

    A picture of every so many pixels is masked where they are `apart`.
    """
    below = cv2.convexHull(points[list(UNDER_EARS)].astype(np.float32)).reshape(-1, 2)
    lips = np.vstack([points[list(OUTER_UPPER_LIP)], points[list(OUTER_LOWER_LIP)][::-1]])
    skin = cv2.subtract(filled(below / apart, size), filled(lips / apart, size))
    brush = max(1, round(_OFF_THE_EDGES / apart))
    return _wholly(cv2.erode(skin, np.ones((brush, brush), np.uint8)))


def _skin(points: Points, size: tuple[int, int], *, bare: bool, apart: int) -> Mask:
    """The bare skin, with the forehead of a face that shows it."""
    skin = _bare_skin(points, size, apart=apart)
    return cv2.max(skin, _wholly(_forehead(points / apart, size))) if bare else skin


def _wholly(mask: Mask) -> Mask:
    """The pixels that a mask covers wholly, and none on its edge."""
    return np.asarray(cv2.threshold(mask, _ALL_BUT, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _eyes(points: Points, size: tuple[int, int]) -> Mask:
    """Both eyes, whose white and whose iris are no skin."""
    return cv2.max(filled(points[list(LEFT_EYE)], size), filled(points[list(RIGHT_EYE)], size))
