"""A clip as a model writes it: a file, and after it the part that is wanted, or how long a picture is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from a2e_mcp.errors import InputError

_MOMENT = r"(?:\d{1,2}:)?(?:\d{1,3}:)?\d{1,5}(?:[.,]\d{1,3})?\s*(?:s|sec|seconds?)?"
_BETWEEN = r"(?:\s+|(?<=[\w\"'`])\s*@\s*)"
"""What stands between a file and its part."""
_PART = re.compile(
    rf"^(?P<file>.*?\S){_BETWEEN}[\[(]?(?:from\s+)?(?P<start>{_MOMENT})?\s*(?:-->|-|–|—|→|to|until|\.\.)\s*"
    rf"(?P<end>{_MOMENT})?[\])]?$",
    re.I,
)
_LENGTH = re.compile(
    rf"^(?P<file>.*?\S){_BETWEEN}[\[(]?(?:(?:the\s+)?(?:first|(?P<last>last))\s+|for\s+)?"
    r"(?P<seconds>\d{1,4}(?:[.,]\d{1,3})?)\s*"
    r"(?:s|sec|secs|seconds?)[\])]?$",
    re.I,
)
_FILE = re.compile(r"\.\w{2,5}([?#].*)?$|^\w+:|:[0-9a-fA-F]{24}$|^[0-9a-fA-F]{24}$")
_LONGEST_PICTURE = 600.0
_MINUS = ("-", "−", "–")


@dataclass(frozen=True, slots=True)
class ClipPart:
    """A file, and which part of it is wanted, in seconds; `seconds` is how long it is shown."""

    file: str
    start: float = 0.0
    end: float | None = None
    seconds: float | None = None


def read_clip(text: str) -> ClipPart:
    """A clip with its part or its length, such as `intro.mp4 0:02-0:09` or `logo.png 4s`. Raises InputError."""
    written = text.strip()
    part = _PART.match(written)
    if part is not None and (part["start"] or part["end"]) and _FILE.search(_bare(part["file"])):
        start = 0.0 if part["start"] is None else read_moment(part["start"], "clips")
        end = None if part["end"] is None else read_moment(part["end"], "clips")
        if end is not None and end <= start:
            raise InputError(f"clips: the part of {_bare(part['file'])[-60:]} ends before it begins")
        return ClipPart(_bare(part["file"]), start, end)
    length = _LENGTH.match(written)
    if length is not None and _FILE.search(_bare(length["file"])):
        seconds = float(length["seconds"].replace(",", "."))
        if not 0.1 <= seconds <= _LONGEST_PICTURE:
            raise InputError(f"clips: {time_shown(seconds)} is no length from 0.1 s to {time_shown(_LONGEST_PICTURE)}")
        if length["last"]:
            return ClipPart(_bare(length["file"]), start=-seconds)
        return ClipPart(_bare(length["file"]), seconds=seconds)
    return ClipPart(_bare(written))


def read_moment(text: str, argument: str) -> float:
    """A moment such as `0:02`, `1:02:03.5`, `90` or `2.5s`, in seconds. Raises InputError."""
    bare = re.sub(r"\s*(?:s|sec|seconds?)$", "", text.strip().casefold()).replace(",", ".")
    try:
        parts = [float(part) for part in bare.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3 or any(part < 0 for part in parts):
        raise InputError(f"{argument}: a moment is written like 0:02, 1:02:03.5 or 2.5")
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds


def read_moment_or_rest(text: str, argument: str) -> float:
    """A moment, or with a minus before it one so long before the end, below zero. Raises InputError."""
    written = text.strip()
    if written[:1] in _MINUS:
        return -read_moment(written[1:], argument)
    return read_moment(text, argument)


def time_shown(seconds: float) -> str:
    """A moment or a length as messages show it: `3.5 s`, and from a minute on `1:10` or `1:02:03.5`."""
    whole = round(seconds, 1)
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest:.15g} s"
    hours, minutes = divmod(int(minutes), 60)
    before = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{before}:{rest:04.1f}".removesuffix(".0")


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" else text
