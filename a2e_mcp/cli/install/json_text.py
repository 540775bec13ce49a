"""JSON as people write it, with comments and trailing commas: read, and changed in one place of its text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A string, a comment, or a comma before a closing bracket; only the last two are taken out.
_COMMENTS = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMAS = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
_INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)
_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_REST_OF_LINE = re.compile(r"[ \t]*(?:/\*[^\n]*?\*/[ \t]*)*(?://[^\r\n]*)?(?=\r?\n)")
_EMPTY = re.compile(r"\{\s*\}")
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[^\s{}\[\],:/]+|[{}\[\]]', re.DOTALL)


class NotStrict(ValueError):
    """The text is JSON with comments or trailing commas, which some clients accept."""


def parse_json(text: str, *, allow_comments: bool = True) -> Any:
    """The value of a text; an empty one is an empty object.

    Raises ValueError, and NotStrict for comments and trailing commas that are not allowed.
    """
    if not text.strip():
        return {}
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except _DuplicateKey:
        raise
    except ValueError as problem:
        try:
            plain = _LAST_COMMAS.sub(_kept, _COMMENTS.sub(_kept, text))
            value = json.loads(plain, object_pairs_hook=_without_duplicates)
        except _DuplicateKey:
            raise
        except ValueError:
            raise problem from None
        if not allow_comments:
            raise NotStrict from None
        return value


def json_with(text: str, path: Sequence[str], value: Mapping[str, Any] | None) -> str:
    """The text with this object at a path, or without anything there; nothing else is touched.

    Objects that removing leaves empty stay. Raises ValueError for a text that is not understood.
    """
    text = text if text.strip() else "{}\n"
    if value is None:
        return _removed(text, path)
    return _changed(text, path, _at(parse_json(text), path), value)


def _changed(text: str, path: Sequence[str], old: object, new: object) -> str:
    """Change only what differs, so that comments inside an entry stay."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return text if old == new and old is not None else _set(text, path, new)
    for key in [key for key in old if key not in new]:
        text = _removed(text, (*path, key))
    for key, part in new.items():
        text = _changed(text, (*path, key), old.get(key), part)
    return text


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    begin: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class _Object:
    """Where an object stands in a text: its braces and its members; `end` is behind the closing brace."""

    begin: int
    end: int
    members: tuple[_Member, ...]

    def member(self, key: str) -> _Member | None:
        return next((each for each in self.members if each.key == key), None)


def _set(text: str, path: Sequence[str], value: object) -> str:
    here, depth = _deepest(text, path)
    for key in reversed(path[depth + 1 :]):
        value = {key: value}
    indent = _line_indent(text, here.begin)
    unit = found[1] if (found := _INDENT.search(text)) else "  "
    line = "\r\n" if "\r\n" in text else "\n"
    member = here.member(path[depth])
    if member is not None:
        inner = _line_indent(text, member.begin)
        return f"{text[: member.value]}{_rendered(value, inner, unit, line)}{text[member.end :]}"
    key = json.dumps(path[depth])
    if not here.members:
        new = f"{line}{indent}{unit}{key}: {_rendered(value, indent + unit, unit, line)}{line}{indent}"
        inside = text[here.begin + 1 : here.end - 1]
        return f"{text[: here.begin + 1]}{inside.rstrip()}{new}{text[here.end - 1 :]}"
    last = here.members[-1]
    after = _SPACE.match(text, last.end)
    comma = after.end() if after is not None and text[after.end()] == "," else None
    if "\n" not in text[here.begin : last.begin]:
        inline = f"{key}: {json.dumps(value, ensure_ascii=False)}"
        if comma is not None:
            return f"{text[: comma + 1]} {inline},{text[comma + 1 :]}"
        return f"{text[: last.end]}, {inline}{text[last.end :]}"
    inner = _line_indent(text, last.begin)
    new = f"{line}{inner}{key}: {_rendered(value, inner, unit, line)}"
    if comma is not None:
        place = _end_of_line(text, comma + 1)
        return f"{text[:place]}{new},{text[place:]}"
    place = _end_of_line(text, last.end)
    return f"{text[: last.end]},{text[last.end : place]}{new}{text[place:]}"


def _removed(text: str, path: Sequence[str]) -> str:
    here, depth = _deepest(text, path)
    member = here.member(path[depth]) if depth == len(path) - 1 else None
    if member is None:
        return text
    begin, end = member.begin, member.end
    after = _SPACE.match(text, end)
    follows = after is not None and text[after.end()] == ","
    if follows and after is not None:
        end = _end_of_line(text, after.end() + 1)
    head = text[:begin].rstrip(" \t")
    if head.endswith("\n"):
        # The member has lines of its own, which go with it.
        head = head[: -2 if head.endswith("\r\n") else -1]
    elif follows:
        head, end = text[:begin], end + len(text[end:]) - len(text[end:].lstrip(" \t"))
    number = here.members.index(member)
    if not follows and number:
        before = here.members[number - 1]
        gap = text[before.end : len(head)]
        comma = next(found.start() for found in re.finditer(r"//[^\n]*|/\*.*?\*/|,", gap, re.DOTALL) if found[0] == ",")
        head = text[: before.end] + gap[:comma] + gap[comma + 1 :]
    new = head + text[end:]
    return _collapsed(new, here.begin) if len(here.members) == 1 else new


def _collapsed(text: str, begin: int) -> str:
    """An object without members and comments is written as `{}`."""
    found = _EMPTY.match(text, begin)
    return f"{text[:begin]}{{}}{text[found.end() :]}" if found else text


def _deepest(text: str, path: Sequence[str]) -> tuple[_Object, int]:
    """The deepest object on the way to a path, and how many of its keys lead there. Raises ValueError."""
    here = _object(text, _skip_space(text, 0))
    for depth, key in enumerate(path[:-1]):
        member = here.member(key)
        if member is None or text[member.value] != "{":
            return here, depth
        here = _object(text, member.value)
    return here, len(path) - 1


def _object(text: str, begin: int) -> _Object:
    if text[begin : begin + 1] != "{":
        raise ValueError("it does not contain a JSON object")
    members: list[_Member] = []
    place = _skip_space(text, begin + 1)
    while text[place] != "}":
        key = _TOKEN.match(text, place)
        if key is None:
            raise ValueError("a key was expected")
        value = _skip_space(text, _skip_space(text, key.end()) + 1)
        end = _end_of_value(text, value)
        members.append(_Member(json.loads(key[0]), place, value, end))
        place = _skip_space(text, end)
        if text[place] == ",":
            place = _skip_space(text, place + 1)
    return _Object(begin, place + 1, tuple(members))


def _end_of_value(text: str, begin: int) -> int:
    depth, place = 0, begin
    while True:
        token = _TOKEN.match(text, place)
        if token is not None:
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            place = token.end()
        else:
            # A comma or a colon between the parts.
            place += 1
        if depth == 0 and token is not None:
            return place
        place = _skip_space(text, place)
        if place >= len(text):
            raise ValueError("it ends too early")


def _skip_space(text: str, begin: int) -> int:
    found = _SPACE.match(text, begin)
    return found.end() if found else begin


def _end_of_line(text: str, begin: int) -> int:
    """Behind what else stands on this line, if that is only a comment."""
    found = _REST_OF_LINE.match(text, begin)
    return found.end() if found else begin


def _line_indent(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place) + 1
    line = text[start:place]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _rendered(value: object, indent: str, unit: str, line: str) -> str:
    rendered = json.dumps(value, indent=unit, ensure_ascii=False)
    try:
        rendered.encode()
    except UnicodeEncodeError:
        # Half a character, which only an escape can spell.
        rendered = json.dumps(value, indent=unit)
    return rendered.replace("\n", f"{line}{indent}")


def _at(data: object, path: Sequence[str]) -> object:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


class _DuplicateKey(ValueError):
    """A key occurs twice, and reading would lose one of the values."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        twice = next(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number]))
        raise _DuplicateKey(f"the key {twice!r} occurs twice")
    return table


def _kept(match: re.Match[str]) -> str:
    return match[1] or ""
