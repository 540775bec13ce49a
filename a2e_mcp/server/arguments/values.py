"""The one step before validation: values as hosts and people write them become the values that fields take.

A value that is not understood stays as it is, so that validation refuses it. A text that is spoken, shown or sent stays
as it is in any case. The step changes nothing when it is taken again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

from a2e_mcp.catalogue.declaration.spellings import NO, YES
from a2e_mcp.errors import InputError
from a2e_mcp.ledger.job_ids import job_ids_in
from a2e_mcp.server.arguments.fields import ArgumentField
from a2e_mcp.server.arguments.measures import number_in, size_in
from a2e_mcp.server.arguments.wrappings import (
    from_json,
    name_in,
    object_in,
    only_value_in,
    row_or_address,
    unquoted,
)
from a2e_mcp.text import folded

_LONGEST_JSON = 100_000
_LONGEST_NUMBER = 40
_LONGEST_NAME = 200
_MOST_WRAPPED = 12
_SMALLEST_SIDE = 100
"""Pixels; a smaller number beside another one is part of a ratio."""

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
_EVERY = frozenset({"any", "all", "both", "every"})
_NO_FILTER = _EVERY | {"everything", "anything", "*", "%", ".*"}
_BESIDE_CHOICES = frozenset({"video", "mode", "format", "orientation", "aspect", "ratio", "resolution", "quality"})
_NOT_FOLDED = re.compile(r"(?!(?<=\d)[.,]\d|-\d)[\W_]|(?<=[^\W\d])-")
_BETWEEN_PIECES = re.compile(r"[,;\n|]+")
_BETWEEN_FILES = re.compile(r"\n|,\s+")
"""Paths and addresses may hold commas."""
_BETWEEN_CHOICES = re.compile(r"\s*[,;\n|/+&]+\s*|\s+(?:and|or)\s+", re.IGNORECASE)
_BETWEEN_WORDS = (
    r"[(),;\[\]]+",
    r"[(),;\[\]\s]+",
    r"[(),;\[\]\s/|+&]+|(?<=[^\W\d])_(?=\w)|(?<=\w)_(?=[^\W\d])",
)
"""What parts a choice that is said twice, from the strictest on."""
_BESIDE_JOBS = re.compile(
    r"a2e://jobs/|\bjobs?(?:[_ ]?ids?)?\b|\b(?:and|or|und|et|y|e)\b|[*+&/-]|[\s\"'`<>()\[\]{}=:.,;|]"
)

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff \t\r\n"
"""Blanks and signs without a width, which stand around copied values and alone in empty fields."""


class _LeftOut:
    """What a value is that means that there is none."""


_LEFT_OUT = _LeftOut()


def normalised(fields: Mapping[str, ArgumentField], arguments: Mapping[str, object]) -> dict[str, object]:
    """The arguments that are given, each as its field takes it; names that no field has stay as they are.

    Raises InputError when two arguments contradict each other.
    """
    values: dict[str, object] = {}
    sizes: dict[str, tuple[float, float]] = {}
    for name, value in arguments.items():
        field = fields.get(name)
        read = value if field is None else _value(field, value)
        if isinstance(read, _LeftOut):
            continue
        values[name] = read
        if field is not None and field.spellings.of_size and isinstance(value, str) and (size := size_in(value)):
            sizes[name] = size
    for name, size in sizes.items():
        values |= _decided_by(name, size, fields, values)
    return values


def _decided_by(
    name: str, size: tuple[float, float], fields: Mapping[str, ArgumentField], values: Mapping[str, object]
) -> dict[str, object]:
    """What a size in pixels also says about the other fields, such as the shape beside the resolution."""
    found: dict[str, object] = {}
    for other, field in fields.items():
        if other == name or field.spellings.of_size is None or min(size) < _SMALLEST_SIDE:
            continue
        if other not in values and _is_ratio(field) and any(_is_ratio(fields[each]) for each in (name, *found)):
            # One of two inputs for the shape is enough.
            continue
        meant = _choice(field, field.spellings.of_size(*size))
        if other not in values:
            # What is no choice is kept, so that it is refused with the choices instead of forgotten.
            found[other] = meant if meant is not None else f"{size[0]:g}x{size[1]:g}"
        elif meant is not None and values[other] != meant:
            raise InputError(f"{name} and {other} contradict each other", hint="Leave one of them out")
    return found


def _is_ratio(field: ArgumentField) -> bool:
    """Whether a size says the same to a field as twice that size: then only the shape counts."""
    return (of_size := field.spellings.of_size) is not None and of_size(720, 720) == of_size(1440, 1440)


def _value(field: ArgumentField, value: object) -> object:
    """A value as its field takes it; what is inside quotes, lists or JSON is read until nothing changes."""
    for _ in range(_MOST_WRAPPED):
        if _is_empty(field, value):
            return _LEFT_OUT
        read = _read(field, value)
        if read is value or (type(read) is type(value) and read == value):
            break
        value = read
    return value


def _read(field: ArgumentField, value: object) -> object:
    if field.kind in ("text", "label"):
        one = value[0] if isinstance(value, list) and len(value) == 1 else None
        return one if isinstance(one, str) else _text(value)
    if field.kind in ("choice", "number", "boolean"):
        value = only_value_in(field.name, value)
    if field.kind == "choice":
        return _chosen(field, value)
    if field.kind == "number":
        return number_in(field.unit, value)
    if field.kind == "boolean":
        return _boolean(value)
    if field.takes_any and isinstance(value, str) and _folded(value) in _EVERY:
        return "any"
    return _compound(field, value)


def _compound(field: ArgumentField, value: object) -> object:
    if field.kind == "object":
        return object_in(value)
    return _pieces(field, value) if field.kind == "list" else _reference(field, value)


# ---------------------------------------------------------------------- empty values


def _is_empty(field: ArgumentField, value: object) -> bool:
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
    if len(value) > _LONGEST_NAME and not value.isspace():
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
    if usual and _folded(bare) in _AS_USUAL and _choice(field, bare) is None:
        return not (field.takes_any and _folded(bare) in _EVERY)
    is_no_filter = bare in _NO_FILTER or _folded(bare).removesuffix("s") in _no_filter(field.name)
    return is_no_filter if field.is_filter else field.zero_means_none and number_in(field.unit, bare) == 0


def _plainly(text: str) -> str:
    """A text without the blanks inside brackets and the stop behind it."""
    return text.casefold().rstrip(".,;").replace("[ ]", "[]").replace("{ }", "{}")


@cache
def _no_filter(name: str) -> frozenset[str]:
    """What says that a list is not narrowed by this name, such as `all` or `all families`."""
    nouns = (name, {"family": "familie"}.get(name, name), "job", "kind", "type", "voice", "avatar", "language", "name")
    return _NO_FILTER | {f"{word}{noun}" for word in _EVERY for noun in nouns}


# ---------------------------------------------------------------------- texts and references


def _text(value: object) -> object:
    """A number where a text is wanted is that text; JSON knows one kind of number, so 20.0 is 20."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float) and not (math.isfinite(value) and abs(value) < 1e15):
        return value
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_NUMBER:
        return value
    return str(int(value)) if value == int(value) else repr(value)


def _reference(field: ArgumentField, value: object) -> object:
    """An id or a name without what was copied with it: quotes, a record around it, the row of a list, an address."""
    inner = name_in(value)
    if inner is not None:
        return inner
    value = _text(value)
    if not isinstance(value, str):
        return value
    if field.kind == "job" and len(found := job_ids_in(value)) == 1:
        return found[0]
    if field.kind == "media" and len(found := _only_job_ids(value)) == 1:
        return found[0]
    if field.kind == "media":
        # Quotes may be part of a path: the files are looked at there.
        return value
    return row_or_address(unquoted(value))


def _only_job_ids(text: str) -> list[str]:
    """The job ids in a text that says nothing else: in quotes, as resources, or after the word job."""
    found = job_ids_in(text)
    rest = text.lower().replace("%3a", ":").replace(": ", ":").replace(" :", ":") if found else ""
    # A bare id may also be part of one with its family.
    for each in sorted(found, key=len, reverse=True):
        rest = rest.replace(each, "")
    return [] if _BESIDE_JOBS.sub("", rest) else found


# ---------------------------------------------------------------------- choices, numbers, yes and no


def _chosen(field: ArgumentField, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    found = _choice(field, value)
    if found is None and isinstance(value, str):
        found = _said_twice(field, value)
    return value if found is None else found


def _said_twice(field: ArgumentField, text: str) -> object:
    """The choice that every part of a text means, as in `landscape (16:9)` or `vertical video`; None for none."""
    if len(text) > _LONGEST_NUMBER:
        return None
    for between in _BETWEEN_WORDS:
        parts = [part for part in re.split(between, text) if part.strip() and _folded(part) not in _BESIDE_CHOICES]
        meant = {_choice(field, part) for part in parts}
        if field.unit is not None and len(meant) > 1:
            # Beside a number a word is loose talk, as in `1080p HD`.
            meant = {_choice(field, part) for part in parts if any(each.isdigit() for each in part)}
        if len(meant) == 1 and None not in meant:
            return meant.pop()
    return None


def _choice(field: ArgumentField, value: object) -> object:
    """The choice that a value means; None for none."""
    known = _choices(field.choices)
    text = _text(value)
    if not isinstance(text, str) or len(text) > _LONGEST_NAME:
        return None
    if (written := _folded(unquoted(text))) in known:
        return known[written]
    meant = field.spellings.names.get(written)
    if meant is None and field.spellings.of_size is not None and (size := size_in(text)):
        meant = field.spellings.of_size(*size)
    if meant is None and field.unit is not None:
        number = _text(number_in(field.unit, text))
        meant = number if isinstance(number, str) else None
    return None if meant is None else known.get(_folded(meant))


@cache
def _choices(choices: tuple[object, ...]) -> Mapping[str, object]:
    return {_folded(str(choice)): choice for choice in choices}


def _folded(text: str) -> str:
    """A text in which only letters, digits, and the point and sign of a number count."""
    return _NOT_FOLDED.sub("", folded(text))


def _boolean(value: object) -> object:
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
        return value
    return _words_for_yes_and_no().get(_folded(unquoted(value)), value)


@cache
def _words_for_yes_and_no() -> Mapping[str, bool]:
    return {_folded(word): meant for meant, words in ((True, YES), (False, NO)) for word in words}


# ---------------------------------------------------------------------- lists and objects


def _pieces(field: ArgumentField, value: object) -> object:
    """The pieces of a list that came as a list, as JSON, as a list written by Python, or as one text."""
    piece = field.piece
    if piece is None:
        return value
    given = from_json(value) if isinstance(value, str) else value
    given = _items(given) if isinstance(given, dict | list) else given
    is_list = isinstance(given, list)
    if not isinstance(given, list):
        given = [given]
    # A name may hold a comma, so the names of a real list are whole.
    parts = ([each] if is_list and _is_whole(piece, each) else _split(piece, each) for each in given)
    read = [_value(piece, each) for each in chain.from_iterable(parts)]
    kept = [each for each in read if not isinstance(each, _LeftOut)]
    # A record or a job that is named twice is meant once; a clip or a picture may well be shown twice.
    is_named = piece.kind not in ("text", "media") and all(isinstance(each, str) for each in kept)
    return list(dict.fromkeys(kept)) if is_named else kept


def _is_whole(piece: ArgumentField, item: object) -> bool:
    """Whether an item of a list is one name: that of a job is its title, unless there are job ids in it."""
    if piece.kind == "job":
        return isinstance(item, str) and item.strip()[:1] not in ("[", "{", "(") and not job_ids_in(item)
    return piece.kind in ("record", "text", "media")


_MARK_OF_A_ROW = re.compile(r"(?:[-*•–]|\d{1,2}[.)])\s+(?=\S)")


def _items(given: dict[Any, object] | list[object]) -> list[object]:
    """The items of a list that came in a list of its own, in an object, or with numbers for names."""
    if isinstance(given, list):
        return given[0] if len(given) == 1 and isinstance(given[0], list) else given
    if len(given) == 1 and isinstance(only := next(iter(given.values())), list):
        return only
    are_numbered = len(given) > 0 and all(str(name) == str(at) for at, name in enumerate(given))
    return list(given.values()) if are_numbered else [given]


def _split(piece: ArgumentField, value: object) -> Iterator[object]:
    if not isinstance(value, str) or len(value) > _LONGEST_JSON:
        yield value
        return
    text = value.strip()
    if text[:1] in ("[", "(") and text[-1:] in ("]", ")"):
        text = text[1:-1]
    if found := _only_job_ids(text) if piece.kind == "job" else []:
        yield from found
        return
    if text[:1] == "{" and piece.kind == "record" and text[-1:] == "}" and not set(text) & set(":="):
        text = text[1:-1]
    if text[:1] == "{":
        yield value
        return
    if piece.kind == "choice":
        yield from _choices_in(piece, text)
        return
    between = _BETWEEN_FILES if piece.kind == "media" else _BETWEEN_PIECES
    rows = [each.strip() for each in between.split(text) if each.strip()]
    if len(rows) > 1 and all(map(_MARK_OF_A_ROW.match, rows)):
        rows = [_MARK_OF_A_ROW.sub("", row, count=1) for row in rows]
    yield from rows


def _choices_in(piece: ArgumentField, text: str) -> Iterator[str]:
    """The choices that a text names; one may have a blank in its name, such as `in progress`, or stand for several."""
    for part in [text] if _meant_by(piece, text) else _BETWEEN_CHOICES.split(text):
        yield from _meant_by(piece, part) or [part]


def _meant_by(piece: ArgumentField, text: str) -> Sequence[str]:
    several = piece.spellings.groups.get(_folded(unquoted(text)))
    return several or ([text] if _choice(piece, text) is not None else [])
