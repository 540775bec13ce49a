"""Burned-in letters pixel by pixel: their strokes, and the rim and the shadow that captions are drawn with."""

from collections.abc import Sequence

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture
from a2e_mcp.sandbox.renderer.vision.text_boxes import TextBox

# A box is this many times as high as its capitals; strokes, rims and shadows are parts of a capital's height.
_BOX_HEIGHT = 2.2
_THICKEST = 0.42
_RIM_AND_SHADOW, _SHADOW = 0.29, 0.16
# By how much, and against what stands out most: a striped shirt behind white letters is none of them.
_STANDS_OUT, _AGAINST_THE_MOST = 38.0, 0.3
_LEAST_STROKE = 3
# What stands out most is so far up among all pixels.
_HARDLY_ANY = 0.98


def letters_in(picture: Picture, boxes: Sequence[TextBox]) -> Mask:
    """Where the letters in some boxes of a picture are, with their rims and shadows."""
    height, width = picture.shape[:2]
    letters = np.zeros((height, width), np.uint8)
    for box in boxes:
        capital = (box.bottom - box.top) / _BOX_HEIGHT
        grey = cv2.cvtColor(picture[box.top : box.bottom, box.left : box.right], cv2.COLOR_BGR2GRAY)
        # A dark rim is found itself where it can be seen; on dark clothes the letters must answer for it.
        for kind, reach in ((cv2.MORPH_TOPHAT, _RIM_AND_SHADOW), (cv2.MORPH_BLACKHAT, _SHADOW)):
            grown = max(2, round(capital * reach))
            # Beyond the box too: a rim that it cuts off would stay as a dark line.
            above, before = min(grown, box.top), min(grown, box.left)
            below, after = min(grown, height - box.bottom), min(grown, width - box.right)
            room = cv2.copyMakeBorder(
                _strokes(grey, kind, capital), above, below, before, after, cv2.BORDER_CONSTANT, value=(0,)
            )
            place = np.s_[box.top - above : box.bottom + below, box.left - before : box.right + after]
            letters[place] = cv2.max(letters[place], cv2.dilate(room, _disc(grown)))
    return letters


def _strokes(grey: Picture, kind: int, capital: float) -> Mask:
    """What is thin, and lighter (or darker) than what is to both sides of it."""
    contrast = cv2.morphologyEx(grey, kind, _disc(max(_LEAST_STROKE, round(capital * _THICKEST)) // 2))
    least = max(_STANDS_OUT, _AGAINST_THE_MOST * _most_of(contrast))
    found = cv2.threshold(contrast, least, 255, cv2.THRESH_BINARY)[1]
    return np.asarray(cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def _most_of(contrast: Picture) -> float:
    """A level that hardly any pixel passes."""
    counts = np.bincount(contrast[::2, ::2].ravel(), minlength=256)
    return float(np.searchsorted(np.cumsum(counts), _HARDLY_ANY * counts.sum()))


def _disc(radius: int) -> Mask:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
