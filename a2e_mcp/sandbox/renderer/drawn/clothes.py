"""The clothes of a drawn avatar, and the neck that comes out of them."""

from a2e_mcp.sandbox.renderer.core.picture import Colour
from a2e_mcp.sandbox.renderer.drawn.canvas import (
    Canvas,
    darker,
    ellipse,
    mirrored,
    mixed,
    moved,
    path,
    polyline,
    stretched,
    symmetric,
)
from a2e_mcp.sandbox.renderer.drawn.frame import AXIS, ROSY_SHADOW
from a2e_mcp.sandbox.renderer.drawn.likeness import Likeness

_NARROW_SHOULDERS = 0.88

_TORSO = (
    "360,540 396,540 412,556 436,566 510,590 592,606 622,690 644,760 652,860 656,980"
    " 360,980 360,980 360,980"
)  # fmt: skip
_FAR_SIDE = "500,580 640,620 660,800 680,1000 620,1000 570,1000 560,960 540,800 560,680 500,580"
_SLEEVE = "556,980 564,860 560,790 542,720"
_CHIN_SHADOW = "280,440 300,560 400,590 450,540 470,480 470,440 440,430 400,420 300,420 280,440"
_NECKLINE = "280,560 300,630 420,630 440,560"
_SHIRT_FRONT = (
    "284,560 300,580 340,616 360,626 380,616 420,580 436,560 500,640 460,820 360,980"
    " 260,820 220,640 284,560"
)  # fmt: skip
_SHIRT_SHADE = "360,664 372,760 372,860 360,980 460,900 500,700 440,570 420,600 380,640 360,664"
_LAPEL = (
    "286,552 262,566 238,584 226,606 220,640 226,672 236,694 252,694 262,692 272,690"
    " 290,780 330,900 360,980 352,860 310,700 286,552"
)
_JACKET_FRONT = "286,552 240,590 200,640 200,720 220,980 300,990 360,990 350,860 310,700 286,552"


def paint_clothes(canvas: Canvas, person: Likeness) -> None:
    """Shoulders, neck and what is worn."""
    main = person.jacket
    broad = 1.0 if person.gender == "male" else _NARROW_SHOULDERS
    torso = stretched(symmetric(path(_TORSO), AXIS), broad, AXIS)
    canvas.fill(torso, main)
    body = canvas.mask(torso)
    canvas.shade(path(_FAR_SIDE), darker(main, 0.62), 0.55, 26, body)
    canvas.shade(ellipse((214, 640), 70, 40, -28), darker(main, 1.22), 0.55, 26, body)
    sleeve = stretched(path(_SLEEVE), broad, AXIS)
    for seam in (sleeve, mirrored(sleeve, AXIS)):
        canvas.stroke(seam, darker(main, 0.72), 5, 0.2)
    _neck(canvas, person)
    match person.clothes:
        case "blazer":
            _shirt_front(canvas, person.shirt)
            _lapels(canvas, main)
        case "collar":
            _button_strip(canvas, main)
            _collar(canvas, main, tip=616)
        case "crew":
            rim = path(_NECKLINE)
            canvas.stroke(rim, darker(main, 0.78), 17, 0.7)
            canvas.stroke(moved(rim, down=-7), darker(main, 1.1), 4, 0.5)


def _neck(canvas: Canvas, person: Likeness) -> None:
    half = 66 if person.gender == "male" else 56
    depth = 640 if person.clothes == "blazer" else 612
    right = (
        f"360,430 {360 + half},430 {360 + half},430 {360 + half},470"
        f" {360 + half},520 {364 + half},544 {386 + half},562 420,590 390,{depth} 360,{depth}"
    )
    outline = symmetric(path(right), AXIS)
    canvas.fill(outline, darker(person.skin, 0.93))
    shadow = mixed(darker(person.skin, 0.66), ROSY_SHADOW, 0.15)
    canvas.shade(path(_CHIN_SHADOW), shadow, 0.62, 12, canvas.mask(outline))


def _shirt_front(canvas: Canvas, shirt: Colour) -> None:
    front = path(_SHIRT_FRONT)
    canvas.fill(front, shirt)
    canvas.shade(path(_SHIRT_SHADE), darker(shirt, 0.86), 0.6, 10, canvas.mask(front))
    _collar(canvas, shirt, tip=636)


def _button_strip(canvas: Canvas, colour: Colour) -> None:
    canvas.fill(polyline([(346, 624), (374, 624), (376, 980), (344, 980)]), darker(colour, 0.93))
    canvas.stroke(polyline([(345, 640), (344, 800), (344, 980)]), darker(colour, 0.76), 2.5)
    for height in (690, 780, 870):
        canvas.fill(ellipse((360, height), 6.5, 6.5), darker(colour, 0.66))
        canvas.fill(ellipse((358.6, height - 1.4), 4.4, 4.4), darker(colour, 1.25))


def _collar(canvas: Canvas, colour: Colour, tip: float) -> None:
    left = path(
        f"296,536 276,548 268,566 270,582 286,616 304,640 318,656 334,646 350,634 360,{tip} 330,600 304,572 296,536"
    )
    for wing, tone in ((left, 1.05), (mirrored(left, AXIS), 0.96)):
        canvas.fill(moved(wing, 1.5, 5), darker(colour, 0.70))
        canvas.fill(wing, darker(colour, tone))


def _lapels(canvas: Canvas, colour: Colour) -> None:
    front, lapel = path(_JACKET_FRONT), path(_LAPEL)
    far_front, far_lapel = mirrored(front, AXIS), mirrored(lapel, AXIS)
    for jacket, flap, tone in ((front, lapel, 1.0), (far_front, far_lapel, 0.86)):
        canvas.fill(jacket, darker(colour, tone))
        canvas.fill(moved(flap, down=3), darker(colour, tone * 0.6))
        canvas.fill(flap, darker(colour, tone * 1.16))
