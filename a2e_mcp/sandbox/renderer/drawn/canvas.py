"""A see-through canvas for smooth shapes, in design units that are scaled to pixels when drawn.

Drawing an antialiased shape in colour and full alpha onto a canvas that began as nothing keeps it a proper `Sprite`:
the edge pixels mix with black and with transparent alike, which is what premultiplied alpha means.
"""

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Colour, Mask, Points, Sprite, soften

_SUBPIXEL_BITS = 4
_SUBPIXEL = 1 << _SUBPIXEL_BITS
_STEPS_A_CURVE = 28


class Canvas:
    """Draws onto a sprite; `scale` is pixels per design unit, `origin` the design point at its upper left."""

    def __init__(self, sprite: Sprite, scale: float, origin: tuple[float, float] = (0.0, 0.0)) -> None:
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

    def shade(self, outline: Points, colour: Colour, strength: float, softness: float, within: Mask | None) -> None:
        """Tint the area inside an outline with an edge blurred by `softness` units, only inside the mask `within`."""
        reach = 3 * softness
        (left, top), (right, bottom) = outline.min(0) - reach, outline.max(0) + reach
        x0, y0, x1, y1 = self.pixels(left, top, right, bottom)
        part = self.sprite[y0:y1, x0:x1]
        if not part.size:
            return
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(mask, [self._fixed(outline) - (x0 * _SUBPIXEL, y0 * _SUBPIXEL)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        blurred = soften(mask, softness * self.scale)
        inside = np.full_like(blurred, 255) if within is None else within[y0:y1, x0:x1]
        weight = cv2.multiply(blurred, inside, scale=strength / 255)
        alpha = cv2.extractChannel(part, 3)
        tint = cv2.multiply(np.full_like(part, (*colour, 255)), cv2.merge([alpha] * 4), scale=1 / 255)
        weights = cv2.merge([weight] * 4)
        under = cv2.multiply(part, cv2.bitwise_not(weights), scale=1 / 255)
        part[:] = cv2.add(under, cv2.multiply(tint, weights, scale=1 / 255))

    def mask(self, *outlines: Points) -> Mask:
        """The inside of outlines as a mask of the canvas' size."""
        mask = np.zeros(self.sprite.shape[:2], np.uint8)
        for outline in outlines:
            cv2.fillPoly(mask, [self._fixed(outline)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        return mask

    def _fixed(self, outline: Points) -> Points:
        # Half a pixel, because a whole coordinate names a pixel's centre and not its corner.
        pixels = (outline - self._origin) * self.scale - 0.5
        return np.asarray(np.round(pixels * _SUBPIXEL), np.int32)


def curve(start: Points, knots: Points) -> Points:
    """Cubic Bezier curves joined end to end after a start: two handles and an end for each curve."""
    steps = np.linspace(0, 1, _STEPS_A_CURVE)[1:, None]
    rest = 1 - steps
    pieces = []
    for out, back, end in knots.reshape(-1, 3, 2):
        pieces.append(rest**3 * start + 3 * rest**2 * steps * out + 3 * rest * steps**2 * back + steps**3 * end)
        start = end
    return np.vstack(pieces)


def ellipse(x: float, y: float, radius_x: float, radius_y: float, tilt: float = 0.0) -> Points:
    """A closed ellipse around a centre, tilted by degrees."""
    angle, turn = np.linspace(0, 2 * np.pi, 61), np.deg2rad(tilt)
    across, down = radius_x * np.cos(angle), radius_y * np.sin(angle)
    turned_across = across * np.cos(turn) - down * np.sin(turn)
    turned_down = across * np.sin(turn) + down * np.cos(turn)
    return np.stack([turned_across + x, turned_down + y], 1)


def mixed(one: Colour, other: Colour, part: float) -> Colour:
    """The colour `part` of the way from one to the other."""
    blue, green, red = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return blue, green, red
