"""Choices, and yes and no, as people and hosts write them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache

from a2e_mcp.catalogue.declaration.spellings import NO, YES
from a2e_mcp.server.arguments.fields import ArgumentField
from a2e_mcp.server.arguments.measures import number_in, size_in
from a2e_mcp.server.arguments.wrappings import unquoted
from a2e_mcp.text import folded

LONGEST_NUMBER = 40
LONGEST_NAME = 200
EVERY = frozenset({"any", "all", "both", "every"})
"""What names all choices at once."""
_BESIDE_CHOICES = frozenset({"video", "mode", "format", "orientation", "aspect", "ratio", "resolution", "quality"})
_NOT_FOLDED = re.compile(r"(?!(?<=\d)[.,]\d|-\d)[\W_]|(?<=[^\W\d])-")
_BETWEEN_WORDS = (
    r"[(),;\[\]]+",
    r"[(),;\[\]\s]+",
    r"[(),;\[\]\s/|+&]+|(?<=[^\W\d])_(?=\w)|(?<=\w)_(?=[^\W\d])",
)
"""What parts a choice that is said twice, from the strictest on."""


def plain_text(value: object) -> object:
    """A number where a text is wanted is that text; JSON knows one kind of number, so 20.0 is 20."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float) and not (math.isfinite(value) and abs(value) < 1e15):
        return value
    if isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER:
        return value
    return str(int(value)) if value == int(value) else repr(value)


def chosen(field: ArgumentField, value: object) -> object:
    """The choice that a value means, also where it says it twice; the value itself for none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    found = choice_meant(field, value)
    if found is None and isinstance(value, str):
        found = _said_twice(field, value)
    return value if found is None else found


def _said_twice(field: ArgumentField, text: str) -> object:
    """The choice that every part of a text means, as in `landscape (16:9)` or `vertical video`; None for none."""
    if len(text) > LONGEST_NUMBER:
        return None
    for between in _BETWEEN_WORDS:
        parts = [
            part for part in re.split(between, text) if part.strip() and folded_choice(part) not in _BESIDE_CHOICES
        ]
        meant = {choice_meant(field, part) for part in parts}
        if field.unit is not None and len(meant) > 1:
            # Beside a number a word is loose talk, as in `1080p HD`.
            meant = {choice_meant(field, part) for part in parts if any(each.isdigit() for each in part)}
        if len(meant) == 1 and None not in meant:
            return meant.pop()
    return None


def choice_meant(field: ArgumentField, value: object) -> object:
    """The choice that a value means; None for none."""
    known = _choices(field.choices)
    text = plain_text(value)
    if not isinstance(text, str) or len(text) > LONGEST_NAME:
        return None
    if (written := folded_choice(unquoted(text))) in known:
        return known[written]
    meant = field.spellings.names.get(written)
    if meant is None and field.spellings.of_size is not None and (size := size_in(text)):
        meant = field.spellings.of_size(*size)
    if meant is None and field.unit is not None:
        number = plain_text(number_in(field.unit, text))
        meant = number if isinstance(number, str) else None
    return None if meant is None else known.get(folded_choice(meant))


@cache
def _choices(choices: tuple[object, ...]) -> Mapping[str, object]:
    return {folded_choice(str(choice)): choice for choice in choices}


def folded_choice(text: str) -> str:
    """A text in which only letters, digits, and the point and sign of a number count."""
    return _NOT_FOLDED.sub("", folded(text))


def boolean(value: object) -> object:
    """Yes or no where a text says so in some language; other values as they are."""
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER:
        return value
    return _words_for_yes_and_no().get(folded_choice(unquoted(value)), value)


@cache
def _words_for_yes_and_no() -> Mapping[str, bool]:
    return {folded_choice(word): meant for meant, words in ((True, YES), (False, NO)) for word in words}
