"""Numbers and sizes as people write them: with a unit, a clock's colon, a decimal comma, or a sign between them."""

from __future__ import annotations

import math
import re

from a2e_mcp.catalogue.declaration.spellings import Unit
from a2e_mcp.server.arguments.wrappings import unquoted

_LONGEST = 40
_LONGEST_SIZE = 200
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""How Chinese and Japanese keyboards write digits and colons."""
_SIZE = re.compile(
    r"\s*(\d{1,5}(?:\.\d{1,3})?)\s*(?:px)?\s*(?:[:\u2236x×*/]|by)\s*(\d{1,5}(?:\.\d{1,3})?)\s*(?:px|pixels)?\s*"
)
_RATIO = re.compile(r"\s*(\d{1,2})\s*(?:[_-]|to)\s*(\d{1,2})\s*")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?", re.ASCII)
_MEASURE = re.compile(r"(\d+(?:[.,]\d{1,2})?)\s*([^\W\d_]+|[°×%])\.?", re.ASCII | re.IGNORECASE)
_RELATIVE = re.compile(r"([+-])\s*(\d{1,3}(?:\.\d{1,2})?)\s*%|(\d{1,3}(?:\.\d{1,2})?)\s*% (faster|slower)", re.ASCII)
_BESIDE_SPANS = re.compile(r"^(?:(?:the )?(?:last|past|previous) (?=\d)|vor |il y a |hace )| (?:ago|back)$")
"""What stands before or behind a span of time that ends now."""
_ALONE = re.compile(
    r"(?:(?:the |la |el |le |die |der |das )?(?:last|past|previous|letzte[nrs]?|vergangene[nrs]?) |an? |one |eine? )?"
    r"([^\W\d_]{3,12})"
)
_COMMA = re.compile(r"(\d+),(\d{1,2})", re.ASCII)


def size_in(text: str) -> tuple[float, float] | None:
    """Width and height, in pixels or as a ratio; None for a text that is neither."""
    if len(text) > _LONGEST_SIZE:
        return None
    plain = text.translate(_FULL_WIDTH).casefold()
    match = _SIZE.fullmatch(plain) or _RATIO.fullmatch(plain)
    if match is None or not float(match[1]) or not float(match[2]):
        return None
    return float(match[1]), float(match[2])


def number_in(unit: Unit | None, value: object) -> object:
    """A number from a text, with its unit where the field declares one."""
    if isinstance(value, bool):
        # Otherwise true would count as 1.
        return str(value).lower()
    if not isinstance(value, str) or len(value) > _LONGEST:
        return value
    text = unquoted(value).translate(_FULL_WIDTH).casefold()
    text = text if unit is None or not unit.alone else _BESIDE_SPANS.sub("", text)
    if comma := _COMMA.fullmatch(text):
        text = f"{comma[1]}.{comma[2]}"
    if _PLAIN_NUMBER.fullmatch(text):
        return _as_number(float(text), value)
    if unit is None:
        return value
    if unit.clock and (clock := _CLOCK.fullmatch(text)):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + int(clock[3])
    total = _measured(unit, text)
    return value if total is None else _as_number(total, value)


def _measured(unit: Unit, text: str) -> float | None:
    """A sum of measures such as `1 min 30 s`, or a change such as `+20%`; None for words that are no unit here."""
    if unit.alone and (alone := _ALONE.fullmatch(text)):
        return unit.words.get(alone[1])
    if unit.relative and (change := _RELATIVE.fullmatch(text)):
        share = float(change[2] or change[3]) / 100
        return round(1 - share if change[1] == "-" or change[4] == "slower" else 1 + share, 4)
    measures = list(_MEASURE.finditer(text))
    if not measures or _MEASURE.sub("", text).strip():
        return None
    worth = [(float(each[1].replace(",", ".")), unit.words.get(each[2])) for each in measures]
    return None if any(times is None for _, times in worth) else sum(many * (times or 0.0) for many, times in worth)


def _as_number(number: float, given: str) -> object:
    if not math.isfinite(number):
        return given
    return int(number) if number == int(number) and abs(number) < 1e15 else number
