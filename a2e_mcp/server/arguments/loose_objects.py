"""Objects as models write them by hand: names without quotes, curly quotes, Python's words beside those of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_LONGEST = 30_000
# What may stand before an object that is given as text.
_LABEL = re.compile(r"\s*(?:json|arguments|args|inputs?|params|parameters)?\s*[:=]?\s*(?=\{)", re.IGNORECASE)
# One part of it. A word without quotes may hold blanks, but nothing that is a sign here: nothing is guessed.
_PART = re.compile(
    r"\s*(?:(?P<mark>[{}\[\],:=])"
    r"|(?P<quoted>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|“[^“”]*”|‘[^‘’]*’)"
    r"|(?P<word>[^\s{}\[\],:=\"'“”‘’()]+(?:[ \t]+[^\s{}\[\],:=\"'“”‘’()]+)*)"
    r"|\Z)",
    re.DOTALL,
)
_NAMED = re.compile(r"\s*[:=]")
_LITERALS = {"True": "true", "False": "false", "None": "null", "true": "true", "false": "false", "null": "null"}
_ESCAPE_OR_QUOTE = re.compile(r"\\.|\"", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)


def loose_object(text: str) -> dict[str, Any] | None:
    """The object in a text, whose parts are all literals; None where the text is not one, or leaves open what it is."""
    label = _LABEL.match(text) if len(text) <= _LONGEST else None
    if label is None:
        return None
    try:
        read = json.loads("".join(_as_json(text[label.end() :].strip())))
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _as_json(text: str) -> Iterator[str]:
    """The parts of an object as JSON writes them. Raises ValueError for what is no part of one."""
    at, comma = 0, ""
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            raise ValueError(text[at : at + 20])
        at = part.end()
        if part["mark"] == ",":
            comma += ","
            continue
        # A comma behind the last member is no mistake.
        yield "" if part["mark"] in ("}", "]") and len(comma) == 1 else comma
        comma = ""
        if part["mark"]:
            yield ":" if part["mark"] == "=" else part["mark"]
        elif part["quoted"]:
            yield f" {json.dumps(_unquoted(part['quoted']))} "
        elif part["word"]:
            yield f" {_word(part['word'], is_name=_NAMED.match(text, at) is not None)} "


def _word(word: str, *, is_name: bool) -> str:
    if is_name:
        return json.dumps(word)
    return _LITERALS.get(word) or (word if _NUMBER.fullmatch(word) else json.dumps(word))


def _unquoted(quoted: str) -> str:
    inner = quoted[1:-1]
    if quoted[0] not in ("'", '"'):
        return inner
    try:
        return str(json.loads(f'"{_ESCAPE_OR_QUOTE.sub(_escape, inner)}"', strict=False))
    except ValueError:
        return inner


def _escape(match: re.Match[str]) -> str:
    """An escape or a quote as JSON has it; a backslash that means nothing stands for itself."""
    found = match[0]
    if found[-1] == '"':
        return '\\"'
    return "'" if found == "\\'" else found if found[1] in "\\/bfnrtu" else f"\\{found}"
