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
# Letters are found in a copy in which their capitals are at least so high; as much of a pixel of it is theirs.
_CAPITAL_IN_COPY, _OF_A_PIXEL = 12.0, 96
# What stands out most is so far up among all pixels.
_HARDLY_ANY = 0.98


def letters_in(picture: Picture, boxes: Sequence[TextBox]) -> Mask:
    """Where the letters in some boxes of a picture are, with their rims and shadows."""
    height, width = picture.shape[:2]
    letters = np.zeros((height, width), np.uint8)
    for box in boxes:
        capital = (box.bottom - box.top) / _BOX_HEIGHT
        factor = max(1, int(capital / _CAPITAL_IN_COPY))
        grey = cv2.cvtColor(picture[box.rows, box.columns], cv2.COLOR_BGR2GRAY)
        grown = -(-max(2, round(capital * _RIM_AND_SHADOW)) // factor) * factor
        # Beyond the box too: a rim that it cuts off would stay as a dark line.
        place = TextBox(box.left - grown, box.top - grown, box.right + grown, box.bottom + grown)
        found = _letters_of(grey, capital, grown, factor)
        above, before = max(0, -place.top), max(0, -place.left)
        part = letters[place.top + above : place.bottom, place.left + before : place.right]
        part[:] = cv2.max(part, found[above : above + part.shape[0], before : before + part.shape[1]])
    return letters


def _letters_of(grey: Picture, capital: float, beyond: int, factor: int) -> Mask:
    """The letters of a line, and so many rows and columns around it, found in a copy so many times smaller."""
    height, width = grey.shape
    size = max(1, width // factor), max(1, height // factor)
    small = grey if factor == 1 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    around = beyond // factor
    letters = np.zeros((size[1] + 2 * around, size[0] + 2 * around), np.uint8)
    # A dark rim is found itself where it can be seen; on dark clothes the letters must answer for it.
    for kind, reach in ((cv2.MORPH_TOPHAT, _RIM_AND_SHADOW), (cv2.MORPH_BLACKHAT, _SHADOW)):
        strokes = _strokes(small, kind, capital / factor)
        room = cv2.copyMakeBorder(strokes, around, around, around, around, cv2.BORDER_CONSTANT, value=(0,))
        grown = max(2, round(capital * reach)) / factor
        letters = cv2.max(letters, cv2.dilate(room, _disc(max(1, round(grown)))))
    if factor == 1:
        return letters
    larger = cv2.resize(letters, (width + 2 * beyond, height + 2 * beyond), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.threshold(larger, _OF_A_PIXEL, 255, cv2.THRESH_BINARY)[1], np.uint8)


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
