"""Untrusted text, made safe to show or compare."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

# Letters that Unicode does not decompose, though people type them without the accent.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_ACCENTS = re.compile("[\u0300-\u036f]")


def one_line(text: str, most: int = 40) -> str:
    """Untrusted text on one line, shortened, without control or bidirectional characters."""
    printable = (character for character in " ".join(text.split()) if character.isprintable())
    line = "".join(islice(printable, most + 1))
    return line if len(line) <= most else line[: most - 3] + "..."


def counted(count: int, noun: str) -> str:
    """A number with its noun, such as `1 day` or `2 days`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def at_word_end(text: str, most: int) -> str:
    """A text of at most so many characters, cut after a whole word where there is one."""
    if len(text) <= most:
        return text
    return text[: most + 1].rpartition(" ")[0].strip() or text[:most]


def folded(text: str) -> str:
    """A text in lower case and without accents."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())).translate(_PLAIN)
