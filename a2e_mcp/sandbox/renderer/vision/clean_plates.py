"""What lies behind a clip's captions, remembered from other frames of it, in which it was to be seen."""

from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, blend, grid_of

_MOST_PLATES, _PLATE_BYTES = 12, 30_000_000
_ASKED_A_FRAME = 4
_SAME_LETTERS = 0.7
# In pixels of the frame: how far around a hole it is compared, and how unlike two frames may be there.
_COMPARED = 12.0
_UNLIKE = 9.0
_LEAST_COMPARED = 0.02
# In wide holes what is so many times farther is asked too, and counts for so much.
_FARTHER, _LESS = 4.0, 0.01
# There even a frame that fits less is better than a guess.
_DOUBT_FAR = 0.5
_MARGIN = 40
_FLOW_SCALE, _COMPARING_SCALE = 0.5, 0.25
# What moves is looked for in a copy no wider than this, in pixels, and evened out in one so many times smaller.
_FLOW_WIDTH, _SMOOTHED = 640, 4
# A frame that hides so much of the same is of no use.
_ALL_HIDDEN = 0.98
_FEATHER = 1.2


@dataclass(frozen=True)
class _Plate:
    time: float
    picture: Picture
    letters: Mask


class CleanPlates:
    """Some frames of a clip with where their letters are, few enough to be kept in memory, from a row on."""

    def __init__(self, first_row: int = 0) -> None:
        self._first_row = max(0, first_row - _MARGIN)
        self._plates: list[_Plate] = []
        self._seen = 0
        self._every = 1

    def keep(self, time: float, picture: Picture, letters: Mask) -> None:
        """Remember a frame whose letters are others than those of the frame remembered last."""
        picture, letters = picture[self._first_row :], letters[self._first_row :]
        if self._plates and are_alike(letters, self._plates[-1].letters):
            return
        self._seen += 1
        if self._seen % self._every:
            return
        if len(self._plates) == max(2, min(_MOST_PLATES, _PLATE_BYTES // picture.nbytes)):
            # Of a long clip every second one, then every fourth: from all of its length, and never more.
            del self._plates[::2]
            self._every *= 2
        self._plates.append(_Plate(time, picture.copy(), letters.copy()))

    def fill(self, picture: Picture, letters: Mask, time: float) -> Mask:
        """Lay what other frames show into the letters' places, in place; answers what is still a hole."""
        rest = np.zeros_like(letters)
        rest[self._first_row :] = self._filled(picture[self._first_row :], letters[self._first_row :], time)
        return rest

    def _filled(self, picture: Picture, letters: Mask, time: float) -> Mask:
        left, top, width, height = cv2.boundingRect(letters)
        rows = slice(max(0, top - _MARGIN), top + height + _MARGIN)
        columns = slice(max(0, left - _MARGIN), left + width + _MARGIN)
        room, hole = picture[rows, columns], letters[rows, columns].copy()
        own = hole.copy()
        here = _AroundLetters(room)
        for plate in self._best(own, (rows, columns), time):
            if not cv2.countNonZero(hole):
                break
            its, gap = here.reached_from(plate.picture[rows, columns], plate.letters[rows, columns], own)
            usable = cv2.bitwise_and(hole, cv2.bitwise_not(cv2.max(gap, _unlike(room, its, cv2.max(gap, own)))))
            room[:] = blend(room, its, cv2.min(cv2.GaussianBlur(usable, (0, 0), _FEATHER), cv2.bitwise_not(gap)))
            cv2.copyTo(its, usable, room)
            hole = cv2.subtract(hole, usable)
        rest = np.zeros_like(letters)
        rest[rows, columns] = hole
        return rest

    def _best(self, hole: Mask, place: tuple[slice, slice], time: float) -> list[_Plate]:
        """Those first that hide least of the same; of equals the nearest in time. Those that hide it all are none."""
        area = max(1, cv2.countNonZero(hole))
        merits: list[tuple[float, float, _Plate]] = []
        for plate in self._plates:
            hidden = cv2.countNonZero(cv2.bitwise_and(hole, plate.letters[place])) / area
            if hidden < _ALL_HIDDEN:
                merits.append((round(hidden, 1), abs(plate.time - time), plate))
        return [plate for *_, plate in sorted(merits, key=lambda merit: merit[:2])[:_ASKED_A_FRAME]]


def are_alike(one: Mask, other: Mask) -> bool:
    """Whether two masks of letters are those of the same caption."""
    together, either = cv2.countNonZero(cv2.bitwise_and(one, other)), cv2.countNonZero(cv2.bitwise_or(one, other))
    return together >= _SAME_LETTERS * either


class _AroundLetters:
    """What a frame shows around its letters, for other frames to be moved onto it."""

    def __init__(self, room: Picture) -> None:
        height, width = room.shape[:2]
        self._whole = width, height
        scale = min(_FLOW_SCALE, _FLOW_WIDTH / width)
        self._size = max(16, round(width * scale)), max(16, round(height * scale))
        self._small = cv2.resize(cv2.cvtColor(room, cv2.COLOR_BGR2GRAY), self._size, interpolation=cv2.INTER_AREA)
        across, down = (cv2.Sobel(self._small, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
        self._slope = cv2.magnitude(across, down) + 0.5
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def reached_from(self, picture: Picture, letters: Mask, hole: Mask) -> tuple[Picture, Mask]:
        """A frame with its letters, moved as the person has moved since, judged by what neither caption hides."""
        here, size = self._small, self._size
        there = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
        hidden = cv2.threshold(
            cv2.resize(cv2.max(letters, hole), size, interpolation=cv2.INTER_AREA), 0, 255, cv2.THRESH_BINARY
        )[1]
        # What is hidden in one of the two looks the same in both, so that letters are not followed.
        cv2.copyTo(here, hidden, there)
        flow = np.asarray(self._flow.calc(here, there, np.zeros((*here.shape, 2), np.float32)), np.float32)
        # Where there is nothing to be followed, the flow of what is around counts.
        trust = self._slope.copy()
        trust[cv2.dilate(hidden, np.ones((5, 5), np.uint8)) > 0] = 0
        weighed = cv2.merge([*(cv2.multiply(way, trust) for way in cv2.split(flow)), trust])
        # So wide a blur is the same on a coarse copy.
        coarse = max(4, size[0] // _SMOOTHED), max(4, size[1] // _SMOOTHED)
        reach = max(3.0, size[1] / 12) / _SMOOTHED
        small = cv2.resize(weighed, coarse, interpolation=cv2.INTER_AREA)
        near = cv2.GaussianBlur(small, (0, 0), reach)
        # Deep inside a wide hole only what is far counts, and in the end the whole.
        far = cv2.GaussianBlur(small, (0, 0), _FARTHER * reach)
        across, down, weight = cv2.split(near + _LESS * far + _LESS**2 * small.mean((0, 1)))
        weight = np.maximum(weight, 1e-6)
        grids = grid_of(*self._whole)
        from_where: list[Picture] = []
        for way, grid, whole, small in zip((across, down), grids, self._whole, size, strict=True):
            smooth = cv2.resize(way / weight * (whole / small), self._whole, interpolation=cv2.INTER_LINEAR)
            from_where.append(cv2.add(smooth, grid))
        moved = cv2.remap(picture, from_where[0], from_where[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        gap = cv2.remap(letters, from_where[0], from_where[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return moved, np.asarray(cv2.threshold(gap, 0, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _unlike(picture: Picture, other: Picture, hidden: Mask) -> Mask:
    """Where the surroundings of a pixel differ between two pictures, or cannot be compared."""
    seen_in_both = cv2.bitwise_not(hidden)
    apart = cv2.copyTo(cv2.absdiff(picture, other), seen_in_both)
    height, width = hidden.shape
    size = max(8, round(width * _COMPARING_SCALE)), max(8, round(height * _COMPARING_SCALE))
    small = cv2.resize(apart, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    seen = cv2.resize(seen_in_both, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    compared, difference = _compared(small, seen, _COMPARED * _COMPARING_SCALE)
    # Deep inside a wide hole only what is farther can be compared.
    compared_far, difference_far = _compared(small, seen, _FARTHER * _COMPARED * _COMPARING_SCALE)
    difference = np.where(compared < _LEAST_COMPARED, difference_far * _DOUBT_FAR, difference)
    unlike = np.where((compared_far < _LEAST_COMPARED) | (difference > _UNLIKE), 255, 0).astype(np.uint8)
    return cv2.resize(unlike, (width, height), interpolation=cv2.INTER_NEAREST)


def _compared(apart: Picture, seen: Mask, reach: float) -> tuple[Picture, Picture]:
    """How much around each pixel can be compared, from 0 to 1, and how far apart the pictures are there."""
    weight = cv2.GaussianBlur(seen, (0, 0), reach)
    blue, green, red = cv2.split(cv2.GaussianBlur(apart, (0, 0), reach))
    return weight, cv2.max(cv2.max(blue, green), red) / np.maximum(weight, 1e-6)
