"""The small movements that make a still figure live: it leans, it breathes."""

import math

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Picture, Sprite

# In parts of the figure's height.
_LEAN = 0.010
_BREATH = 0.004
_DRIFT = 0.006


def leaning(sprite: Sprite, time: float, foot: float) -> Sprite:
    """The sprite leaning and breathing about its foot, `foot` pixels down, which stays where it is."""
    lean = _LEAN * (0.7 * math.sin(time * 1.25) + 0.3 * math.sin(time * 2.9 + 1))
    rise = _BREATH * math.sin(time * 1.9)
    # A point moves sideways by as much as it is above the foot.
    matrix = np.array([[1, -lean, lean * foot], [0, 1 + rise, -rise * foot]], np.float32)
    return cv2.warpAffine(sprite, matrix, sprite.shape[1::-1], flags=cv2.INTER_LINEAR)


def drifting(picture: Picture, time: float) -> Picture:
    """The whole picture in a slow drift, as from a hand-held camera; enlarged a little to hide its rim."""
    height, width = picture.shape[:2]
    scale = 1 + 2 * _DRIFT
    across = _DRIFT * width * math.sin(time * 0.9)
    down = _DRIFT * height * math.sin(time * 0.7 + 1)
    matrix = np.array(
        [[scale, 0, (1 - scale) * width / 2 + across], [0, scale, (1 - scale) * height / 2 + down]], np.float32
    )
    return cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
