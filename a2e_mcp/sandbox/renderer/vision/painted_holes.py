"""Holes in pictures painted from what is around them: what no frame shows is guessed."""

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, blend

# Nothing is changed farther from a hole, in pixels.
REACH = 6
# Painted in a copy of the frame about so high, that many whole times smaller: what is painted is smooth.
_PAINTED_HEIGHT = 360
_MARGIN = 12
_SOFT_EDGE = 0.8
# In each copy of half the size, what is known counts for so much more than the share of a pixel that it fills: the rim
# of a hole reaches far into it, and is not mixed with all that is farther away.
_NEAR_COUNTS, _SMALLEST_COPY = 4.0, 2


def paint_over(picture: Picture, hole: Mask, frame_height: int) -> None:
    """Guess what is in a hole from what is around it, in place, in rows of a frame that is so high."""
    left, top, width, height = cv2.boundingRect(hole)
    if not width:
        return
    rows = slice(max(0, top - _MARGIN), top + height + _MARGIN)
    columns = slice(max(0, left - _MARGIN), left + width + _MARGIN)
    room, missing = picture[rows, columns], hole[rows, columns]
    guessed = _guess(room, missing, max(1, round(frame_height / _PAINTED_HEIGHT)))
    room[:] = blend(room, guessed, cv2.max(missing, cv2.GaussianBlur(missing, (0, 0), _SOFT_EDGE)))


def _guess(room: Picture, hole: Mask, factor: int) -> Picture:
    """A part of a picture with its hole filled, in a copy so many times smaller.

    What is known is averaged in ever smaller copies, until each pixel knows something, and then taken back up: colours
    run evenly from rim to rim, whatever the size of the hole.
    """
    height, width = hole.shape
    size = max(8, round(width / factor)), max(8, round(height / factor))
    known = cv2.bitwise_not(hole)
    seen = cv2.merge([*cv2.split(cv2.copyTo(room, known)), known])
    copies: list[Picture] = [cv2.resize(seen, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255]
    while min(copies[-1].shape[:2]) > _SMALLEST_COPY:
        half = tuple((side + 1) // 2 for side in copies[-1].shape[1::-1])
        smaller = cv2.resize(copies[-1], half, interpolation=cv2.INTER_AREA)
        more = np.minimum(_NEAR_COUNTS, 1 / np.maximum(smaller[..., 3:], 1e-6))
        copies.append(smaller * more)
    smallest = copies.pop()
    filled = smallest[..., :3] / np.maximum(smallest[..., 3:], 1e-6)
    for copy in reversed(copies):
        larger = cv2.resize(filled, copy.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        unknown = 1 - copy[..., 3:]
        filled = copy[..., :3] + larger * unknown
        # Or the larger pixels would be seen as squares.
        filled += unknown * (cv2.blur(filled, (3, 3)) - filled)
    return cv2.resize(cv2.convertScaleAbs(filled, alpha=255), (width, height), interpolation=cv2.INTER_LINEAR)
