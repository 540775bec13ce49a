"""Values that mean that there is none, such as `null`, `n/a` and a list that holds nothing."""

from __future__ import annotations

from functools import cache

from a2e_mcp.server.arguments.choices import EVERY, LONGEST_NAME, choice_meant, folded_choice
from a2e_mcp.server.arguments.fields import ArgumentField
from a2e_mcp.server.arguments.measures import number_in
from a2e_mcp.server.arguments.wrappings import unquoted

_NONE = frozenset(
    {
        *("null", "none", "undefined", "(null)", "(none)", "(empty)", "n/a", "[]", "{}", "[object object]"),
        *("not provided", "not specified", "not set", "(not set)", "unset", "none given", "none provided"),
        *("nonetype", "nullptr", "[null]", "[none]", '[""]', "['']"),
    }
)
_DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212")
"""What tables have in an empty cell."""
_NIL = frozenset({"nil"})
_AS_USUAL = frozenset(
    {
        *("auto", "automatic", "default", "any", "all", "both", "unspecified", "notspecified", "detect"),
        *("anystate", "allstates", "nopreference", "dontcare", "doesntmatter"),
    }
)
_NO_FILTER = EVERY | {"everything", "anything", "*", "%", ".*"}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff \t\r\n"
"""Blanks and signs without a width, which stand around copied values and alone in empty fields."""


def is_empty(field: ArgumentField, value: object) -> bool:
    """Whether a value says to this field that nothing is given."""
    if value is None:
        return True
    if isinstance(value, str):
        return _is_empty_text(field, value)
    if isinstance(value, list | dict) and _holds_nothing(value):
        return not value and not field.required if field.kind == "list" else field.kind != "object"
    is_zero = isinstance(value, int | float) and not isinstance(value, bool) and value == 0
    return is_zero and field.zero_means_none


def _holds_nothing(value: object) -> bool:
    """Whether a list or a record holds nothing but other empty ones, as `[null]` and `{"value": ""}`."""
    if isinstance(value, list):
        return len(value) <= 1 and all(map(_holds_nothing, value))
    if isinstance(value, dict):
        return not value or (len(value) == 1 and all(map(_holds_nothing, value.values())))
    return value is None or value == ""


def _is_empty_text(field: ArgumentField, value: str) -> bool:
    if len(value) > LONGEST_NAME and not value.isspace():
        return False
    bare = unquoted(value if field.kind == "text" else value.strip(_INVISIBLE))
    if not bare:
        # A script of spaces is a mistake that is named; an empty one is a field that a host had to fill.
        return not value and not field.required if field.kind == "text" else True
    if field.kind == "text":
        return False
    # A number that is none is wrong: left out, it would lift the ceiling that it was meant to be.
    is_dash = bare in _DASHES and field.kind not in ("number", "boolean")
    if is_dash or bare in _NIL or _plainly(bare) in _NONE - ({"[]"} if field.kind == "list" else set()):
        return True
    usual = field.kind in ("choice", "number", "boolean") or (field.kind == "language" and not field.required)
    if usual and folded_choice(bare) in _AS_USUAL and choice_meant(field, bare) is None:
        return not (field.takes_any and folded_choice(bare) in EVERY)
    is_no_filter = bare in _NO_FILTER or folded_choice(bare).removesuffix("s") in _no_filter(field.name)
    return is_no_filter if field.is_filter else field.zero_means_none and number_in(field.unit, bare) == 0


def _plainly(text: str) -> str:
    """A text without the blanks inside brackets and the stop behind it."""
    return text.casefold().rstrip(".,;").replace("[ ]", "[]").replace("{ }", "{}")


@cache
def _no_filter(name: str) -> frozenset[str]:
    """What says that a list is not narrowed by this name, such as `all` or `all families`."""
    nouns = (name, {"family": "familie"}.get(name, name), "job", "kind", "type", "voice", "avatar", "language", "name")
    return _NO_FILTER | {f"{word}{noun}" for word in EVERY for noun in nouns}
