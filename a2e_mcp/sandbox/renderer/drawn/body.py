"""The still part of a drawn avatar: everything but brows, eyes and mouth."""

import numpy as np

from a2e_mcp.sandbox.renderer.core.picture import Mask, Points
from a2e_mcp.sandbox.renderer.drawn.canvas import Canvas, darker, ellipse, mixed, path, polyline, stretched, symmetric
from a2e_mcp.sandbox.renderer.drawn.clothes import paint_clothes
from a2e_mcp.sandbox.renderer.drawn.frame import AXIS, HEIGHT, ROSY_SHADOW, WARM_LIGHT, WIDTH
from a2e_mcp.sandbox.renderer.drawn.hair import paint_beard, paint_hair_behind, paint_hair_in_front
from a2e_mcp.sandbox.renderer.drawn.likeness import Likeness

# Right halves, from the crown to the chin.
_FACES = {
    "female": "360,142 458.4,142 493,212 493,300 493,392 447.8,470 394,498 382,505 370,507 360,507",
    "male": "360,140 461.1,140 493,206 493,296 493,372 486.4,424 455.8,464 426.5,496 398,512 360,512",
}
_FACE_HALF_WIDTH = 133
_UNDER_CHEEKS = "226,420 270,520 450,520 500,410 540,560 180,560 226,420"
_NOSE_SIDE = "366,296 372,336 386,358 386,378 380,392 366,392 362,386 370,350 364,330 366,296"
_NOSTRILS = "338,382 342,392 352,390 360,394 368,390 378,392 382,382"


def paint_body(person: Likeness, scale: float) -> Canvas:
    """The figure at a scale of pixels per design unit."""
    canvas = Canvas.empty(WIDTH, HEIGHT, scale)
    paint_hair_behind(canvas, person)
    paint_clothes(canvas, person)
    _ears(canvas, person)
    outline = stretched(symmetric(path(_FACES[person.gender]), AXIS), person.face_width, AXIS)
    canvas.fill(outline, person.skin)
    face = canvas.mask(outline)
    _model_face(canvas, person, outline, face)
    if person.beard:
        paint_beard(canvas, person, face)
    _nose(canvas, person, face)
    paint_hair_in_front(canvas, person, face)
    return canvas


def _model_face(canvas: Canvas, person: Likeness, outline: Points, face: Mask) -> None:
    """A warm forehead, a shaded far side, a little blush."""
    skin = person.skin
    shadow = mixed(darker(skin, 0.74), ROSY_SHADOW, 0.12)
    far_side = np.vstack([outline[outline[:, 0] > AXIS], polyline([(404, 516), (452, 400), (462, 300), (440, 190)])])
    canvas.shade(far_side, shadow, 0.42, 20, face)
    canvas.shade(path(_UNDER_CHEEKS), shadow, 0.5, 13, face)
    canvas.shade(ellipse((318, 212), 92, 52, -8), mixed(skin, WARM_LIGHT, 0.7), 0.42, 26, face)
    blush = mixed(skin, (96, 92, 226), 0.5)
    for x in (274, 446):
        canvas.shade(ellipse((x, 384), 36, 24), blush, 0.55 if person.gender == "female" else 0.3, 15, face)
    canvas.shade(ellipse((296, 366), 30, 13, -18), mixed(skin, WARM_LIGHT, 0.75), 0.5, 8, face)
    # The hollows the eyes lie in.
    for x in (292, 428):
        canvas.shade(ellipse((x, 296), 46, 24), darker(skin, 0.83), 0.5, 9, face)


def _nose(canvas: Canvas, person: Likeness, face: Mask) -> None:
    shadow = mixed(darker(person.skin, 0.70), ROSY_SHADOW, 0.15)
    canvas.shade(path(_NOSE_SIDE), shadow, 0.55, 5, face)
    canvas.shade(ellipse((356, 366), 9, 15), mixed(person.skin, WARM_LIGHT, 0.85), 0.6, 4, face)
    canvas.stroke(path(_NOSTRILS), shadow, 4.2, 0.25)


def _ears(canvas: Canvas, person: Likeness) -> None:
    for side in (-1, 1):
        x = AXIS + side * (_FACE_HALF_WIDTH * person.face_width + 4)
        outline = ellipse((x, 322), 22, 40, side * 8)
        canvas.fill(outline, darker(person.skin, 0.95 if side < 0 else 0.86))
        inner = ellipse((x + side * 2, 322), 11, 25, side * 8)
        canvas.shade(inner, darker(person.skin, 0.7), 0.6, 3, canvas.mask(outline))
        if person.earrings:
            canvas.fill(ellipse((x + side * 3, 370), 7.5, 7.5), (92, 178, 226))
            canvas.fill(ellipse((x + side * 3 - 2, 367), 2.6, 2.6), (226, 244, 255))
