"""The moving part of a drawn avatar: brows, eyes and mouth, drawn over a copy of the still part."""

import numpy as np

from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.core.picture import Colour, Points
from a2e_mcp.sandbox.renderer.drawn.canvas import Canvas, Point, curve, darker, ellipse, mixed, moved
from a2e_mcp.sandbox.renderer.drawn.frame import AXIS, EYE_LINE, ROSY_SHADOW
from a2e_mcp.sandbox.renderer.drawn.likeness import Likeness

# The parts of the figure that change: left, top, right, bottom.
EYES_BOX = (214.0, 216.0, 506.0, 358.0)
MOUTH_BOX = (270.0, 396.0, 450.0, 500.0)

_EYE_DISTANCE = 70.0
_EYE_HALF_WIDTH = 36.0
_MOUTH: Point = (AXIS, 434.0)
_SHUT = 0.85
_DARK_ENOUGH_HAIR = 420

_WHITE: Colour = (244, 246, 248)
_PUPIL: Colour = (22, 18, 20)
_INSIDE: Colour = (44, 22, 74)
_TEETH: Colour = (240, 246, 250)
_TONGUE: Colour = (108, 96, 206)
_SPECTACLES: Colour = (52, 44, 50)


def paint_eyes(canvas: Canvas, person: Likeness, lids: float, brows: float) -> None:
    """Both eyes with the lids down by 0 to 1, and the brows up by 0 to 1."""
    for side in (-1, 1):
        _eye(canvas, person, side, lids)
        _brow(canvas, person, side, brows)
    if person.glasses:
        _glasses(canvas)


def paint_mouth(canvas: Canvas, person: Likeness, shape: MouthShape) -> None:
    """The mouth in a shape."""
    x, y = _MOUTH
    half = 49 * (1 + 0.26 * shape.width) * (1 - 0.10 * shape.opening)
    gap = 47 * shape.opening
    pursed = max(0.0, -shape.width)
    corner = y - 8 * (1 - shape.opening) - 3 * max(0.0, shape.width)
    left, right = (x - half, corner), (x + half, corner)
    top = y - 10.5 - 4 * pursed - gap * 0.16
    bow = top - 3 - gap * 0.04
    upper = curve(
        left, (x - half * 0.55, top), (x - 20, bow), (x, bow + 5), (x + 20, bow), (x + half * 0.55, top), right
    )
    bottom = y + 13.0 + 6 * pursed + gap * 1.12
    lower = curve(right, (x + half * 0.6, bottom), (x - half * 0.6, bottom), left)
    shadow = mixed(darker(person.skin, 0.66), ROSY_SHADOW, 0.15)
    everywhere = np.full(canvas.sprite.shape[:2], 255, np.uint8)
    canvas.shade(ellipse((x, y + 25 + gap * 0.8), 30, 6), shadow, 0.5, 5, everywhere)
    canvas.fill(np.vstack([upper, lower]), darker(person.lips, 0.88))
    canvas.fill(np.vstack([curve(left, (x - 20, y + 1), (x + 20, y + 1), right), lower]), person.lips)
    shine = ellipse((x - 4, y + 7 + gap * 0.82), half * 0.36, 3.4)
    canvas.shade(shine, mixed(person.lips, _WHITE, 0.55), 0.6, 2.6, canvas.mask(lower))
    if gap < 2:
        seam = curve(left, (x - half * 0.45, y + 3), (x + half * 0.45, y + 3), right)
        canvas.stroke(seam, darker(person.lips, 0.52), 3.4, 0.35)
    else:
        _mouth_inside(canvas, half * 0.86, gap, y + (corner - y) * 0.7)


def _mouth_inside(canvas: Canvas, half: float, gap: float, corner: float) -> None:
    x, y = _MOUTH
    left, right = (x - half, corner), (x + half, corner)
    roof = curve(left, (x - half * 0.5, y - 1 - gap * 0.15), (x + half * 0.5, y - 1 - gap * 0.15), right)
    floor = curve(right, (x + half * 0.62, y + 2 + gap), (x - half * 0.62, y + 2 + gap), left)
    hole = np.vstack([roof, floor])
    inside = canvas.mask(hole)
    canvas.fill(hole, _INSIDE)
    canvas.fill_within(ellipse((x, y + 4 + gap * 0.92), half * 0.62, 4 + gap * 0.34), _TONGUE, inside)
    canvas.fill_within(_band(roof, -3, min(13.0, 2 + gap * 0.34)), _TEETH, inside)
    # The lip's shadow on the teeth.
    canvas.shade(_band(roof, -4, 4), _INSIDE, 0.45, 2, inside)


def _eye(canvas: Canvas, person: Likeness, side: int, lids: float) -> None:
    x, y = AXIS + side * _EYE_DISTANCE, EYE_LINE
    out = side * _EYE_HALF_WIDTH
    up = 30.0 * (1 - lids) - 8 * lids
    down = 19.0 * (1 - lids) + 9.0 * lids
    # The outer corner sits a little higher.
    outer, inner = (x + out, y - 3.0), (x - out, y + 3.0)
    upper = curve(outer, (x + out * 0.5, y - up), (x - out * 0.55, y - up * 0.95), inner)
    lower = curve(inner, (x - out * 0.5, y + down), (x + out * 0.55, y + down), outer)
    crease = mixed(darker(person.skin, 0.62), ROSY_SHADOW, 0.1)
    canvas.stroke(moved(upper, down=3 * lids - 7.5), crease, 2.6, 0.15)
    if lids < _SHUT:
        _eyeball(canvas, person, x, upper, lower)
        canvas.stroke(lower, mixed(darker(person.skin, 0.6), ROSY_SHADOW, 0.2), 2.0, 0.3)
    else:
        canvas.fill(np.vstack([upper, lower]), darker(person.skin, 0.88))
    lashes = mixed(darker(person.hair, 0.5), (30, 24, 30), 0.6)
    canvas.stroke(upper if lids < _SHUT else lower, lashes, 6.6 if person.gender == "female" else 4.8, 0.35)
    if person.gender == "female":
        ends = ((side * 5, -2), (side * 9, -6), (side * 12, -11))
        canvas.stroke(curve(outer, *((outer[0] + dx, outer[1] + dy) for dx, dy in ends)), lashes, 5, 0.15)


def _eyeball(canvas: Canvas, person: Likeness, x: float, upper: Points, lower: Points) -> None:
    opening = np.vstack([upper, lower])
    inside = canvas.mask(opening)
    y = EYE_LINE - 1
    canvas.fill(opening, _WHITE)
    canvas.fill_within(ellipse((x, y), 18.5, 18.5), darker(person.eyes, 0.62), inside)
    canvas.fill_within(ellipse((x, y), 16, 16), person.eyes, inside)
    canvas.shade(ellipse((x + 1, y + 8), 12, 7), darker(person.eyes, 1.55), 0.7, 3, inside)
    canvas.fill_within(ellipse((x, y), 8.6, 8.6), _PUPIL, inside)
    canvas.shade(_band(upper, -6, 7), (90, 70, 70), 0.55, 3, inside)
    canvas.fill_within(ellipse((x - 6, y - 7), 4.8, 4.8), (255, 255, 255), inside)
    canvas.fill_within(ellipse((x + 6, y + 6), 2.2, 2.2), (250, 250, 250), inside)


def _brow(canvas: Canvas, person: Likeness, side: int, lift: float) -> None:
    rise = 9.0 * lift
    line = curve(
        (AXIS + side * 34, 263 - rise),
        (AXIS + side * 58, 247 - rise),
        (AXIS + side * 88, 243 - rise),
        (AXIS + side * 116, 260 - rise * 0.6),
    )
    hair = person.hair if sum(person.hair) < _DARK_ENOUGH_HAIR else darker(person.hair, 0.7)
    thickness = 11.0 if person.gender == "female" else 16.0
    canvas.stroke(line, mixed(darker(hair, 0.8), person.skin, 0.12), thickness, 0.3)


def _glasses(canvas: Canvas) -> None:
    y = EYE_LINE
    for side in (-1, 1):
        x = AXIS + side * (_EYE_DISTANCE + 1)
        rim = ellipse((x, y + 4), 52, 43)
        canvas.stroke(np.vstack([rim, rim[:1]]), _SPECTACLES, 5.5)
        arm = ((52, -2), (60, -6), (64, -6), (72, -4))
        canvas.stroke(curve(*((x + side * dx, y + dy) for dx, dy in arm)), _SPECTACLES, 5.5)
    canvas.stroke(curve((AXIS - 18, y), (AXIS - 8, y - 9), (AXIS + 8, y - 9), (AXIS + 18, y)), _SPECTACLES, 5)


def _band(line: Points, above: float, below: float) -> Points:
    """The strip along a line, from so far over it to so far under it."""
    return np.vstack([moved(line, down=above), moved(line, down=below)[::-1]])
