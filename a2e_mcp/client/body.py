"""Where everything that A2E says comes in: bytes become text, text becomes values, and both are made harmless here."""

from __future__ import annotations

import json
import math

from a2e_mcp.text import clean

_DEEPEST = 64
_MOST_DIGITS = 30


def read_body(body: bytes) -> object:
    """The JSON of a body: its texts are clean, and what is no number for a computer is None.

    Invalid bytes become U+FFFD. Raises ValueError when it is not JSON, or nested too deep.
    """
    text = body.decode(json.detect_encoding(body), "replace")
    try:
        return _cleaned(_DECODER.decode(text), 0)
    except RecursionError:
        raise ValueError("nested too deep") from None


def json_or_none(body: bytes) -> object:
    """A body as JSON; None when it is not JSON."""
    try:
        return read_body(body)
    except ValueError:
        return None


def _integer(text: str) -> int | None:
    return int(text) if len(text) <= _MOST_DIGITS else None


def _number(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _no_number(_: str) -> None:
    """Read NaN and Infinity, which are not JSON, as nothing."""


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_no_number)


def _cleaned(value: object, depth: int) -> object:
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): _cleaned(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item, depth + 1) for item in value]
    return value
