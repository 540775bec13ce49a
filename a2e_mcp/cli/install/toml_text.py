"""TOML, read and changed in one place; comments and the form of all else stay. tomlkit is imported at the first use."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tomlkit.items import Item


def parse_toml(text: str) -> Any:
    """The value of a text. Raises ValueError."""
    return tomllib.loads(text.replace("\r\n", "\n"))


def toml_with(text: str, path: Sequence[str], value: Mapping[str, Any] | None) -> str:
    """The text with this table at a path, or without anything there. Raises ValueError."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    plain = text.replace("\r\n", "\n")
    try:
        document = tomlkit.parse(plain)
        if value is None:
            _remove(document, path)
        else:
            _put(document, path, value)
        changed = tomlkit.dumps(document)
    except TOMLKitError as problem:
        raise ValueError(str(problem)) from None
    return changed.replace("\n", "\r\n") if "\r\n" in text else changed


def toml_of(data: Mapping[str, Any]) -> str:
    """A text that holds these tables and nothing else."""
    text = ""
    for key, tables in data.items():
        for name, value in tables.items():
            text = toml_with(text, (key, name), value)
    return text


def _put(table: MutableMapping[str, Any], path: Sequence[str], value: Mapping[str, Any]) -> None:
    import tomlkit

    first, *rest = path
    if rest:
        if first not in table:
            table[first] = tomlkit.table(is_super_table=True)
        _put(table[first], rest, value)
    elif first in table and isinstance(table[first], MutableMapping):
        _merge(table[first], value)
    else:
        table[first] = _item(value, table)


def _merge(table: MutableMapping[str, Any], value: Mapping[str, Any]) -> None:
    """Change only what differs, so that comments inside an entry stay."""
    for key in [key for key in table if key not in value]:
        del table[key]
    for key, part in value.items():
        old = table.get(key)
        if isinstance(old, MutableMapping) and isinstance(part, Mapping):
            _merge(old, part)
        elif old != part or old is None:
            table[key] = _item(part, table) if isinstance(part, Mapping) else part


def _item(value: Mapping[str, Any], inside: object) -> Item:
    """A table in the form of the one that it stands in: with a heading, or in one line."""
    import tomlkit
    from tomlkit.items import InlineTable

    table = tomlkit.inline_table() if isinstance(inside, InlineTable) else tomlkit.table()
    for key, part in value.items():
        table[key] = _item(part, table) if isinstance(part, Mapping) else part
    return table


def _remove(table: MutableMapping[str, Any], path: Sequence[str]) -> None:
    first, *rest = path
    if first in table and rest:
        if isinstance(table[first], MutableMapping):
            _remove(table[first], rest)
    elif first in table:
        del table[first]
