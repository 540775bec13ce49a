"""What each argument of a tool takes, read once from the declaration of its field."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from a2e_mcp.catalogue.declaration.spellings import (
    Choices,
    Filter,
    JobRef,
    Label,
    OthersArguments,
    RecordRef,
    Spellings,
    Unit,
    ZeroMeansNone,
)
from a2e_mcp.catalogue.declaration.tool import AvatarRef, BackgroundRef, LanguageRef, MediaIn, VoiceRef

Kind = Literal["text", "label", "language", "record", "job", "media", "choice", "number", "boolean", "list", "object"]
"""What a value is. A `text` is kept as it is; a `label` is a title or a name; a `record` is named by name or id."""

_KINDS: tuple[tuple[type, Kind], ...] = (
    (MediaIn, "media"),
    (BackgroundRef, "media"),
    (JobRef, "job"),
    (AvatarRef, "record"),
    (VoiceRef, "record"),
    (RecordRef, "record"),
    (LanguageRef, "language"),
    (Label, "label"),
)
_PLAIN_KINDS: Mapping[object, Kind] = {
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "list",
    dict: "object",
}


@dataclass(frozen=True, slots=True)
class ArgumentField:
    """What one argument takes; `piece` describes the items of a list."""

    name: str
    kind: Kind
    required: bool
    choices: tuple[object, ...] = ()
    spellings: Spellings = field(default_factory=Spellings)
    unit: Unit | None = None
    least: float | None = None
    most: float | None = None
    zero_means_none: bool = False
    takes_any: bool = False
    is_filter: bool = False
    holds_others: bool = False
    piece: ArgumentField | None = None


def argument_fields(*models: type[BaseModel]) -> Mapping[str, ArgumentField]:
    """The arguments that these models take together, by name."""
    return _arguments(models)


@cache
def _arguments(models: tuple[type[BaseModel], ...]) -> Mapping[str, ArgumentField]:
    return {name: _argument(name, info) for model in models for name, info in model.model_fields.items()}


def _argument(name: str, info: FieldInfo) -> ArgumentField:
    parts = list(_parts(info.annotation))
    return _from_parts(name, parts, [*info.metadata, *parts], required=info.is_required())


def _from_parts(name: str, types_: list[object], markers: list[object], *, required: bool) -> ArgumentField:
    """`types_` are the types that a value may have, beside the markers that stand in them."""
    written = (choice for each in types_ if get_origin(each) is Literal for choice in get_args(each))
    derived = (choice for each in markers if isinstance(each, Choices) for choice in each.values)
    choices = (*written, *derived)
    marked: list[Kind] = [kind for marker, kind in _KINDS if any(isinstance(each, marker) for each in markers)]
    plain: list[Kind] = [kind for each in types_ if (kind := _PLAIN_KINDS.get(get_origin(each) or each))]
    bounds = [bound for each in markers for bound in (each.metadata if isinstance(each, FieldInfo) else [each])]
    made = ArgumentField(
        name,
        "choice" if choices else plain[0] if plain and plain[0] != "text" else marked[0] if marked else "text",
        required,
        choices=choices,
        spellings=next((each for each in markers if isinstance(each, Spellings)), Spellings()),
        unit=next((each for each in markers if isinstance(each, Unit)), None),
        least=next((each for bound in bounds if isinstance(each := getattr(bound, "ge", None), int | float)), None),
        most=next((each for bound in bounds if isinstance(each := getattr(bound, "le", None), int | float)), None),
        zero_means_none=any(isinstance(each, ZeroMeansNone) for each in markers),
        is_filter=any(isinstance(each, Filter) for each in markers),
        holds_others=any(isinstance(each, OthersArguments) for each in markers),
        takes_any=any(isinstance(each, LanguageRef) and each.every for each in markers),
    )
    if made.kind != "list":
        return made
    items = [part for each in types_ if get_origin(each) is list for arg in get_args(each) for part in _parts(arg)]
    return replace(made, piece=_from_parts(name, items, items, required=True))


def _parts(annotation: object) -> Iterator[object]:
    """The types in an annotation, with the markers beside them; what stands inside a list is left to the list."""
    yield from getattr(annotation, "__metadata__", ())
    inner = getattr(annotation, "__origin__", None) if hasattr(annotation, "__metadata__") else None
    if inner is not None:
        yield from _parts(inner)
    elif get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _parts(each)
    else:
        yield annotation
