"""The word SANDBOX on every frame and picture. There is no way to leave it out."""

import functools

import cv2

from a2e_mcp.sandbox.renderer.pictures.picture import Picture, Sprite, lay_over
from a2e_mcp.sandbox.renderer.pictures.planes import Planes, even_part
from a2e_mcp.sandbox.renderer.pictures.text_sprites import outlined

_WORD = "SANDBOX"
_CAPITALS_PART_OF_HEIGHT = 0.042
_SMALLEST = 9


def stamp(picture: Picture) -> None:
    """Burn the mark into the lower right corner, in place; call it last."""
    mark, left, top = mark_for(picture.shape[1], picture.shape[0])
    lay_over(picture, mark, left, top)


def stamp_planes(planes: Planes) -> None:
    """Burn the mark into the lower right corner of planes, in place."""
    mark, left, top = mark_for(planes.width, planes.height)
    # Only the mark's corner is turned into BGR, drawn on and put back.
    rows = even_part(top, top + mark.shape[0], planes.height)
    columns = even_part(left, left + mark.shape[1], planes.width)
    corner = planes.part(rows, columns)
    lay_over(corner, mark, left - columns.start, top - rows.start)
    planes.replace(rows, columns, corner)


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
