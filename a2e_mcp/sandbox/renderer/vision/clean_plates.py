"""What lies behind a clip's captions, remembered from other frames of it, in which it was to be seen."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, blend, grid_of

_MOST_PLATES, _PLATE_BYTES = 12, 36_000_000
_ASKED_A_FRAME = 4
_SAME_LETTERS = 0.7
# In pixels of the frame: how far around a hole it is compared, and how unlike two frames may be there.
_COMPARED = 12.0
_UNLIKE = 9.0
_LEAST_COMPARED = 0.02
# In wide holes what is so many times farther is asked too, and counts for so much.
_FARTHER, _LESS = 4, 0.01
# There even a frame that fits less is better than a guess.
_DOUBT_FAR = 0.5
_MARGIN = 40
# Frames are aligned in copies so many times smaller, twice that of frames wider than Full HD. There motion is evened
# out in copies again smaller by the second, and differences by the third.
_SMALLER, _WIDE = 2, 1920
_SMOOTHED, _COMPARING = 4, 2
# A frame that hides so much of the same is of no use, and none is asked for the last bit of a hole.
_ALL_HIDDEN, _LAST_BIT = 0.98, 0.01
_FEATHER, _FEATHERED = 1.2, 5

_Place: TypeAlias = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class _Sight:
    """What a frame shows, and where it is hidden."""

    picture: Picture
    hidden: Mask

    def part(self, place: _Place) -> "_Sight":
        """What is in some rows and columns."""
        return _Sight(self.picture[place], self.hidden[place])

    def smaller(self, factor: int) -> "_Sight":
        """The same so many times smaller; a pixel is hidden where anything in it is."""
        height, width = (side // factor for side in self.hidden.shape)
        whole = self.part(np.s_[: height * factor, : width * factor])
        picture, hidden = (
            cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA) for part in (whole.picture, whole.hidden)
        )
        return _Sight(picture, _any(hidden))

    def fetched(self, across: Picture, down: Picture) -> "_Sight":
        """The same with each pixel taken from the place it has in the two maps."""
        picture, hidden = (
            cv2.remap(part, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for part in (self.picture, self.hidden)
        )
        return _Sight(picture, _any(hidden))


@dataclass(frozen=True)
class _Plate:
    time: float
    view: _Sight
    small: _Sight

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return sum(part.nbytes for view in (self.view, self.small) for part in (view.picture, view.hidden))


class CleanPlates:
    """Some frames of a clip, or rows of them, with where their letters are, few enough to be kept in memory."""

    def __init__(self) -> None:
        self._plates: list[_Plate] = []
        self._seen = 0
        self._every = 1

    def keep(self, time: float, picture: Picture, letters: Mask) -> None:
        """Remember a frame, which must not be changed any more, if its letters are others than of the last."""
        view = _Sight(picture, letters)
        if self._plates and are_alike(view.hidden, self._plates[-1].view.hidden):
            return
        self._seen += 1
        if self._seen % self._every:
            return
        plate = _Plate(time, view, view.smaller(_factor(picture)))
        if len(self._plates) == max(2, min(_MOST_PLATES, _PLATE_BYTES // plate.bytes)):
            # Of a long clip every second one, then every fourth: from all of its length, and never more.
            del self._plates[::2]
            self._every *= 2
        self._plates.append(plate)

    def fill(self, picture: Picture, letters: Mask, time: float) -> Mask:
        """Lay what other frames show into the letters' places, in place; answers what is still a hole."""
        rest = letters.copy()
        view = _Sight(picture, rest)
        factor = _factor(picture)
        left, top, width, height = cv2.boundingRect(view.hidden)
        if not width:
            return rest
        rows = _aligned(top, height, view.hidden.shape[0], factor)
        columns = _aligned(left, width, view.hidden.shape[1], factor)
        found = self._best(view.hidden[rows, columns], (rows, columns), time)
        if not found:
            return rest
        around = _AroundHole(view.part((rows, columns)), factor)
        small = slice(rows.start // factor, rows.stop // factor), slice(columns.start // factor, columns.stop // factor)
        for plate in found:
            if around.is_filled:
                break
            around.fill_from(plate.view.part((rows, columns)), plate.small.part(small))
        return rest

    def _best(self, hole: Mask, place: _Place, time: float) -> list[_Plate]:
        """Those first that hide least of the same; of equals the nearest in time. Those that hide it all are none."""
        area = max(1, cv2.countNonZero(hole))
        merits: list[tuple[float, float, _Plate]] = []
        for plate in self._plates:
            hidden = cv2.countNonZero(cv2.bitwise_and(hole, plate.view.hidden[place])) / area
            if hidden < _ALL_HIDDEN:
                merits.append((round(hidden, 1), abs(plate.time - time), plate))
        return [plate for *_, plate in sorted(merits, key=lambda merit: merit[:2])[:_ASKED_A_FRAME]]


def are_alike(one: Mask, other: Mask) -> bool:
    """Whether two masks of letters are those of the same caption."""
    together, either = cv2.countNonZero(cv2.bitwise_and(one, other)), cv2.countNonZero(cv2.bitwise_or(one, other))
    return together >= _SAME_LETTERS * either


class _AroundHole:
    """A hole in a frame and what the frame shows around it, for other frames to be moved onto it."""

    def __init__(self, view: _Sight, factor: int) -> None:
        self._view = view
        self._factor = factor
        self._area = cv2.countNonZero(view.hidden)
        self._small = view.smaller(factor)
        self._grey = cv2.cvtColor(self._small.picture, cv2.COLOR_BGR2GRAY)
        across, down = (cv2.Sobel(self._grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
        self._slope = cv2.magnitude(across, down) + 0.5
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    @property
    def is_filled(self) -> bool:
        """Whether next to nothing is left of the hole."""
        return cv2.countNonZero(self._view.hidden) <= _LAST_BIT * self._area

    def fill_from(self, other: _Sight, small: _Sight) -> None:
        """Lay what another frame shows into the hole, where it fits; `small` is that frame smaller by the factor."""
        motion = self._motion_to(small)
        unlike = _unlike(self._small, small.fetched(*_sources(motion, self._small)), _COMPARED / self._factor)
        hole = self._view.hidden
        fits = cv2.resize(cv2.bitwise_not(unlike), hole.shape[::-1], interpolation=cv2.INTER_NEAREST)
        usable = cv2.bitwise_and(hole, fits)
        left, top, width, height = cv2.boundingRect(usable)
        if cv2.countNonZero(usable) <= _LAST_BIT * self._area:
            return
        place = np.s_[
            max(0, top - _FEATHERED) : top + height + _FEATHERED, max(0, left - _FEATHERED) : left + width + _FEATHERED
        ]
        across, down = _sources(self._factor * motion, self._view)
        its = other.fetched(across[place], down[place])
        shown = cv2.bitwise_not(its.hidden)
        usable = cv2.bitwise_and(usable[place], shown)
        room = self._view.picture[place]
        room[:] = blend(room, its.picture, cv2.min(cv2.GaussianBlur(usable, (0, 0), _FEATHER), shown))
        cv2.copyTo(its.picture, usable, room)
        hole[place] = cv2.subtract(hole[place], usable)

    def _motion_to(self, other: _Sight) -> Picture:
        """How far across and down, in a coarse copy, what is here is there, by what neither caption hides."""
        here = self._grey
        there = cv2.cvtColor(other.picture, cv2.COLOR_BGR2GRAY)
        hidden = cv2.max(other.hidden, self._small.hidden)
        # What is hidden in one of the two looks the same in both, so that letters are not followed.
        cv2.copyTo(here, hidden, there)
        flow = np.asarray(self._flow.calc(here, there, np.zeros((*here.shape, 2), np.float32)), np.float32)
        # Where there is nothing to be followed, the flow of what is around counts.
        trust = self._slope.copy()
        trust[cv2.dilate(hidden, np.ones((5, 5), np.uint8)) > 0] = 0
        weighed = cv2.merge([*(cv2.multiply(way, trust) for way in cv2.split(flow)), trust])
        # So wide a blur is the same on a coarse copy.
        height, width = (max(4, side // _SMOOTHED) for side in here.shape)
        reach = max(3.0, here.shape[0] / 12) / _SMOOTHED
        coarse = cv2.resize(weighed, (width, height), interpolation=cv2.INTER_AREA)
        near = cv2.GaussianBlur(coarse, (0, 0), reach)
        # Deep inside a wide hole only what is far counts, and in the end the whole.
        far = cv2.GaussianBlur(coarse, (0, 0), _FARTHER * reach)
        summed = near + _LESS * far + _LESS**2 * coarse.mean((0, 1))
        return np.asarray(summed[..., :2] / np.maximum(summed[..., 2:], 1e-6), np.float32)


def _sources(motion: Picture, view: _Sight) -> tuple[Picture, Picture]:
    """From where each pixel of a view is taken, across and down, for a motion in its pixels."""
    size = view.hidden.shape[1], view.hidden.shape[0]
    ways = cv2.split(cv2.resize(motion, size, interpolation=cv2.INTER_LINEAR))
    across, down = (cv2.add(way, grid) for way, grid in zip(ways, grid_of(*size), strict=True))
    return across, down


def _unlike(here: _Sight, there: _Sight, reach: float) -> Mask:
    """Where the surroundings of a pixel differ between two views, or cannot be compared."""
    seen_in_both = cv2.bitwise_not(cv2.max(here.hidden, there.hidden))
    apart = cv2.copyTo(cv2.absdiff(here.picture, there.picture), seen_in_both)
    height, width = seen_in_both.shape
    size = max(8, width // _COMPARING), max(8, height // _COMPARING)
    small = cv2.resize(apart, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    seen = cv2.resize(seen_in_both, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    compared, difference = _compared(small, seen, reach / _COMPARING)
    # Deep inside a wide hole only what is farther can be compared; so wide a blur is the same on a coarse copy.
    coarse = max(4, size[0] // _FARTHER), max(4, size[1] // _FARTHER)
    apart_far, seen_far = (cv2.resize(part, coarse, interpolation=cv2.INTER_AREA) for part in (small, seen))
    far = _compared(apart_far, seen_far, reach / _COMPARING)
    compared_far, difference_far = (cv2.resize(part, size, interpolation=cv2.INTER_LINEAR) for part in far)
    difference = np.where(compared < _LEAST_COMPARED, difference_far * _DOUBT_FAR, difference)
    unlike = np.where((compared_far < _LEAST_COMPARED) | (difference > _UNLIKE), 255, 0).astype(np.uint8)
    return cv2.resize(unlike, (width, height), interpolation=cv2.INTER_NEAREST)


def _compared(apart: Picture, seen: Mask, reach: float) -> tuple[Picture, Picture]:
    """How much around each pixel can be compared, from 0 to 1, and how far apart the pictures are there."""
    weight = cv2.GaussianBlur(seen, (0, 0), reach)
    blue, green, red = cv2.split(cv2.GaussianBlur(apart, (0, 0), reach))
    return weight, cv2.max(cv2.max(blue, green), red) / np.maximum(weight, 1e-6)


def _any(mask: Mask) -> Mask:
    """All of each pixel that has a part in a mask."""
    return np.asarray(cv2.threshold(mask, 0, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _factor(picture: Picture) -> int:
    """How many times smaller a copy is in which a frame is aligned."""
    return _SMALLER if picture.shape[1] <= _WIDE else 2 * _SMALLER


def _aligned(first: int, length: int, limit: int, factor: int) -> slice:
    """So many rows or columns and some beside them, in whole steps of a factor."""
    begin = max(0, first - _MARGIN) // factor
    return slice(begin * factor, min(limit // factor, -(-(first + length + _MARGIN) // factor)) * factor)
