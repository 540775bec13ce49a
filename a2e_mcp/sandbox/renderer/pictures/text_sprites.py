"""Outlined text as sprites, in any script that OpenCV's built-in fonts can draw."""

import functools
import unicodedata

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Colour, Sprite

_WHITE: Colour = (255, 255, 255)
_BOLD = 700
_SAMPLE_SIZE = 24

# Scripts whose letters the embedded fonts have and that need no shaping.
_DRAWABLE = ("LATIN", "GREEK", "CYRILLIC", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "IDEOGRAPHIC")


def can_draw(text: str) -> bool:
    """Whether the fonts have every letter of the text; they draw the others as question marks."""
    return all(unicodedata.name(letter, "").startswith(_DRAWABLE) for letter in text if letter.isalpha())


def drawable(text: str) -> str:
    """A text without the signs that the fonts do not have, such as emoji, and without the spaces around them."""
    return " ".join("".join(sign for sign in text if sign.isalpha() or _has(sign)).split())


@functools.lru_cache(maxsize=1024)
def _has(sign: str) -> bool:
    drawn, missing = outlined(sign, _SAMPLE_SIZE), outlined("?", _SAMPLE_SIZE)
    return sign == "?" or drawn.shape != missing.shape or not np.array_equal(drawn, missing)


@functools.lru_cache(maxsize=256)
def text_width(text: str, size: int) -> int:
    """How many pixels wide a line of text is at a letter size."""
    _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _font(), size, _BOLD)
    return width


@functools.lru_cache(maxsize=64)
def outlined(text: str, size: int, colour: Colour = _WHITE) -> Sprite:
    """One line of bold text with a dark rim and a soft shadow; `size` is the letters' size in pixels."""
    margin = max(2, round(size * 0.22))
    height = round(size * 1.35) + 2 * margin
    width = text_width(text, size) + 2 * margin + 2
    letters_picture = np.zeros((height, width, 3), np.uint8)
    cv2.putText(letters_picture, text, (margin, margin + size), _WHITE, _font(), size, _BOLD)
    letters = cv2.extractChannel(letters_picture, 0)
    rim = max(1, round(size * 0.085))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    outline = cv2.GaussianBlur(cv2.dilate(letters, brush), (0, 0), 0.6)
    shadow = cv2.convertScaleAbs(cv2.GaussianBlur(outline, (0, 0), max(0.8, size * 0.06)), alpha=0.55)
    dark = cv2.max(cv2.convertScaleAbs(outline, alpha=0.92), shadow)
    alpha = cv2.max(dark, letters)
    paint = [cv2.convertScaleAbs(letters, alpha=channel / 255) for channel in colour]
    return cv2.merge([*paint, alpha])


@functools.cache
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")
