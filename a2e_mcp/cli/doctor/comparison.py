"""Comparing an answer with its model: unknown fields it has, and known fields it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import AliasChoices

from a2e_mcp.catalogue.declaration.capability import Reply
from a2e_mcp.catalogue.declaration.records import Opaque, Rows
from a2e_mcp.client.trace import safe_name

_ROW_SPELLINGS = frozenset({"rows", "data", "list", "records"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """Names of fields, as paths; `[]` stands for the items of a list."""

    extra: tuple[str, ...]
    missing: tuple[str, ...]


def compare(reply: Reply) -> Comparison:
    """How an answer differs from its model; in a list, a field counts as present when any item has it."""
    extra: set[str] = set()
    missing: set[str] = set()
    if not isinstance(reply, Opaque):
        _collect([reply], "", extra, missing)
    return Comparison(tuple(sorted(extra)), tuple(sorted(missing)))


def _collect(replies: Sequence[Reply], place: str, extra: set[str], missing: set[str]) -> None:
    model = type(replies[0])
    known = _spellings(model)
    present = {name for reply in replies for name in reply.model_fields_set}
    for reply in replies:
        extra |= {place + safe_name(name) for name in reply.model_extra or {} if name not in known}
    for name in model.model_fields:
        if name not in present:
            if not _is_sandbox_only(model, name) and not (name == "count" and _is_bare_list(replies[0])):
                missing.add(place + name)
            continue
        items = [getattr(reply, name) for reply in replies]
        children = list(_replies(items))
        if children:
            many = "[]" if any(isinstance(item, list) for item in items) else ""
            _collect(children, f"{place}{name}{many}.", extra, missing)


def _replies(items: Iterable[object]) -> Iterator[Reply]:
    for item in items:
        if isinstance(item, Reply):
            yield item
        elif isinstance(item, list):
            yield from _replies(item)


def _is_bare_list(reply: Reply) -> bool:
    return isinstance(reply, Rows) and reply.model_fields_set == {"rows"} and not reply.model_extra


def _spellings(model: type[Reply]) -> frozenset[str]:
    """All names that a model reads, including alternative spellings."""
    names = set(_ROW_SPELLINGS) if issubclass(model, Rows) else set()
    for name, field in model.model_fields.items():
        names |= {name, *_aliases(field.validation_alias)}
    return frozenset(names)


def _aliases(alias: object) -> Iterator[str]:
    if isinstance(alias, str):
        yield alias
    elif isinstance(alias, AliasChoices):
        for choice in alias.choices:
            yield from _aliases(choice)


def _is_sandbox_only(model: type[Reply], name: str) -> bool:
    return any(alias.startswith("sandbox_") for alias in _aliases(model.model_fields[name].validation_alias))
