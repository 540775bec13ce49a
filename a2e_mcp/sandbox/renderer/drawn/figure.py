"""A drawn person who can be asked for any expression, as a sprite."""

from functools import lru_cache
from typing import TypeAlias

from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.core.picture import Sprite
from a2e_mcp.sandbox.renderer.drawn.body import paint_body
from a2e_mcp.sandbox.renderer.drawn.features import EYES_BOX, MOUTH_BOX, paint_eyes, paint_mouth
from a2e_mcp.sandbox.renderer.drawn.likeness import Likeness

Patch: TypeAlias = tuple[slice, slice, Sprite]

# How finely a movement is cut into pictures that are drawn once and kept.
_OPENINGS, _WIDTHS, _LIDS, _BROWS = 12, 4, 3, 2


class DrawnFigure:
    """A person at a scale of pixels per design unit."""

    def __init__(self, likeness: Likeness, scale: float) -> None:
        self.likeness = likeness
        self._body = paint_body(self.likeness, scale)
        self._mouths: dict[tuple[int, int], Patch] = {}
        self._eyes: dict[tuple[int, int], Patch] = {}

    def sprite(self, shape: MouthShape, lids: float = 0.0, brows: float = 0.0) -> Sprite:
        """The whole figure with a mouth, the lids down by 0 to 1 and the brows up by 0 to 1; a fresh array."""
        sprite = self._body.sprite.copy()
        for rows, columns, patch in (self._eyes_patch(lids, brows), self._mouth_patch(shape)):
            sprite[rows, columns] = patch
        return sprite

    def _mouth_patch(self, shape: MouthShape) -> Patch:
        key = (round(shape.opening * _OPENINGS), round(shape.width * _WIDTHS))
        if key not in self._mouths:
            part = self._body.part(*MOUTH_BOX)
            paint_mouth(part, self.likeness, MouthShape(key[0] / _OPENINGS, key[1] / _WIDTHS))
            left, top, right, bottom = self._body.pixels(*MOUTH_BOX)
            self._mouths[key] = slice(top, bottom), slice(left, right), part.sprite
        return self._mouths[key]

    def _eyes_patch(self, lids: float, brows: float) -> Patch:
        key = (round(lids * _LIDS), round(brows * _BROWS))
        if key not in self._eyes:
            part = self._body.part(*EYES_BOX)
            paint_eyes(part, self.likeness, key[0] / _LIDS, key[1] / _BROWS)
            left, top, right, bottom = self._body.pixels(*EYES_BOX)
            self._eyes[key] = slice(top, bottom), slice(left, right), part.sprite
        return self._eyes[key]


@lru_cache(maxsize=4)
def figure_of(likeness: Likeness, scale: float) -> DrawnFigure:
    """A person as drawn for the last few videos: what was drawn of them once serves the next one too."""
    return DrawnFigure(likeness, scale)
