"""The one step before validation: values as hosts and people write them become the values that fields take.

A value that is not understood stays as it is, so that validation refuses it. A text that is spoken, shown or sent stays
as it is in any case. The step changes nothing when it is taken again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from a2e_mcp.errors import InputError
from a2e_mcp.ledger.job_ids import job_ids_in
from a2e_mcp.server.arguments.choices import EVERY, boolean, choice_meant, chosen, folded_choice, plain_text
from a2e_mcp.server.arguments.emptiness import is_empty
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

_LONGEST_JSON = 100_000
_MOST_WRAPPED = 12
_SMALLEST_SIDE = 100
"""Pixels; a smaller number beside another one is part of a ratio."""

_BETWEEN_PIECES = re.compile(r"[,;\n|]+")
_BETWEEN_FILES = re.compile(r"\n|,\s+")
"""Paths and addresses may hold commas."""
_BETWEEN_CHOICES = re.compile(r"\s*[,;\n|/+&]+\s*|\s+(?:and|or)\s+", re.IGNORECASE)
_BESIDE_JOBS = re.compile(
    r"a2e://jobs/|\bjobs?(?:[_ ]?ids?)?\b|\b(?:and|or|und|et|y|e)\b|[*+&/-]|[\s\"'`<>()\[\]{}=:.,;|]"
)


class _LeftOut:
    """What a value is that means that there is none."""


_LEFT_OUT = _LeftOut()


def normalised(
    fields: Mapping[str, ArgumentField],
    arguments: Mapping[str, object],
    *,
    has_choice: Callable[[str, Mapping[str, Any]], bool] = lambda _, __: True,
) -> dict[str, object]:
    """The arguments that are given, each as its field takes it; names that no field has stay as they are.

    `has_choice` tells whether an input can be chosen beside those that are given.
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
        values |= _decided_by(name, size, fields, values, has_choice)
    return values


def _decided_by(
    name: str,
    size: tuple[float, float],
    fields: Mapping[str, ArgumentField],
    values: Mapping[str, object],
    has_choice: Callable[[str, Mapping[str, Any]], bool],
) -> dict[str, object]:
    """What a size in pixels also says about the other fields, such as the shape beside the resolution."""
    found: dict[str, object] = {}
    for other, field in fields.items():
        if other == name or field.spellings.of_size is None or min(size) < _SMALLEST_SIDE:
            continue
        if other not in values and _is_ratio(field) and any(_is_ratio(fields[each]) for each in (name, *found)):
            # One of two inputs for the shape is enough.
            continue
        meant = choice_meant(field, field.spellings.of_size(*size))
        if other not in values:
            if _is_ratio(fields[name]) and not has_choice(other, values):
                # It was written for the shape, and there is one resolution only.
                continue
            if meant is None:
                choices = ", ".join(str(choice) for choice in field.choices)
                raise InputError(f"{name}: {size[0]:g}x{size[1]:g} is not offered; {other} can be {choices}")
            found[other] = meant
        elif meant is not None and values[other] != meant:
            raise InputError(f"{name} and {other} contradict each other", hint="Leave one of them out")
    return found


def _is_ratio(field: ArgumentField) -> bool:
    """Whether a size says the same to a field as twice that size: then only the shape counts."""
    return (of_size := field.spellings.of_size) is not None and of_size(720, 720) == of_size(1440, 1440)


def _value(field: ArgumentField, value: object) -> object:
    """A value as its field takes it; what is inside quotes, lists or JSON is read until nothing changes."""
    for _ in range(_MOST_WRAPPED):
        if is_empty(field, value):
            return _LEFT_OUT
        read = _read(field, value)
        if read is value or (type(read) is type(value) and read == value):
            break
        value = read
    return value


def _read(field: ArgumentField, value: object) -> object:
    if field.kind in ("text", "label"):
        one = value[0] if isinstance(value, list) and len(value) == 1 else None
        return one if isinstance(one, str) else plain_text(value)
    if field.kind in ("choice", "number", "boolean"):
        value = only_value_in(field.name, value)
    if field.kind == "choice":
        return chosen(field, value)
    if field.kind == "number":
        return number_in(field.unit, value)
    if field.kind == "boolean":
        return boolean(value)
    if field.takes_any and isinstance(value, str) and folded_choice(value) in EVERY:
        return "any"
    return _compound(field, value)


def _compound(field: ArgumentField, value: object) -> object:
    if field.kind == "object":
        return object_in(value)
    return _pieces(field, value) if field.kind == "list" else _reference(field, value)


# ---------------------------------------------------------------------- texts and references


def _reference(field: ArgumentField, value: object) -> object:
    """An id or a name without what was copied with it: quotes, a record around it, the row of a list, an address."""
    inner = name_in(value)
    if inner is not None:
        return inner
    value = plain_text(value)
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
    several = piece.spellings.groups.get(folded_choice(unquoted(text)))
    return several or ([text] if choice_meant(piece, text) is not None else [])
