"""Captions as a file: SRT, and WebVTT, which differs in little."""

from __future__ import annotations

import re
from dataclasses import dataclass

from a2e_mcp.errors import InputError

SUFFIXES = (".srt", ".vtt")
LARGEST = 2 * 2**20
"""Bytes; hours of speech have a tenth of it."""

_TIMES = re.compile(
    r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})\s*-->\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
)
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
    for line in [*_decoded(content).splitlines(), ""]:
        match = _TIMES.search(line)
        if match is None and line.strip():
            lines.append(line)
            continue
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
    text = " ".join(_MARKUP.sub("", " ".join(lines)).split())
    return TimedText(start, end, text) if text and end > start else None


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction}")


def _decoded(content: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16, else what Windows wrote in the West."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
