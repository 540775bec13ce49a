"""A drawn person who can be asked for any expression, as a sprite."""

from functools import lru_cache
from typing import TypeAlias

from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.drawn.artwork import ARTWORK, HEIGHT, WIDTH
from a2e_mcp.sandbox.renderer.drawn.canvas import Canvas
from a2e_mcp.sandbox.renderer.drawn.likeness import Likeness
from a2e_mcp.sandbox.renderer.pictures.picture import Sprite

_Pose: TypeAlias = tuple[tuple[str, float], ...]
_Patch: TypeAlias = tuple[slice, slice, Sprite]

# How finely a movement is cut into pictures that are drawn once and kept.
_OPENINGS, _WIDTHS, _LIDS, _BROWS = 12, 4, 3, 2
_SHUT = 0.85


class DrawnFigure:
    """A person at a scale of pixels per design unit."""

    def __init__(self, likeness: Likeness, scale: float) -> None:
        self._painter = likeness.painter
        self._body = Canvas.empty(WIDTH, HEIGHT, scale)
        self._painter.paint(self._body, "body", {})
        self._patches: dict[_Pose, _Patch] = {}

    def sprite(self, shape: MouthShape, lids: float = 0.0, brows: float = 0.0) -> Sprite:
        """The whole figure with a mouth, the lids down by 0 to 1 and the brows up by 0 to 1; a fresh array."""
        lids, brows = round(lids * _LIDS) / _LIDS, round(brows * _BROWS) / _BROWS
        opening, width = round(shape.opening * _OPENINGS) / _OPENINGS, round(shape.width * _WIDTHS) / _WIDTHS
        mouth = (("opening", opening), ("pursed", max(0.0, -width)), ("spread", max(0.0, width)))
        sprite = self._body.sprite.copy()
        for rows, columns, patch in (
            self._patch("eyes", (("lids", lids), ("brows", brows)), "eyes shut" if lids > _SHUT else "eyes open"),
            self._patch("mouth", mouth, "mouth open" if opening else "mouth shut"),
        ):
            sprite[rows, columns] = patch
        return sprite

    def _patch(self, part: str, pose: _Pose, state: str) -> _Patch:
        if pose not in self._patches:
            box = ARTWORK["parts"][part]["box"]
            canvas = self._body.part(*box)
            self._painter.paint(canvas, part, dict(pose), {state})
            left, top, right, bottom = self._body.pixels(*box)
            self._patches[pose] = slice(top, bottom), slice(left, right), canvas.sprite
        return self._patches[pose]


@lru_cache(maxsize=4)
def figure_of(likeness: Likeness, scale: float) -> DrawnFigure:
    """A person as drawn for the last few videos: the next video reuses the pictures."""
    return DrawnFigure(likeness, scale)
