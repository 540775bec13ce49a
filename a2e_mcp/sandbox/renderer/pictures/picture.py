"""Pictures in memory: what the arrays are, and the few things every renderer does with them.

A `Picture` is height x width x 3 in BGR, 8 bit. A `Sprite` is height x width x 4, BGRA with the colour already
multiplied by its alpha, so that laying it over a picture is one multiply and one add. A `Mask` is height x width,
8 bit, 255 for "belongs". `Points` are n x 2, x before y.
"""

import functools
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

Picture: TypeAlias = npt.NDArray[Any]
Sprite: TypeAlias = npt.NDArray[Any]
Mask: TypeAlias = npt.NDArray[Any]
Points: TypeAlias = npt.NDArray[Any]
Colour: TypeAlias = tuple[int, int, int]

_BAND = 64


def parse_colour(text: str) -> Colour:
    """BGR from "#rrggbb" or "#rgb". Raises OrderRefused."""
    digits = text.strip().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        raise OrderRefused("invalid_order", f"Invalid colour {text[:20]!r}; expected for example #1d4ed8.") from None
    return blue, green, red


def flat(colour: Colour, width: int, height: int) -> Picture:
    """A picture of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def size_of(picture: Picture) -> tuple[int, int]:
    """Its width and height."""
    return picture.shape[1], picture.shape[0]


@functools.lru_cache(maxsize=4)
def grid_of(width: int, height: int) -> tuple[Picture, Picture]:
    """How far across and how far down each pixel of a picture of a size is; shared, do not change it."""
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return across, down


def resize(picture: Picture, width: int, height: int) -> Picture:
    """The picture at exactly this size, with the filter that suits the direction."""
    shrinks = width < picture.shape[1]
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def size_within(picture: Picture, width: int, height: int) -> tuple[int, int]:
    """The largest size of the picture's shape in a box, at least 16 each way; the picture may be smaller."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    return max(16, round(picture.shape[1] * scale)), max(16, round(picture.shape[0] * scale))


def shrink_to_fit(picture: Picture, width: int, height: int) -> Picture:
    """The picture made small enough for the box, keeping its proportions; never made larger."""
    scale = min(1.0, width / picture.shape[1], height / picture.shape[0])
    if scale == 1.0:
        return picture
    return resize(picture, max(2, round(picture.shape[1] * scale)), max(2, round(picture.shape[0] * scale)))


def cover(
    picture: Picture, width: int, height: int, focus: tuple[float, float] = (0.5, 0.5), zoom: float = 1.0
) -> Picture:
    """The picture filling the frame, cropped; `focus` is the point (0 to 1 each) to keep near the middle.

    A zoom over 1 crops more of it.
    """
    scale, left, top = covering(picture, width, height, focus, zoom)
    part = picture[round(top) : round(top + height / scale), round(left) : round(left + width / scale)]
    return resize(part, width, height)


def covering(
    picture: Picture, width: int, height: int, focus: tuple[float, float], zoom: float
) -> tuple[float, float, float]:
    """By how much a picture is enlarged to fill a frame, and which of its points is then the frame's upper left."""
    scale = zoom * max(width / picture.shape[1], height / picture.shape[0])
    crop_width, crop_height = width / scale, height / scale
    left = min(max(focus[0] * picture.shape[1] - crop_width / 2, 0), picture.shape[1] - crop_width)
    top = min(max(focus[1] * picture.shape[0] - crop_height / 2, 0), picture.shape[0] - crop_height)
    return scale, left, top


def overlap(picture: Picture, other: Picture, left: int, top: int) -> tuple[Picture, Picture] | None:
    """The parts of a picture and of another at a place in it that cover each other; None when they do not meet."""
    first_x, first_y = max(0, -left), max(0, -top)
    last_x = min(other.shape[1], picture.shape[1] - left)
    last_y = min(other.shape[0], picture.shape[0] - top)
    if first_x >= last_x or first_y >= last_y:
        return None
    under = picture[top + first_y : top + last_y, left + first_x : left + last_x]
    return under, other[first_y:last_y, first_x:last_x]


def lay_over(picture: Picture, sprite: Sprite, left: int = 0, top: int = 0) -> None:
    """Lay a sprite onto a picture in place; parts outside the picture are left away."""
    parts = overlap(picture, sprite, left, top)
    if parts is None:
        return
    # In bands, so that what is calculated between stays in the processor's cache.
    for row in range(0, len(parts[0]), _BAND):
        under, part = (whole[row : row + _BAND] for whole in parts)
        shows_through = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(part, 3)), cv2.COLOR_GRAY2BGR)
        kept = cv2.multiply(under, shows_through, scale=1 / 255)
        cv2.add(kept, cv2.cvtColor(part, cv2.COLOR_BGRA2BGR), dst=kept)
        under[:] = kept


def cut_out(picture: Picture, mask: Mask) -> Sprite:
    """The part of a picture that a mask keeps, as a sprite."""
    colour = cv2.multiply(picture, cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR), scale=1 / 255)
    return cv2.merge([*cv2.split(colour), mask])


def blend(under: Picture, over: Picture, mask: Mask) -> Picture:
    """`over` where the mask is 255, `under` where it is 0, a mixture between."""
    weight = cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR)
    kept = cv2.multiply(under, cv2.bitwise_not(weight), scale=1 / 255)
    return cv2.add(kept, cv2.multiply(over, weight, scale=1 / 255))


def soften(mask: Mask, radius: float) -> Mask:
    """The mask blurred; wide blurs are done on a small copy, where they cost nothing and look the same."""
    if radius < 0.4:
        return mask
    if radius < 4:
        return cv2.GaussianBlur(mask, (0, 0), radius)
    factor = min(16, int(radius // 2))
    height, width = mask.shape
    small = cv2.resize(mask, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), radius / factor, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def studio(width: int, height: int, tint: Colour = (214, 196, 178)) -> Picture:
    """A softly lit backdrop: brighter behind the head, darker towards the corners."""
    across = (np.arange(width, dtype=np.float32) / width - 0.5) * (width / height)
    down = np.arange(height, dtype=np.float32) / height - 0.38
    distance = np.sqrt(across[None, :] ** 2 + down[:, None] ** 2)
    light = 1.13 - 0.42 * np.clip(distance, 0, 1.2)
    shaded = light[..., None] * np.asarray(tint, np.float32)
    # A little noise, or eight bits show the gradient as rings.
    shaded += np.random.default_rng(0).uniform(-0.8, 0.8, (height, width, 1)).astype(np.float32)
    return np.clip(shaded, 0, 255).astype(np.uint8)
