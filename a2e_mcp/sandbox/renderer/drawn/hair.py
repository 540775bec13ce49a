"""The hair of a drawn avatar: what falls behind the head, what lies on it, and beards."""

import numpy as np

from a2e_mcp.sandbox.renderer.core.picture import Mask, Points
from a2e_mcp.sandbox.renderer.drawn.canvas import (
    Canvas,
    curve,
    darker,
    ellipse,
    mixed,
    moved,
    path,
    stretched,
    symmetric,
)
from a2e_mcp.sandbox.renderer.drawn.frame import AXIS
from a2e_mcp.sandbox.renderer.drawn.likeness import HairStyle, Likeness

# Right halves, from the crown down.
_BEHIND: dict[HairStyle, str] = {
    "long": "360,96 520,96 540,230 532,330 528,460 570,560 548,660 500,690 420,640 360,640",
    "waves": "360,88 540,88 560,240 552,320 600,380 560,430 574,480 606,540 560,620 500,612 440,610 400,600 360,600",
    "bob": "360,94 526,94 552,240 544,340 548,420 556,470 530,512 490,532 420,520 360,520",
}

# Whole outlines, later ones over earlier ones.
_IN_FRONT: dict[HairStyle, tuple[str, ...]] = {
    "long": (
        "372,120 450,92 522,150 516,300 528,380 528,440 510,520 486,440 498,380 494,320 490,240 440,200 372,120",
        "384,118 280,96 200,150 204,300 192,380 192,440 210,520 234,440 222,380 226,320 234,260 300,240 384,118",
    ),
    "waves": (
        "372,120 450,92 522,150 516,300 528,380 528,440 510,470 486,440 498,380 494,320 490,240 440,200 372,120",
        "384,118 280,96 200,150 204,300 192,380 192,440 210,470 234,440 222,380 226,320 234,260 300,240 384,118",
    ),
    "bob": (
        "208,360 188,60 532,60 512,360 498,330 488,280 482,246 450,258 400,262 356,254"
        " 310,262 270,256 236,246 230,290 220,330 208,360",
    ),
    "bun": (
        "216,320 184,60 536,60 504,320 496,270 482,236 440,200 410,176 380,172 360,186"
        " 330,172 300,178 270,204 238,236 224,270 216,320",
    ),
    "side": (
        "216,312 184,120 290,72 400,92 500,96 522,190 504,312 494,280 492,250 476,226"
        " 430,214 370,206 318,176 310,208 280,226 236,238 226,262 224,290 216,312",
    ),
    "swept": (
        "216,312 198,210 224,150 258,122 330,50 490,66 498,140 518,200 510,270 504,312 494,270 490,240 474,206"
        " 430,176 380,190 310,168 280,180 262,200 236,236 226,262 224,290 216,312",
    ),
    "crop": (
        "222,312 180,64 540,64 498,312 488,290 482,250 476,222 450,184 414,196 360,194"
        " 306,196 270,184 244,222 238,250 232,290 222,312",
    ),
    "curls": (
        "214,318 188,80 532,80 506,318 494,280 492,250 478,224 450,186 424,190 404,214"
        " 394,186 366,186 354,212 336,188 304,190 294,218 242,226 226,280 214,318",
    ),
}

_BEARD = (
    "223,330 243,380 257,404 285,410 322,398 336,402 360,406 384,402 398,398 435,410"
    " 463,404 477,380 497,330 503,470 440,540 360,540 280,540 217,470 223,330"
)


def paint_hair_behind(canvas: Canvas, person: Likeness) -> None:
    """The hair behind the shoulders and around the head."""
    tone = darker(person.hair, 0.78)
    if half := _BEHIND.get(person.hair_style):
        canvas.fill(symmetric(path(half), AXIS), tone)
    elif person.hair_style == "bun":
        canvas.fill(ellipse((360, 92), 66, 58), tone)
        canvas.fill(ellipse((352, 84), 48, 38), person.hair)
    elif person.hair_style == "curls":
        for angle in np.deg2rad(np.linspace(-200, 20, 15)):
            canvas.fill(ellipse((AXIS + 148 * np.cos(angle), 250 + 142 * np.sin(angle)), 42, 42), tone)


def paint_hair_in_front(canvas: Canvas, person: Likeness, face: Mask) -> None:
    """The hair on the head, and its shadow on the face."""
    outlines = [stretched(path(knots), person.face_width, AXIS) for knots in _IN_FRONT[person.hair_style]]
    for outline in outlines:
        canvas.shade(moved(outline, down=13), darker(person.skin, 0.66), 0.55, 8, face)
    for outline in outlines:
        canvas.fill(outline, person.hair)
        inside = canvas.mask(outline)
        canvas.shade(ellipse((296, 150), 96, 26, -24), darker(person.hair, 1.55), 0.5, 14, inside)
        canvas.shade(ellipse((490, 240), 40, 120, -10), darker(person.hair, 0.66), 0.5, 18, inside)
    for strand in _strands(person.hair_style):
        canvas.stroke(strand, darker(person.hair, 1.32), 3.0, 0.1)


def paint_beard(canvas: Canvas, person: Likeness, face: Mask) -> None:
    """A full beard, the mouth left free."""
    outline = stretched(path(_BEARD), person.face_width, AXIS)
    canvas.shade(outline, mixed(person.hair, person.skin, 0.22), 0.9, 4, face)
    canvas.shade(ellipse((360, 436), 46, 17), person.skin, 0.75, 5, face)


def _strands(style: HairStyle) -> list[Points]:
    """A few bright lines that follow the way the hair is combed."""
    if style in ("side", "swept"):
        return [_combed_over(number) for number in range(4)]
    if style in ("long", "waves"):
        return [_parted(number) for number in range(4)]
    return [_combed_down(number) for number in range(5)] if style in ("bob", "bun") else []


def _combed_over(number: int) -> Points:
    return curve(
        (262 + number * 12, 196 - number * 14),
        (310 + number * 14, 150 - number * 8),
        (390 + number * 8, 134 - number * 2),
        (450 + number * 8, 164 + number * 2),
    )


def _parted(number: int) -> Points:
    return curve(
        (372, 130 + number * 4),
        (310 - number * 12, 128 + number * 8),
        (252 - number * 6, 170 + number * 14),
        (232 - number * 4, 250 + number * 18),
    )


def _combed_down(number: int) -> Points:
    from_middle = abs(number - 2)
    return curve(
        (300 + number * 30, 112 + from_middle * 6),
        (292 + number * 32, 150),
        (286 + number * 34, 180),
        (284 + number * 36, 208 - from_middle * 4),
    )
