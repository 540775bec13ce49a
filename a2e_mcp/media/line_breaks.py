"""Where a line may end: at blanks, and in scripts without them between the phrases that BudouX finds."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterable

from budoux import Parser
from budoux.parser import (
    load_default_japanese_parser,
    load_default_simplified_chinese_parser,
    load_default_thai_parser,
    load_default_traditional_chinese_parser,
)

NO_BLANK = "\u200b"
"""What a word begins with that no blank parts from the one before: the zero width space, which no font draws."""

_VIRAMA = 9
"""The combining class of the signs that join letters of India and of Khmer."""
_SPACELESS_FROM = "\u3000"
_BREAK_AFTER = "/-_?&=.,:;"
_LOADERS = {
    "ja": load_default_japanese_parser,
    "zh-hans": load_default_simplified_chinese_parser,
    "zh-hant": load_default_traditional_chinese_parser,
    "th": load_default_thai_parser,
}


def words_in(text: str) -> list[str]:
    """The words of a text, and of scripts without blanks its phrases; those after no blank begin with `NO_BLANK`."""
    words: list[str] = []
    for part in text.split():
        phrases = [phrase for piece in part.split(NO_BLANK) if piece for phrase in _phrases(piece, text)]
        if phrases:
            first = NO_BLANK + phrases[0] if part.startswith(NO_BLANK) else phrases[0]
            words += [first, *(NO_BLANK + phrase for phrase in phrases[1:])]
    return words


def is_spaceless(sign: str) -> bool:
    """Whether a sign is Chinese or Japanese, which are written without blanks; Korean is written with them."""
    return sign >= _SPACELESS_FROM and not "\uac00" <= sign <= "\ud7a3"


def clusters_of(text: str) -> list[str]:
    """A text in the smallest pieces that a line may end between at need: letters with their marks."""
    found: list[str] = []
    for sign in text:
        is_mark = unicodedata.category(sign) in ("Mn", "Mc", "Me", "Cf")
        # After a virama the next letter is written below or beside the one before.
        if found and (is_mark or found[-1][-1] == "\u200d" or unicodedata.combining(found[-1][-1]) == _VIRAMA):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def cut_to_width(word: str, widest: float, width_of: Callable[[str], float]) -> list[str]:
    """A word in as many pieces as it takes for none to be wider than a line, such as an address; mostly it is one."""
    pieces: list[str] = []
    rest = word
    while rest and width_of(rest) > widest:
        clusters = clusters_of(rest)
        count = 1
        while count < len(clusters) and width_of("".join(clusters[: count + 1])) <= widest:
            count += 1
        # After a sign of an address, where one is near.
        ends = [at for at in range(count // 2, count + 1) if at and clusters[at - 1] in _BREAK_AFTER]
        cut = "".join(clusters[: ends[-1] if ends else count])
        pieces.append(cut)
        rest = rest[len(cut) :]
        rest = NO_BLANK + rest if rest else ""
    return [*pieces, *([rest] if rest else [])]


def _phrases(piece: str, text: str) -> list[str]:
    language = _language(piece, text)
    return [piece] if language is None else _unbroken(_parser(language).parse(piece))


def _unbroken(pieces: Iterable[str]) -> list[str]:
    """The pieces, put together where no line ends: in foreign words and numbers, before stops, after opening signs."""
    found: list[str] = []
    for piece in pieces:
        if found and _belong_together(found[-1][-1], piece[0]):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def _belong_together(before: str, after: str) -> bool:
    kinds = unicodedata.category(before), unicodedata.category(after)
    is_foreign = all(sign.isascii() and not sign.isspace() for sign in (before, after))
    return is_foreign or kinds[0] in ("Ps", "Pi") or kinds[1] in ("Pe", "Pf", "Po", "Mn", "Mc", "Lm")


def _language(piece: str, text: str) -> str | None:
    """The language whose phrases a piece has; None where blanks part its words, or nothing is known of its script."""
    if any("\u0e00" <= sign <= "\u0e7f" for sign in piece):
        return "th"
    if not any(is_spaceless(sign) for sign in piece):
        return None
    if any("\u3041" <= sign <= "\u30ff" for sign in text):
        return "ja"
    return "zh-hant" if _is_encoded(text, "big5") and not _is_encoded(text, "gb2312") else "zh-hans"


def _is_encoded(text: str, encoding: str) -> bool:
    letters = "".join(sign for sign in text if is_spaceless(sign) and sign.isalpha())
    try:
        return bool(letters.encode(encoding))
    except UnicodeEncodeError:
        return False


@functools.cache
def _parser(language: str) -> Parser:
    return _LOADERS[language]()
