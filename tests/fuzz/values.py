"""Values that break programs, and values that are right, for tool calls and for A2E's answers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

NASTY_TEXTS: Sequence[str] = (
    "",
    " ",
    "null",
    "undefined",
    "\x00",
    "Line\r\nbreak\u2028and\x1b[31mcolour\x9b1m\x1b]0;title\x07",
    "\u202egnp.exe\u2066\u200b\U000e0041",
    "half \ud83d an emoji",
    "\ufeffmark",
    "x" * 20_000,
    "字" * 3000,
    "../../etc/passwd",
    "/etc/shadow",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://127.0.0.1:1/x.png",
    "http://[::1]/x.png",
    "http://169.254.169.254/latest",
    "https://user:secret@example.invalid/x.png",
    "http://[bad",
    "https://example.invalid/a b.png",
    "https://example.invalid/" + "y" * 5000,
    "%00%ff%s%n{0}${HOME}",
    "'; DROP TABLE starts; --",
    "<script>alert(1)</script>",
    "avatar_video:67d29023dd27a536fdf6e809",
    "image_to_video:0000000067d29023dd27a536",
    "speech:zzzz",
    ":",
    "NaN",
    "1e999",
)
NASTY_NUMBERS: Sequence[Any] = (
    0,
    -1,
    -0.0,
    1e-9,
    0.5,
    10**9,
    2**63,
    10**400,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    float("-inf"),
    True,
    False,
)

_WORDS = ("a", "clear", "morning", "over", "the", "harbour", "with", "12 %", "more", "[sandbox:fail]")


def nasty(dice: random.Random, depth: int = 0) -> Any:
    """Any value at all."""
    kind = dice.randrange(7 if depth < 3 else 4)
    match kind:
        case 0 | 1:
            return dice.choice(NASTY_TEXTS)
        case 2:
            return dice.choice(NASTY_NUMBERS)
        case 3:
            return None
        case 4:
            return [nasty(dice, depth + 1) for _ in range(dice.randrange(4))]
        case 5:
            return {
                dice.choice(("_id", "id", "url", "a", "")): nasty(dice, depth + 1) for _ in range(dice.randrange(3))
            }
        case _:
            return deep(dice.choice((10, 200)))


def deep(levels: int) -> Any:
    """A list in a list in a list."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def right(name: str, schema: Mapping[str, Any], pools: Mapping[str, Sequence[Any]], dice: random.Random) -> Any:
    """A value that a tool's schema allows; `pools` has values that mean something, by the name of the argument."""
    if name in pools and dice.random() < 0.9:
        return dice.choice(pools[name])
    if "enum" in schema:
        return dice.choice(schema["enum"])
    return _of_type(name, schema, pools, dice)


def _of_type(name: str, schema: Mapping[str, Any], pools: Mapping[str, Sequence[Any]], dice: random.Random) -> Any:
    match schema.get("type"):
        case "integer" | "number":
            least, most = schema.get("minimum", 0), schema.get("maximum", 100)
            value = dice.uniform(least, most)
            return round(value) if schema["type"] == "integer" else value
        case "boolean":
            return dice.random() < 0.5
        case "array":
            items = schema.get("items", {})
            least, most = schema.get("minItems", 0), schema.get("maxItems", 4)
            return [right(name, items, pools, dice) for _ in range(dice.randint(least, max(least, min(most, 4))))]
        case "object":
            return {}
        case _:
            text = " ".join(dice.choices(_WORDS, k=dice.randint(1, 30)))
            return text[: schema.get("maxLength", 300)].ljust(schema.get("minLength", 1), "x")
