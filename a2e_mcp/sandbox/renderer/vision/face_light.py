"""The light on a face: measured on its skin, and given to another face that is laid over it."""

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, size_of

# Light is measured on a copy of the face so many pixels high, over such a distance in parts of its height.
_SIDE, _REACH = 48, 0.11
# As little skin says nothing about the light, in parts of what is around it.
_LEAST_SKIN = 0.02
# How much of the skin's tone the eyes take on.
_TONE = 0.5
# One lift at most doubles what is dark; a third would show noise.
_LIFTS, _NO_LIFT = 2, 0.02


def pixels_apart(height: float) -> int:
    """On every which pixel of a face of a height its light is measured; what is left away between would be blurred."""
    return max(1, round(height / _SIDE))


def light_of(picture: Picture, skin: Mask, eyes: Mask, height: float) -> Picture:
    """How bright each channel of the skin is around each place; eyes have less of the skin's tone.

    All are of every so many pixels, as `pixels_apart` says.
    """
    weight, inside = _shares(skin), _shares(eyes)
    lit = picture.astype(np.float32) * weight
    overall = lit.sum((0, 1)) / max(float(weight.sum()), 1e-3)
    around = cv2.GaussianBlur(np.concatenate([lit, weight], 2), (0, 0), _REACH * height)
    # Far from any skin, as on the skin that is nearest.
    light = (around[..., :3] + _LEAST_SKIN * overall) / (around[..., 3:] + _LEAST_SKIN)
    toneless = light.mean(2, keepdims=True)
    light += (toneless - light) * (inside * (1 - _TONE))
    # Neither black nor white, which nothing could be divided by.
    return np.asarray(np.clip(light, 1, 254))


def lit_like(picture: Picture, own: Picture, its: Picture) -> Picture:
    """The picture, whose light is `own` at each place, in a light that is `its`.

    Shade is multiplied, so that a face in the dark has less contrast too and nothing in it glows. What gets brighter
    does so along a curve between black and white that stay as they are, so that nothing is blown out.
    """
    whole = size_of(picture)
    lit = cv2.multiply(picture, _enlarged(np.minimum(its / own, 1), whole), scale=1 / 255)
    for _ in range(_LIFTS):
        lift = np.clip((its - own) * 255 / (own * (255 - own)), 0, 1)
        if lift.max() < _NO_LIFT:
            break
        between = cv2.multiply(lit, cv2.bitwise_not(lit), scale=1 / 255)
        cv2.add(lit, cv2.multiply(between, _enlarged(lift, whole), scale=1 / 255), dst=lit)
        own = own + lift * own * (255 - own) / 255
    return lit


def _shares(mask: Mask) -> Picture:
    return (mask.astype(np.float32) / 255)[..., None]


def _enlarged(shares: Picture, size: tuple[int, int]) -> Picture:
    return cv2.resize(cv2.convertScaleAbs(shares, alpha=255), size, interpolation=cv2.INTER_LINEAR)
