"""What lies behind a clip's captions, remembered from other frames of it, in which it was to be seen."""

from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, blend

_MOST_PLATES = 12
_ASKED_A_FRAME = 4
_SAME_LETTERS = 0.7
# In pixels of the frame: how far around a hole it is compared, and how unlike two frames may be there.
_COMPARED = 12.0
_UNLIKE = 9.0
_LEAST_COMPARED = 0.02
_MARGIN = 40
_FLOW_SCALE, _COMPARING_SCALE = 0.5, 0.25
_FEATHER = 1.2


@dataclass(frozen=True)
class _Plate:
    time: float
    picture: Picture
    letters: Mask


class CleanPlates:
    """Some frames of a clip with where their letters are, few enough to be kept in memory."""

    def __init__(self) -> None:
        self._plates: list[_Plate] = []
        self._seen = 0
        self._every = 1

    def keep(self, time: float, picture: Picture, letters: Mask) -> None:
        """Remember a frame whose letters are others than those of the frame remembered last."""
        if self._plates and _alike(letters, self._plates[-1].letters):
            return
        self._seen += 1
        if self._seen % self._every:
            return
        if len(self._plates) == _MOST_PLATES:
            # Of a long clip every second one, then every fourth: from all of its length, and never more.
            del self._plates[::2]
            self._every *= 2
        self._plates.append(_Plate(time, picture.copy(), letters))

    def fill(self, picture: Picture, letters: Mask, time: float) -> Mask:
        """Lay what other frames show into the letters' places, in place; answers what is still a hole."""
        left, top, width, height = cv2.boundingRect(letters)
        rows = slice(max(0, top - _MARGIN), top + height + _MARGIN)
        columns = slice(max(0, left - _MARGIN), left + width + _MARGIN)
        room, hole = picture[rows, columns], letters[rows, columns].copy()
        grey = cv2.cvtColor(room, cv2.COLOR_BGR2GRAY)
        own = hole.copy()
        for plate in self._best(letters, time):
            if not hole.any():
                break
            its, gap = plate.picture[rows, columns], plate.letters[rows, columns]
            its, gap = _moved_onto(its, gap, grey, own)
            usable = cv2.bitwise_and(hole, cv2.bitwise_not(cv2.max(gap, _unlike(room, its, cv2.max(gap, own)))))
            room[:] = blend(room, its, cv2.min(cv2.GaussianBlur(usable, (0, 0), _FEATHER), cv2.bitwise_not(gap)))
            room[usable > 0] = its[usable > 0]
            hole[usable > 0] = 0
        rest = np.zeros_like(letters)
        rest[rows, columns] = hole
        return rest

    def _best(self, letters: Mask, time: float) -> list[_Plate]:
        """Those first that hide least of the same; of equals the nearest in time."""
        area = max(1, cv2.countNonZero(letters))

        def merit(plate: _Plate) -> tuple[float, float]:
            hidden = cv2.countNonZero(cv2.bitwise_and(letters, plate.letters))
            return round(hidden / area, 1), abs(plate.time - time)

        return sorted(self._plates, key=merit)[:_ASKED_A_FRAME]


def _alike(one: Mask, other: Mask) -> bool:
    together, either = cv2.countNonZero(cv2.bitwise_and(one, other)), cv2.countNonZero(cv2.bitwise_or(one, other))
    return together >= _SAME_LETTERS * either


def _moved_onto(picture: Picture, letters: Mask, grey: Picture, hole: Mask) -> tuple[Picture, Mask]:
    """A frame with its letters, moved as the person has moved since, judged by what neither caption hides."""
    height, width = grey.shape
    size = max(16, round(width * _FLOW_SCALE)), max(16, round(height * _FLOW_SCALE))
    here = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    there = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
    hidden = cv2.resize(cv2.max(letters, hole), size, interpolation=cv2.INTER_AREA) > 0
    # What is hidden in one of the two looks the same in both, so that letters are not followed.
    there[hidden] = here[hidden]
    still = np.zeros((*here.shape, 2), np.float32)
    flow = np.asarray(cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(here, there, still), np.float32)
    slope = cv2.magnitude(cv2.Sobel(here, cv2.CV_32F, 1, 0), cv2.Sobel(here, cv2.CV_32F, 0, 1))
    # Where there is nothing to be followed, the flow of what is around counts.
    trust = np.where(cv2.dilate(hidden.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0, 0, slope + 0.5)
    reach = max(3.0, size[1] / 12)
    weight = cv2.GaussianBlur(trust.astype(np.float32), (0, 0), reach)[..., None]
    smooth = cv2.GaussianBlur(flow * trust[..., None].astype(np.float32), (0, 0), reach) / np.maximum(weight, 1e-3)
    large = cv2.resize(smooth.astype(np.float32) / _FLOW_SCALE, (width, height), interpolation=cv2.INTER_LINEAR)
    across, down = cv2.split(large)
    from_x = cv2.add(across, np.tile(np.arange(width, dtype=np.float32), (height, 1)))
    from_y = cv2.add(down, np.repeat(np.arange(height, dtype=np.float32)[:, None], width, 1))
    moved = cv2.remap(picture, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    gap = cv2.remap(letters, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved, np.where(gap > 0, 255, 0).astype(np.uint8)


def _unlike(picture: Picture, other: Picture, hidden: Mask) -> Mask:
    """Where the surroundings of a pixel differ between two pictures, or cannot be compared."""
    apart = cv2.bitwise_and(cv2.absdiff(picture, other), cv2.cvtColor(cv2.bitwise_not(hidden), cv2.COLOR_GRAY2BGR))
    height, width = hidden.shape
    size = max(8, round(width * _COMPARING_SCALE)), max(8, round(height * _COMPARING_SCALE))
    small = cv2.resize(apart, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    seen = cv2.resize(cv2.bitwise_not(hidden), size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    reach = _COMPARED * _COMPARING_SCALE
    weight = cv2.GaussianBlur(seen, (0, 0), reach)
    difference = np.max(cv2.GaussianBlur(small, (0, 0), reach), axis=2) / np.maximum(weight, 1e-6)
    unlike = np.where((weight < _LEAST_COMPARED) | (difference > _UNLIKE), 255, 0).astype(np.uint8)
    return cv2.resize(unlike, (width, height), interpolation=cv2.INTER_NEAREST)
