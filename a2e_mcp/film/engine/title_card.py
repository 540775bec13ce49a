"""A title card: large letters on a dark ground."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image

from a2e_mcp.film.engine.word_times import words_of
from a2e_mcp.media.fonts import drawable
from a2e_mcp.media.line_breaks import cut_to_width
from a2e_mcp.media.text_pictures import lettered, line_width

_LETTERS = (0.11, 0.035)
"""Of the shorter side: as large as there is room for, and no smaller than that."""
_ROOM = (0.84, 0.6)
_TOP, _BOTTOM = (34, 40, 58), (14, 16, 24)


def title_card(text: str, size: tuple[int, int]) -> Image.Image:
    """A card of a frame size with a text in its middle."""
    width, height = size
    shades = np.linspace(_TOP, _BOTTOM, height)
    card = Image.fromarray(np.repeat(shades[:, None], width, 1).round().astype(np.uint8)).convert("RGBA")
    words = words_of(drawable(text))
    if words:
        letters, lines = _fitted(words, size)
        sprite = Image.fromarray(lettered(lines, letters, "outline"))
        card.alpha_composite(sprite, (max(0, (width - sprite.width) // 2), max(0, (height - sprite.height) // 2)))
    return card.convert("RGB")


def _fitted(words: list[str], size: tuple[int, int]) -> tuple[int, list[list[str]]]:
    """The letter size at which the words fit, and their lines."""
    width, height = size
    largest, smallest = (round(share * min(size)) for share in _LETTERS)
    letters, room = largest, _ROOM[0] * width
    while True:
        lines: list[list[str]] = []
        is_smallest = letters <= max(8, smallest)
        widest = room if is_smallest else float("inf")
        for word in (piece for each in words for piece in cut_to_width(each, widest, partial(_width, letters))):
            if lines and line_width([*lines[-1], word], letters) <= room:
                lines[-1].append(word)
            else:
                lines.append([word])
        fits = len(lines) * letters * 1.28 <= _ROOM[1] * height
        is_narrow = max(line_width(line, letters) for line in lines) <= room
        if (fits and is_narrow) or is_smallest:
            return letters, lines
        letters -= max(1, letters // 12)


def _width(letters: int, text: str) -> float:
    return line_width([text], letters)
