"""YAML, read and changed in one place of its text. ruamel.yaml is imported with the first use.

Only the lines of one entry are written: writing a whole file anew would bend its indentation and its comments.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import MappingNode, Node

_UNIT = "  "


def parse_yaml(text: str) -> Any:
    """The value of a text; an empty one is an empty table. Raises ValueError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import ReusedAnchorWarning, YAMLError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReusedAnchorWarning)
        try:
            value = YAML(typ="safe", pure=True).load(text)
        except YAMLError as problem:
            raise ValueError(_reason(problem)) from None
    return {} if value is None else value


def _reason(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    where = f", line {mark.line + 1}" if mark is not None else ""
    return f"{getattr(problem, 'problem', None) or 'it is no YAML'}{where}"


def yaml_with(text: str, path: Sequence[str], value: Mapping[str, Any] | None) -> str:
    """The text with this table at a path of two keys, or without anything there. Raises ValueError."""
    from ruamel.yaml.error import ReusedAnchorWarning, YAMLError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReusedAnchorWarning)
        try:
            changed = _changed(text.replace("\r\n", "\n"), path, value)
        except YAMLError as problem:
            raise ValueError(_reason(problem)) from None
    return changed.replace("\n", "\r\n") if "\r\n" in text else changed


def _changed(text: str, path: Sequence[str], value: Mapping[str, Any] | None) -> str:
    table, name = path
    parse_yaml(text)
    root = _mapping(_yaml().compose(io.StringIO(text)))
    found = _pair(root, table)
    if found is None:
        if value is None:
            return text
        body = text if text.endswith("\n") or not text else f"{text}\n"
        if root is not None and root.flow_style:
            raise ValueError("it is written in one line")
        return f"{body}{yaml_of({table: {name: value}})}"
    key, node = found
    mapping = _mapping(node)
    if mapping is None or not mapping.value:
        if value is None:
            return text
        block = _indented(yaml_of({name: value}), _UNIT)
        return f"{text[: key.end_mark.index]}:\n{block.rstrip()}{text[_end(text, key, node) :]}"
    if mapping.flow_style:
        raise ValueError(f"{table} is written in one line")
    return _changed_block(text, key, mapping, name, value)


def _changed_block(text: str, key: Node, mapping: MappingNode, name: str, value: Mapping[str, Any] | None) -> str:
    lines = _lines(text)
    found = _pair(mapping, name)
    first = mapping.value[0][0]
    indent = " " * first.start_mark.column
    if found is None:
        if value is None:
            return text
        block = _indented(yaml_of({name: value}), indent)
        # Above the comments of the first entry.
        place = key.end_mark.line + 1
        return "".join([*lines[:place], block, *lines[place:]])
    begin, end = found[0].start_mark.line, _last_line(found[1]) + 1
    if value is None and len(mapping.value) == 1:
        head = "".join(lines[:begin])
        stem, _, rest = head.rpartition(":")
        return f"{stem}: {{}}{rest}{''.join(lines[end:])}"
    if value is None:
        return "".join([*lines[:begin], *lines[end:]])
    block = _merged("".join(lines[begin:end]), name, value)
    return "".join([*lines[:begin], _indented(block, indent), *lines[end:]])


def _merged(fragment: str, name: str, value: Mapping[str, Any]) -> str:
    """One entry with what differs changed, so that comments inside it stay."""
    width = len(fragment) - len(fragment.lstrip(" "))
    yaml = _yaml()
    entry = yaml.load("".join(line[width:] for line in _lines(fragment)))
    if not isinstance(entry, dict) or not isinstance(entry.get(name), dict):
        return yaml_of({name: value})
    _merge(entry[name], value)
    return _written(yaml, entry)


def _merge(table: dict[str, Any], value: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in value]:
        del table[key]
    for key, part in value.items():
        old = table.get(key)
        if isinstance(old, dict) and isinstance(part, Mapping):
            _merge(old, part)
        elif key not in table or old != part:
            table[key] = part


def yaml_of(data: Mapping[str, Any]) -> str:
    """A text that holds these tables and nothing else."""
    return _written(_yaml(), data)


def _yaml() -> YAML:
    from ruamel.yaml import YAML

    yaml = YAML(pure=True)
    yaml.preserve_quotes = True
    # No line is broken: a path may be long.
    yaml.width = 1_000_000
    yaml.default_flow_style = False
    return yaml


def _written(yaml: YAML, data: object) -> str:
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _indented(block: str, indent: str) -> str:
    return "".join(f"{indent}{line}" if line.strip() else line for line in _lines(block))


def _lines(text: str) -> list[str]:
    """The lines as YAML counts them, with their ends."""
    return re.findall(r"[^\n\x85\u2028\u2029]*[\n\x85\u2028\u2029]|[^\n\x85\u2028\u2029]+", text)


def _mapping(node: Node | None) -> MappingNode | None:
    from ruamel.yaml.nodes import MappingNode

    return node if isinstance(node, MappingNode) else None


def _pair(mapping: MappingNode | None, key: str) -> tuple[Node, Node] | None:
    pairs: list[tuple[Node, Node]] = mapping.value if mapping is not None else []
    return next((pair for pair in pairs if pair[0].value == key), None)


def _end(text: str, key: Node, node: Node) -> int:
    """Behind an empty value, which may be nothing at all."""
    return (
        int(node.end_mark.index) if node.end_mark.line == key.end_mark.line else text.index(":", key.end_mark.index) + 1
    )


def _last_line(node: Node) -> int:
    """The line on which a value ends; a block ends where its last part does, not at what comes next."""
    children = node.value if isinstance(node.value, list) and not getattr(node, "flow_style", False) else []
    if not children:
        mark = node.end_mark
        return int(mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line)
    last = children[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)
