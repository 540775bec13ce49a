"""A see-through canvas for smooth shapes, in design units that are scaled to pixels when drawn.

Drawing an antialiased shape in colour and full alpha onto a canvas that began as nothing keeps it a proper `Sprite`:
the edge pixels mix with black and with transparent alike, which is what premultiplied alpha means.
"""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.core.picture import Colour, Mask, Points, Sprite, soften

Point: TypeAlias = tuple[float, float]

_SUBPIXEL_BITS = 4
_SUBPIXEL = 1 << _SUBPIXEL_BITS
_STEPS_A_CURVE = 28


class Canvas:
    """Draws onto a sprite; `scale` is pixels per design unit, `origin` the design point at its upper left."""

    def __init__(self, sprite: Sprite, scale: float, origin: Point = (0.0, 0.0)) -> None:
        self.sprite = sprite
        self.scale = scale
        self._origin = np.array(origin)

    @classmethod
    def empty(cls, width: float, height: float, scale: float) -> "Canvas":
        """A transparent canvas of a size in design units."""
        return cls(np.zeros((round(height * scale), round(width * scale), 4), np.uint8), scale)

    def part(self, left: float, top: float, right: float, bottom: float) -> "Canvas":
        """A copy of a rectangle of this canvas, whole pixels, to draw on separately."""
        x0, y0, x1, y1 = self.pixels(left, top, right, bottom)
        origin = self._origin + np.array((x0, y0)) / self.scale
        return Canvas(self.sprite[y0:y1, x0:x1].copy(), self.scale, (float(origin[0]), float(origin[1])))

    def pixels(self, left: float, top: float, right: float, bottom: float) -> tuple[int, int, int, int]:
        """A rectangle in whole pixels of this canvas, clipped to it."""
        height, width = self.sprite.shape[:2]
        x0, y0 = (np.array((left, top)) - self._origin) * self.scale
        x1, y1 = (np.array((right, bottom)) - self._origin) * self.scale
        return max(0, int(x0)), max(0, int(y0)), min(width, int(np.ceil(x1))), min(height, int(np.ceil(y1)))

    def fill(self, outline: Points, colour: Colour) -> None:
        """Fill a closed outline."""
        cv2.fillPoly(self.sprite, [self._fixed(outline)], (*colour, 255), cv2.LINE_AA, _SUBPIXEL_BITS)

    def stroke(self, line: Points, colour: Colour, thickness: float, taper: float = 1.0) -> None:
        """Draw a line, its ends `taper` times as thick as its middle."""
        along = np.gradient(line, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(np.linalg.norm(along, axis=1), 1e-6)[:, None]
        bulge = taper + (1 - taper) * np.sin(np.linspace(0, np.pi, len(line)))
        half = normal * (bulge * thickness / 2)[:, None]
        self.fill(np.vstack([line + half, (line - half)[::-1]]), colour)

    def shade(self, outline: Points, colour: Colour, strength: float, softness: float, within: Mask) -> None:
        """Tint the area inside an outline with a blurred edge of `softness` units, only inside the mask `within`."""
        reach = 3 * softness
        (left, top), (right, bottom) = outline.min(0) - reach, outline.max(0) + reach
        x0, y0, x1, y1 = self.pixels(left, top, right, bottom)
        part = self.sprite[y0:y1, x0:x1]
        if not part.size:
            return
        blurred = soften(self.mask(outline)[y0:y1, x0:x1], softness * self.scale)
        weight = cv2.multiply(blurred, within[y0:y1, x0:x1], scale=strength / 255)
        alpha = cv2.extractChannel(part, 3)
        tint = cv2.multiply(np.full_like(part, (*colour, 255)), cv2.merge([alpha] * 4), scale=1 / 255)
        weights = cv2.merge([weight] * 4)
        under = cv2.multiply(part, cv2.bitwise_not(weights), scale=1 / 255)
        part[:] = cv2.add(under, cv2.multiply(tint, weights, scale=1 / 255))

    def fill_within(self, outline: Points, colour: Colour, within: Mask) -> None:
        """Fill an outline with a crisp edge, only inside the mask `within`."""
        self.shade(outline, colour, 1.0, 0.0, within)

    def mask(self, outline: Points) -> Mask:
        """The inside of an outline as a mask of the canvas' size."""
        mask = np.zeros(self.sprite.shape[:2], np.uint8)
        cv2.fillPoly(mask, [self._fixed(outline)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        return mask

    def _fixed(self, outline: Points) -> Points:
        # Half a pixel, because a whole coordinate names a pixel's centre and not its corner.
        pixels = (outline - self._origin) * self.scale - 0.5
        return np.asarray(np.round(pixels * _SUBPIXEL), np.int32)


def curve(*knots: Point) -> Points:
    """Cubic Bezier curves joined end to end: a start, then two handles and an end for each curve."""
    points = np.array(knots, float)
    steps = np.linspace(0, 1, _STEPS_A_CURVE)[:, None]
    pieces = []
    for first in range(0, len(points) - 1, 3):
        start, out, back, end = points[first : first + 4]
        rest = 1 - steps
        pieces.append(rest**3 * start + 3 * rest**2 * steps * out + 3 * rest * steps**2 * back + steps**3 * end)
    return np.vstack(pieces)


def ellipse(centre: Point, radius_x: float, radius_y: float, tilt: float = 0.0) -> Points:
    """An ellipse, tilted by degrees."""
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    turn = np.deg2rad(tilt)
    across, down = radius_x * np.cos(angle), radius_y * np.sin(angle)
    x = centre[0] + across * np.cos(turn) - down * np.sin(turn)
    y = centre[1] + across * np.sin(turn) + down * np.cos(turn)
    return np.stack([x, y], 1)


def mirrored(points: Points, axis: float) -> Points:
    """The points on the other side of a vertical axis, in reverse order, so that the two halves join."""
    return np.stack([2 * axis - points[:, 0], points[:, 1]], 1)[::-1]


def symmetric(half: Points, axis: float) -> Points:
    """A closed outline from its right half, drawn from the top of the axis to the bottom."""
    return np.vstack([half, mirrored(half, axis)])


def path(knots: str) -> Points:
    """Curves through knots written as "x,y x,y ...": a start, then two handles and an end for each curve."""
    return curve(*((float(x), float(y)) for x, y in (knot.split(",") for knot in knots.split())))


def moved(points: Points, across: float = 0.0, down: float = 0.0) -> Points:
    """The points moved by design units."""
    return np.asarray(points + np.array((across, down)))


def stretched(points: Points, factor: float, axis: float) -> Points:
    """The points farther from a vertical axis by a factor."""
    return np.stack([axis + (points[:, 0] - axis) * factor, points[:, 1]], 1)


def darker(colour: Colour, by: float) -> Colour:
    """The colour times a factor; above 1 it becomes lighter."""
    blue, green, red = (int(min(255, max(0, round(channel * by)))) for channel in colour)
    return blue, green, red


def mixed(one: Colour, other: Colour, part: float) -> Colour:
    """The colour `part` of the way from one to the other."""
    blue, green, red = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return blue, green, red


def polyline(points: Sequence[Point]) -> Points:
    """Straight lines through points."""
    return np.array(points, float)
