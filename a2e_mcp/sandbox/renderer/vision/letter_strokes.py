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


def letters_in(picture: Picture, boxes: Sequence[TextBox]) -> Mask:
    """Where the letters in some boxes of a picture are, with their rims and shadows."""
    letters = np.zeros(picture.shape[:2], np.uint8)
    for box in boxes:
        capital = (box.bottom - box.top) / _BOX_HEIGHT
        place = np.s_[box.top : box.bottom, box.left : box.right]
        grey = cv2.cvtColor(picture[place], cv2.COLOR_BGR2GRAY)
        # A dark rim is found itself where it can be seen; on dark clothes the letters must answer for it.
        for kind, reach in ((cv2.MORPH_TOPHAT, _RIM_AND_SHADOW), (cv2.MORPH_BLACKHAT, _SHADOW)):
            grown = max(2, round(capital * reach))
            # Beyond the box too: a rim that it cuts off would stay as a dark line.
            rows = slice(max(0, box.top - grown), box.bottom + grown)
            columns = slice(max(0, box.left - grown), box.right + grown)
            strokes = np.zeros_like(letters)
            strokes[place] = _strokes(grey, kind, capital)
            letters[rows, columns] = cv2.max(letters[rows, columns], cv2.dilate(strokes[rows, columns], _disc(grown)))
    return letters


def _strokes(grey: Picture, kind: int, capital: float) -> Mask:
    """What is thin, and lighter (or darker) than what is to both sides of it."""
    contrast = cv2.morphologyEx(grey, kind, _disc(max(_LEAST_STROKE, round(capital * _THICKEST)) // 2))
    least = max(_STANDS_OUT, _AGAINST_THE_MOST * float(np.percentile(contrast[::2, ::2], 98)))
    found = np.where(contrast > least, 255, 0).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def _disc(radius: int) -> Mask:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
