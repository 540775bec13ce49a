"""The fields of a start that are declared as data: what each takes, and what A2E takes when it is left out.

A family whose models are rows has no request model written by hand; `request_model` makes one of its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import Field, create_model

from a2e_mcp.catalogue.declaration.capability import Request

Kind = Literal["text", "integer", "number", "flag", "texts", "parts", "part"]
_TYPES: Mapping[Kind, Any] = {"text": str, "integer": int, "number": float, "flag": bool, "texts": list[str]}


@dataclass(frozen=True, slots=True)
class BodyField:
    """One field of a start.

    `choices` are the values that it takes, `choices_of_models` says that the rows of the family name them; `default` is
    what A2E takes when the field is left out, and `first_of` the list whose first item it takes then. `is_address` says
    that it holds addresses of files. `parts` are the fields of an object, or of each object of a list.
    """

    kind: Kind
    required: bool = False
    choices: tuple[str, ...] = ()
    choices_of_models: bool = False
    default: object = None
    first_of: str = ""
    is_address: bool = False
    low: float | None = None
    high: float | None = None
    longest: int | None = None
    most: int | None = None
    parts: Mapping[str, BodyField] = field(default_factory=dict)


def needed(given: BodyField) -> BodyField:
    """The same field, which A2E insists on."""
    return replace(given, required=True)


def text(longest: int | None = None) -> BodyField:
    """Words."""
    return BodyField("text", longest=longest)


def url(first_of: str = "") -> BodyField:
    """The address of a file; `first_of` is a list that may be given instead."""
    return BodyField("text", is_address=True, first_of=first_of)


def urls(most: int | None = None) -> BodyField:
    """Addresses of several files."""
    return BodyField("texts", is_address=True, most=most)


def choice(*choices: str, default: str | None = None) -> BodyField:
    """One of these texts."""
    return BodyField("text", choices=choices, default=default)


def model_choice(default: str) -> BodyField:
    """The field that names the model, in A2E's words; the rows of the family say which there are."""
    return BodyField("text", choices_of_models=True, default=default)


def flag(default: bool | None = None) -> BodyField:
    """Yes or no."""
    return BodyField("flag", default=default)


def integer(low: float | None = None, high: float | None = None, default: int | None = None) -> BodyField:
    """A whole number."""
    return BodyField("integer", low=low, high=high, default=default)


def number(low: float | None = None, high: float | None = None) -> BodyField:
    """A number."""
    return BodyField("number", low=low, high=high)


def part(**parts: BodyField) -> BodyField:
    """An object."""
    return BodyField("part", parts=parts)


def parts_list(most: int | None = None, **parts: BodyField) -> BodyField:
    """A list of objects."""
    return BodyField("parts", most=most, parts=parts)


def request_model(name: str, fields: Mapping[str, BodyField], choices_of: Callable[[str], tuple[str, ...]]) -> Any:
    """The request that has these fields; `choices_of` gives the values of one that names the model.

    What is left out is not sent, whatever A2E takes then.
    """
    made = {each: _declared(f"{name}_{each}", each, declared, choices_of) for each, declared in fields.items()}
    return create_model(name, __base__=Request, **made)


def _declared(name: str, field_name: str, declared: BodyField, choices_of: Callable[[str], tuple[str, ...]]) -> Any:
    choices = choices_of(field_name) if declared.choices_of_models else declared.choices
    kind: Any = Literal[choices] if choices else _TYPES.get(declared.kind)
    if declared.parts:
        kind = request_model(name, declared.parts, choices_of)
        kind = list[kind] if declared.kind == "parts" else kind
    limits = Field(
        default=... if declared.required else None,
        ge=declared.low,
        le=declared.high,
        max_length=declared.most or declared.longest,
        min_length=1 if declared.required and declared.kind == "text" and not choices else None,
    )
    return (kind if declared.required else kind | None, limits)


def with_defaults(fields: Mapping[str, BodyField], body: Mapping[str, Any]) -> dict[str, Any]:
    """What A2E works with: what was sent, and its own choice for what was left out."""
    filled = dict(body)
    for name, declared in fields.items():
        if declared.kind == "part":
            filled[name] = with_defaults(declared.parts, body.get(name) or {})
        elif filled.get(name) is None and filled.get(declared.first_of):
            filled[name] = filled[declared.first_of][0]
        elif filled.get(name) is None and declared.default is not None:
            filled[name] = declared.default
    return filled


def field_at(fields: Mapping[str, BodyField], path: str) -> BodyField | None:
    """The field at a place of the body, in which a dot leads into an object; None for none."""
    name, _, rest = path.partition(".")
    found = fields.get(name)
    return field_at(found.parts, rest) if rest and found is not None else found
