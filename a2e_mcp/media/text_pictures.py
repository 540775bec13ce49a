"""Lines of text as pictures, in any script and direction; words are shaped by HarfBuzz, which Pillow brings."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from a2e_mcp.media.fonts import font, font_of

LetterStyle: TypeAlias = Literal["outline", "box", "highlight"]
"""Letters with a dark rim, letters on a dark box, and letters with a rim of which the spoken word is yellow."""

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""Height x width x red, green, blue and opacity."""

_WHITE, _YELLOW = (255, 255, 255, 255), (255, 214, 10, 255)
_RIM = (12, 12, 16, 235)
_BOX = (10, 10, 14, 175)
_LINE = 1.28
_SPACELESS_FROM = "\u3000"
"""From here on scripts are written without spaces, but for Korean."""


@dataclass(frozen=True)
class _Piece:
    """A word at its place in a line, in pixels from the line's left edge."""

    text: str
    left: float
    is_spoken: bool
    is_rightward: bool


def joined(words: Sequence[str]) -> str:
    """Words as a line: with spaces where their script has them."""
    line = ""
    for word in words:
        line += f" {word}" if line and has_space(line, word) else word
    return line


def has_space(before: str, word: str) -> bool:
    """Whether a space is written between two words."""
    is_hangul = "\uac00" <= word[:1] <= "\ud7a3"
    return is_hangul or not (before[-1:] >= _SPACELESS_FROM and word[:1] >= _SPACELESS_FROM)


def line_width(words: Sequence[str], size: int) -> float:
    """How many pixels wide a line of words is at a letter size."""
    return sum(_word_width(word, size) for word in words) + size * 0.26 * _spaces(words)


def lettered(
    lines: Sequence[Sequence[str]], size: int, style: LetterStyle, spoken: tuple[int, int] | None = None
) -> Pixels:
    """Centred lines of words; `spoken` is the line and the number of the word that is being spoken."""
    margin = round(size * (0.5 if style == "box" else 0.3))
    step = round(size * _LINE)
    widths = [line_width(line, size) for line in lines]
    width, height = round(max(widths)) + 2 * margin, step * len(lines) + 2 * margin
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    if style == "box":
        draw.rounded_rectangle((0, margin // 2, width - 1, height - margin // 2), radius=round(size * 0.3), fill=_BOX)
    rim = 0 if style == "box" else max(1, round(size * 0.085))
    for number, (line, line_is_wide) in enumerate(zip(lines, widths, strict=True)):
        left = (width - line_is_wide) / 2
        baseline = margin + step * number + round(size * 0.98)
        told = spoken[1] if spoken is not None and spoken[0] == number else None
        for piece in _placed(line, size, told):
            colour = _YELLOW if style == "highlight" and piece.is_spoken else _WHITE
            draw.text(
                (left + piece.left, baseline),
                piece.text,
                fill=colour,
                font=_font(piece.text, size),
                anchor="ls",
                direction="ltr" if piece.is_rightward else "rtl",
                stroke_width=rim,
                stroke_fill=_RIM,
            )
    return np.asarray(image if style == "box" else _with_shadow(image, size), np.uint8)


def _with_shadow(image: Image.Image, size: int) -> Image.Image:
    shadow = Image.new("RGBA", image.size, (0, 0, 0, 0))
    shadow.putalpha(
        image.getchannel("A").filter(ImageFilter.GaussianBlur(max(1.0, size * 0.08))).point(lambda a: a // 2)
    )
    return Image.alpha_composite(shadow, image)


def _placed(line: Sequence[str], size: int, spoken: int | None) -> Iterator[_Piece]:
    """The words of a line from left to right; in a line that runs to the left, the first word stands on the right."""
    is_rightward = next((way for word in line if (way := _is_rightward(word)) is not None), True)
    order = list(range(len(line)))
    if not is_rightward:
        order = _turned(line)
    left = 0.0
    for at, number in enumerate(order):
        word = line[number]
        if at and has_space(line[min(number, order[at - 1])], line[max(number, order[at - 1])]):
            left += size * 0.26
        way = _is_rightward(word)
        yield _Piece(word, left, number == spoken, is_rightward if way is None else way)
        left += _word_width(word, size)


def _turned(line: Sequence[str]) -> list[int]:
    """The order from left to right of a line that runs to the left: words that run to the right keep their order."""
    order: list[int] = []
    run: list[int] = []
    for number in reversed(range(len(line))):
        if _is_rightward(line[number]):
            run.insert(0, number)
        else:
            order += [*run, number]
            run = []
    return order + run


def _is_rightward(word: str) -> bool | None:
    """Whether a word runs to the right, by its first letter; None without one."""
    for sign in word:
        match unicodedata.bidirectional(sign):
            case "L" | "EN":
                return True
            case "R" | "AL":
                return False
    return None


def _spaces(words: Sequence[str]) -> int:
    return sum(has_space(before, after) for before, after in pairwise(words))


def _word_width(word: str, size: int) -> float:
    return _font(word, size).getlength(word)


def _font(word: str, size: int) -> ImageFont.FreeTypeFont:
    path = font_of(word) or next((path for sign in word if (path := font_of(sign)) is not None), None) or font_of("A")
    if path is None:
        raise LookupError("no font is installed here")
    return font(path, size)
