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
from a2e_mcp.media.line_breaks import NO_BLANK, is_spaceless

LetterStyle: TypeAlias = Literal["outline", "box", "highlight"]
"""Letters with a dark rim, letters on a dark box, and letters with a rim of which the spoken word is yellow."""

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""Height x width x red, green, blue and opacity."""

_WHITE, _YELLOW = (255, 255, 255, 255), (255, 214, 10, 255)
_RIM = (12, 12, 16, 235)
_BOX = (10, 10, 14, 175)
_LINE, _SPACE = 1.28, 0.26


@dataclass(frozen=True)
class Piece:
    """A word at its place in a line, in pixels from the line's left edge."""

    text: str
    left: float
    is_spoken: bool
    is_rightward: bool


def joined(words: Sequence[str]) -> str:
    """Words as a line: with spaces where their script has them."""
    line = ""
    for word in words:
        bare = word.removeprefix(NO_BLANK)
        line += f" {bare}" if line and has_space(line, word) else bare
    return line


def has_space(before: str, word: str) -> bool:
    """Whether a space is written between two words."""
    if word.startswith(NO_BLANK):
        return False
    sides = (before[-1:], word[:1])
    # A year or a price stands in a spaceless script as any other word.
    return not (any(map(is_spaceless, sides)) and all(is_spaceless(sign) or _is_numeric(sign) for sign in sides))


def _is_numeric(sign: str) -> bool:
    return sign.isdigit() or unicodedata.category(sign) == "Sc"


def line_width(words: Sequence[str], size: int) -> float:
    """How many pixels wide a line of words is at a letter size."""
    return sum(_word_width(word, size) for word in words) + size * _SPACE * _spaces(words)


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
        for piece in placed(line, size, told):
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


def placed(line: Sequence[str], size: int, spoken: int | None) -> Iterator[Piece]:
    """The words of a line from left to right; in a line that runs to the left, the first word stands on the right.

    A word of both directions, such as a foreign name with a prefix, is placed in its parts.
    """
    cut = [
        _WordPart(part, number, not at) for number, word in enumerate(line) for at, part in enumerate(_parts_of(word))
    ]
    is_rightward = next((way for part in cut if (way := _is_rightward(part.text)) is not None), True)
    parts = list(_without_outer_stops(cut, is_rightward))
    is_turned = [_runs_against(part, is_rightward) for part in parts]
    order = _from_left(is_turned, is_rightward)
    left = 0.0
    for at, place in enumerate(order):
        if at:
            after = _later_of(order[at - 1], place, is_turned)
            # Between the parts of a word there is none.
            if parts[after].begins_word and has_space(parts[after - 1].text, parts[after].text):
                left += size * _SPACE
        text = parts[place].text
        yield Piece(text, left, parts[place].word == spoken, is_rightward != is_turned[place])
        left += _word_width(text, size)


@dataclass(frozen=True)
class _WordPart:
    """A word of a line or a part of one, by its number in the line."""

    text: str
    word: int
    begins_word: bool


def _runs_against(part: _WordPart, is_rightward: bool) -> bool:
    return _is_rightward(part.text) is (not is_rightward)


def _without_outer_stops(parts: Sequence[_WordPart], is_rightward: bool) -> Iterator[_WordPart]:
    """The parts, with the stops around foreign words as parts of their own, which follow the line's direction.

    Between two foreign words they stay, so that "iPhone, Android" is one run; a number is no such word by itself.
    """
    in_run = False
    for number, part in enumerate(parts):
        if not _runs_against(part, is_rightward):
            in_run = False
            yield part
            continue
        last = number + 1 == len(parts)
        has_letter = in_run or any(unicodedata.bidirectional(sign) in ("L", "R", "AL") for sign in part.text)
        continues = has_letter and not last and _runs_against(parts[number + 1], is_rightward)
        begin = 0 if in_run else next(at for at, sign in enumerate(part.text) if not _is_stop(sign))
        end = len(part.text)
        while not continues and _is_stop(part.text[end - 1]):
            end -= 1
        spans = [(0, begin), (begin, end), (end, len(part.text))]
        for at, (first, after) in enumerate(span for span in spans if span[0] < span[1]):
            yield _WordPart(part.text[first:after], part.word, part.begins_word and not at)
        in_run = has_letter


def _is_stop(sign: str) -> bool:
    """Whether a sign has no direction of its own; those of sums and amounts belong to their number."""
    return unicodedata.bidirectional(sign) in ("ON", "CS")


def _later_of(left: int, right: int, is_turned: Sequence[bool]) -> int:
    """Of two parts that stand beside each other, the one before which the space between them is written.

    Beside words that were turned as a whole, that is the neighbour in the text of the one that was not.
    """
    if abs(left - right) == 1:
        return max(left, right)
    alone, other = (right, left) if is_turned[left] else (left, right)
    return alone + 1 if other > alone else alone


def _parts_of(word: str) -> list[str]:
    """A word cut where its letters change their direction; signs without one stay with those before them."""
    parts: list[str] = []
    last: bool | None = None
    for sign in word:
        way = {"L": True, "EN": True, "R": False, "AL": False}.get(unicodedata.bidirectional(sign))
        if not parts or (way is not None and last is not None and way != last):
            parts.append(sign)
        else:
            parts[-1] += sign
        last = last if way is None else way
    return parts or [word]


def _from_left(is_turned: Sequence[bool], is_rightward: bool) -> list[int]:
    """The order of a line's parts from left to right: runs of those that run against the line keep their own."""
    order: list[int] = []
    run: list[int] = []
    numbers = range(len(is_turned))
    for number in numbers if is_rightward else reversed(numbers):
        if is_turned[number]:
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
    return sum(_font(part, size).getlength(part) for part in _parts_of(word))


def _font(word: str, size: int) -> ImageFont.FreeTypeFont:
    path = font_of(word) or next((path for sign in word if (path := font_of(sign)) is not None), None) or font_of("A")
    if path is None:
        raise LookupError("no font is installed here")
    return font(path, size)
