"""Captions as a file: SRT, and WebVTT, which differs in little."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from a2e_mcp.errors import InputError

SUFFIXES = (".srt", ".vtt")
LARGEST = 2 * 2**20
"""Bytes; hours of speech have a tenth of it."""

WESTERN = "cp1252"
_LOOKED_AT = 400
_MOST_ACCENTED = 0.35
_MOMENT = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?: ?[.,] ?(\d{1,3}))?"
_TIMES = re.compile(rf"{_MOMENT}\s*-->\s*{_MOMENT}")
_MARKUP = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,200}\}")


@dataclass(frozen=True, slots=True)
class TimedText:
    """One caption and when it is shown, in seconds."""

    start: float
    end: float
    text: str


def is_subtitle_name(text: str) -> bool:
    """Whether a text names a file of captions rather than saying what is spoken."""
    return "\n" not in text.strip() and text.strip().strip("\"'").lower().endswith(SUFFIXES)


def read_subtitles(content: bytes, name: str) -> list[TimedText]:
    """The captions of a file. Raises InputError when it has none."""
    found: list[TimedText] = []
    times: re.Match[str] | None = None
    lines: list[str] = []
    for line in [*_decoded(content, name).splitlines(), ""]:
        match = _TIMES.search(line)
        if match is None and line.strip():
            lines.append(line)
            continue
        if match is not None and lines and lines[-1].strip().isdigit():
            # The number of the next caption, where no blank line stands before it.
            lines.pop()
        if times is not None and (shown := _one(times, lines)) is not None:
            found.append(shown)
        # A blank line ends a caption; what stands before the next times is its number.
        times, lines = match, []
    if not found:
        raise InputError(
            f"{name} holds no captions", hint="An SRT file has lines such as 00:00:01,000 --> 00:00:03,500"
        )
    return sorted(found, key=lambda each: each.start)


def _one(times: re.Match[str], lines: list[str]) -> TimedText | None:
    start, end = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
    text = html.unescape(_MARKUP.sub("", " ".join(lines)))
    text = " ".join(re.sub(r"\\[Nnh]", " ", text).split())
    return TimedText(start, end, text) if text and end > start else None


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction or 0}")


def encoding_of(content: bytes) -> str:
    """The encoding of a file: UTF-8, UTF-16, or `WESTERN`, which is what Windows wrote in the West, and a guess."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:_LOOKED_AT]
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return WESTERN
    return "utf-8-sig"


def _decoded(content: bytes, name: str) -> str:
    encoding = encoding_of(content)
    text = content.decode(encoding, "replace")
    letters = [sign for sign in text if sign.isalpha()]
    # In the languages of the West most letters are those of English; others have a page of their own.
    if encoding == WESTERN and sum(not sign.isascii() for sign in letters) > _MOST_ACCENTED * len(letters):
        raise InputError(
            f"{name} is neither in UTF-8 nor in UTF-16, so its letters are not known", hint="Save it as UTF-8"
        )
    return text
