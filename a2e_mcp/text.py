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


def folded(text: str) -> str:
    """A text in lower case and without accents."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())).translate(_PLAIN)
