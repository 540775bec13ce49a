"""The word SANDBOX on every frame and picture. There is no way to leave it out."""

import functools

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Sprite, lay_over
from a2e_mcp.sandbox.renderer.pictures.text_sprites import outlined

_WORD = "SANDBOX"
_CAPITALS_PART_OF_HEIGHT = 0.042
_SMALLEST = 9


def stamp(picture: Picture) -> None:
    """Burn the mark into the lower right corner, in place; call it last."""
    mark, left, top = mark_for(picture.shape[1], picture.shape[0])
    lay_over(picture, mark, left, top)


def marked_planes(picture: Picture) -> Mask:
    """A picture of even sides as the planes of YUV 4:2:0, with the mark; the picture itself stays as it is."""
    height, width = picture.shape[:2]
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
    mark, left, top = mark_for(width, height)
    # Only the mark's corner is drawn on and converted again; in whole pairs, as the colours are.
    rows = slice(max(0, top) // 2 * 2, min(height, (top + mark.shape[0] + 1) // 2 * 2))
    columns = slice(max(0, left) // 2 * 2, min(width, (left + mark.shape[1] + 1) // 2 * 2))
    corner = np.ascontiguousarray(picture[rows, columns])
    lay_over(corner, mark, left - columns.start, top - rows.start)
    drawn = cv2.cvtColor(corner, cv2.COLOR_BGR2YUV_I420)
    luma = corner.shape[0]
    planes[rows, columns] = drawn[:luma]
    colours = planes[height:].reshape(2, height // 2, width // 2)
    half = slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2)
    colours[:, *half] = drawn[luma:].reshape(2, luma // 2, corner.shape[1] // 2)
    return planes


@functools.lru_cache(maxsize=8)
def mark_for(width: int, height: int) -> tuple[Sprite, int, int]:
    """The mark for a frame size and where its left upper corner goes."""
    capitals = max(_SMALLEST, height * _CAPITALS_PART_OF_HEIGHT)
    # A capital is about 0.72 of the letter size; a very narrow picture gets what fits.
    mark = outlined(_WORD, round(capitals / 0.72))
    widest = max(8, width - 2)
    if mark.shape[1] > widest:
        mark = cv2.resize(mark, (widest, max(1, mark.shape[0] * widest // mark.shape[1])), interpolation=cv2.INTER_AREA)
    gap = round(height * 0.008)
    return mark, width - mark.shape[1] - gap, height - mark.shape[0] - gap
