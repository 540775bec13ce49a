"""Texts of other people, made fit to be shown or compared."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not take for an accented one, though a keyboard without them does.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_ACCENTS = re.compile("[\u0300-\u036f]")


def one_line(text: str, most: int = 40) -> str:
    """Somebody else's text on one line, cut, without control characters and what turns the direction of writing."""
    line = "".join(character for character in " ".join(text.split()) if character.isprintable())
    return line if len(line) <= most else line[: most - 3] + "..."


def folded(text: str) -> str:
    """A text without case and accents."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())).translate(_PLAIN)
