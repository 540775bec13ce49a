"""Outlined text as sprites: in OpenCV's built-in fonts, and where those lack letters in a font of their script."""

import functools
import unicodedata

import cv2
import numpy as np

from a2e_mcp.media.fonts import font_of, missing_scripts
from a2e_mcp.media.text_pictures import lettered, line_width
from a2e_mcp.sandbox.renderer.pictures.picture import Colour, Sprite

_WHITE: Colour = (255, 255, 255)
_BOLD = 700
_SAMPLE_SIZE = 24
_JOINERS = "\u200c\u200d"

# Greek, and Latin letters of Vietnamese, are thin in the embedded fonts and stand beside bold ones.
_THIN = (("\u0180", "\u03ff"), ("\u1e00", "\u1fff"))

# Scripts whose letters the embedded fonts have and that need no shaping.
_DRAWABLE = ("LATIN", "GREEK", "CYRILLIC", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "IDEOGRAPHIC")


def can_draw(text: str) -> bool:
    """Whether some font here has every letter of the text."""
    return _is_built_in(text) or not missing_scripts(text)


def scripts_without_font(text: str) -> list[str]:
    """The scripts of a text that no font here has letters for, by their English names."""
    return missing_scripts(text)


def drawable(text: str) -> str:
    """A text without the signs that no font here has, such as emoji, and without the spaces around them."""
    return " ".join("".join(sign for sign in text if _is_part_of_a_letter(sign) or _has(sign)).split())


def _is_built_in(text: str) -> bool:
    """Whether OpenCV's own fonts have every letter; they draw the others as question marks."""
    return all(unicodedata.name(letter, "").startswith(_DRAWABLE) for letter in text if letter.isalpha()) and all(
        _has_built_in(sign) for sign in text if not sign.isalpha()
    )


def _needs_font(text: str) -> bool:
    """Whether a text is to be drawn by a font of its script, and one is here."""
    is_thin = any(first <= sign <= last for sign in text for first, last in _THIN)
    return (is_thin or not _is_built_in(text)) and not missing_scripts(text)


def _is_part_of_a_letter(sign: str) -> bool:
    return not is_emoji(sign) and (sign.isalpha() or unicodedata.category(sign)[0] == "M" or sign in _JOINERS)


def _has(sign: str) -> bool:
    # Arrows and the like are in many fonts; what is an emoji is in few, and then it is a strange one.
    return _has_built_in(sign) or (not is_emoji(sign) and font_of(sign) is not None)


@functools.lru_cache(maxsize=1024)
def _has_built_in(sign: str) -> bool:
    drawn, missing = _in_built_in_font(sign, _SAMPLE_SIZE), _in_built_in_font("?", _SAMPLE_SIZE)
    return sign == "?" or drawn.shape != missing.shape or not np.array_equal(drawn, missing)


def is_emoji(sign: str) -> bool:
    """Whether a sign is a picture that fonts for reading do not have."""
    return ord(sign) >= 0x1F000 or 0x2600 <= ord(sign) < 0x27C0 or sign in "\ufe0f\u20e3"


@functools.lru_cache(maxsize=256)
def text_width(text: str, size: int) -> int:
    """How many pixels wide a line of text is at a letter size."""
    if _needs_font(text):
        return round(line_width(text.split(), size))
    return _built_in_width(text, size)


def _built_in_width(text: str, size: int) -> int:
    _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _font(), size, _BOLD)
    return width


@functools.lru_cache(maxsize=64)
def outlined(text: str, size: int, colour: Colour = _WHITE) -> Sprite:
    """One line of bold text with a dark rim and a soft shadow; `size` is the letters' size in pixels."""
    if _needs_font(text):
        return _in_a_font_of_the_script(text, size, colour)
    return _in_built_in_font(text, size, colour)


def _in_a_font_of_the_script(text: str, size: int, colour: Colour) -> Sprite:
    """Words joined and turned as their script wants it."""
    pixels = lettered([text.split()], size, "outline").astype(np.uint16)
    alpha = pixels[..., 3]
    # White letters take the colour, their dark rim stays dark; a sprite's colours are multiplied by its alpha.
    paint = [pixels[..., 2 - at] * colour[at] // 255 * alpha // 255 for at in range(3)]
    return np.stack([*paint, alpha], -1).astype(np.uint8)


def _in_built_in_font(text: str, size: int, colour: Colour = _WHITE) -> Sprite:
    margin = max(2, round(size * 0.22))
    height = round(size * 1.35) + 2 * margin
    width = _built_in_width(text, size) + 2 * margin + 2
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
