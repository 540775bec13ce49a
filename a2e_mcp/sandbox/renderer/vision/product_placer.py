"""Product holding: a product placed before a person, with a soft shadow. Placed, not held."""

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import Outcome, Rectangle, StillOrder
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from a2e_mcp.sandbox.renderer.pictures.picture import (
    Picture,
    Sprite,
    cut_out,
    lay_over,
    resize,
    shrink_to_fit,
    size_of,
    soften,
)
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, write_still
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size, scaled
from a2e_mcp.sandbox.renderer.vision.cutouts import CutObject, cut_object
from a2e_mcp.sandbox.renderer.vision.faces import CHIN, only_face

# In parts of the face's height.
_PRODUCT_HEIGHT, _PRODUCT_WIDTH = 1.05, 1.25
_UNDER_CHIN, _ASIDE = 0.12, 0.32
_SMALLEST = 0.45
# In parts of the picture's height and width.
_GAP, _STILL_SEEN = 0.015, 0.04
_SHADOW = 0.42
_FARTHEST = 100_000


def place_product(
    order: StillOrder, rendering: Rendering, *, person: str, product: str, rectangle: Rectangle | None, degrees: float
) -> Outcome:
    """Place a product before a person."""
    whole = read_for_remaking(person)
    picture = shrink_to_fit(whole, *even_size(order.width, order.height))
    shown = cut_object(product, "product")
    if rectangle is None:
        box, where = _at_the_chest(picture, shown), "at chest height, sized by the face"
    else:
        box, where = _scaled(rectangle, picture.shape[1] / whole.shape[1]), "in the given rectangle"
    sprite = _turned(_fitted(shown, box), degrees)
    left = round(box.x + (box.width - sprite.shape[1]) / 2)
    top = round(box.y + (box.height - sprite.shape[0]) / 2)
    if not (-sprite.shape[1] < left < picture.shape[1] and -sprite.shape[0] < top < picture.shape[0]):
        raise OrderRefused("invalid_order", "The rectangle is outside the person's picture.")
    _cast_shadow(picture, sprite, left, top)
    lay_over(picture, sprite, left, top)
    placed = f"It is placed {where}: placed, not held, and no hands are drawn."
    return write_still(picture, order.output, rendering, shown.how, placed, scaled(size_of(whole), size_of(picture)))


def _at_the_chest(picture: Picture, product: CutObject) -> Rectangle:
    face = only_face(picture, "the person's picture")
    chin_x, chin_y = (float(value) for value in face.points[CHIN])
    gap = _GAP * picture.shape[0]
    top = chin_y + _UNDER_CHIN * face.height
    below = picture.shape[0] - gap - top
    height = min(_PRODUCT_HEIGHT * face.height, max(below, _SMALLEST * face.height))
    aspect = product.picture.shape[1] / product.picture.shape[0]
    width = min(height * aspect, _PRODUCT_WIDTH * face.height, picture.shape[1] - 2 * gap)
    height = width / aspect
    # A little aside, as things are shown; low, where hands would be.
    left = min(chin_x + _ASIDE * face.height - width / 2, picture.shape[1] - gap - width)
    foot = min(top + _PRODUCT_HEIGHT * face.height, picture.shape[0] - gap)
    wanted = Rectangle(x=max(gap, left), y=foot - height, width=width, height=height)
    return _off_our_mark(wanted, (picture.shape[1], picture.shape[0]), top, gap)


def _off_our_mark(wanted: Rectangle, size: tuple[int, int], top: float, gap: float) -> Rectangle:
    """The rectangle where the word SANDBOX hides nothing of it: left of the word or above it, as large as can be."""
    _, mark_left, mark_top = mark_for(*size)
    if wanted.x + wanted.width < mark_left or wanted.y + wanted.height < mark_top:
        return wanted
    beside = min(1.0, (mark_left - 2 * gap) / wanted.width)
    above = min(1.0, (mark_top - gap - top) / wanted.height)
    scale = max(beside, above)
    if scale * wanted.width < _STILL_SEEN * size[0]:
        # In so narrow a picture the word is nearly everywhere.
        return wanted
    width, height = scale * wanted.width, scale * wanted.height
    if beside >= above:
        foot = wanted.y + wanted.height
        return Rectangle(x=min(wanted.x, mark_left - gap - width), y=foot - height, width=width, height=height)
    middle = wanted.x + wanted.width / 2
    return Rectangle(x=middle - width / 2, y=mark_top - gap - height, width=width, height=height)


def _scaled(rectangle: Rectangle, scale: float) -> Rectangle:
    sides = (rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    if not all(abs(side) < _FARTHEST for side in sides) or min(sides[2:]) <= 0:
        raise OrderRefused("invalid_order", "The rectangle is empty or outside the picture.")
    return Rectangle(
        x=rectangle.x * scale, y=rectangle.y * scale, width=rectangle.width * scale, height=rectangle.height * scale
    )


def _fitted(product: CutObject, rectangle: Rectangle) -> Sprite:
    height, width = product.picture.shape[:2]
    scale = min(rectangle.width / width, rectangle.height / height)
    size = min(4096, max(2, round(width * scale))), min(4096, max(2, round(height * scale)))
    return cut_out(resize(product.picture, *size), resize(product.mask, *size))


def _turned(sprite: Sprite, degrees: float) -> Sprite:
    """The sprite turned clockwise, with room for its corners."""
    if not abs(degrees) < _FARTHEST:
        raise OrderRefused("invalid_order", "The product cannot be turned so far.")
    if not degrees % 360:
        return sprite
    height, width = sprite.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = int(np.ceil(height * sine + width * cosine)), int(np.ceil(height * cosine + width * sine))
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return cv2.warpAffine(sprite, matrix, size, flags=cv2.INTER_LINEAR)


def _cast_shadow(picture: Picture, sprite: Sprite, left: int, top: int) -> None:
    """Darken the picture where the sprite keeps the light away: close around it, and below it to the side."""
    side = max(sprite.shape[:2])
    for reach, offset, strength in ((0.06, 0.03, _SHADOW), (0.015, 0.006, _SHADOW * 0.8)):
        room = max(2, round(reach * side * 3))
        alpha = cv2.copyMakeBorder(cv2.extractChannel(sprite, 3), room, room, room, room, cv2.BORDER_CONSTANT)
        dark = cv2.convertScaleAbs(soften(alpha, reach * side), alpha=strength)
        nothing = np.zeros_like(dark)
        aside = round(offset * side)
        lay_over(picture, cv2.merge([nothing, nothing, nothing, dark]), left - room + aside, top - room + aside)
