"""What a command prints on: lines that fit a terminal, and on one a progress bar."""

from __future__ import annotations

import os
import textwrap
from typing import TextIO

from a2e_mcp.text import one_line

_LONGEST_BAR = 32
_SHORTEST_BAR = 8
_ERASE = "\r\x1b[K"
_USUAL_COLUMNS = 80


def columns_of(stream: TextIO) -> int | None:
    """How many columns fit: COLUMNS, else the terminal's; None for a file or a pipe, where lines are not broken."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


class Screen:
    """Lines that are no longer than the terminal is wide, and a bar that the next line replaces."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._has_bars = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._has_bar = False

    @property
    def columns(self) -> int | None:
        """How many columns fit now, since a window may change its size."""
        return columns_of(self._stream)

    def write_line(self, text: str = "", *, indent: str = "", more: str = "") -> None:
        """Print a text after `indent`; what does not fit continues on the next line after `more`."""
        self._erase()
        for line in wrapped(text, self.columns, indent, more):
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def draw_bar(self, part: float, message: str) -> None:
        """Draw the bar in the place of the last one; only on a terminal."""
        if not self._has_bars:
            return
        # The last column stays empty: a terminal that is full begins a new line, and the bar could not be replaced.
        room = (self.columns or _USUAL_COLUMNS) - 1
        length = max(_SHORTEST_BAR, min(_LONGEST_BAR, room // 3))
        filled = round(part * length)
        bar = f"    [{'#' * filled}{'.' * (length - filled)}] {part:4.0%}"
        if len(bar) + 8 <= room:
            bar = f"{bar} {one_line(message, room - len(bar) - 1)}"
        self._stream.write(f"{_ERASE}{bar[:room]}")
        self._stream.flush()
        self._has_bar = True

    def _erase(self) -> None:
        if self._has_bar:
            self._stream.write(_ERASE)
            self._has_bar = False


def wrapped(text: str, columns: int | None, first: str = "", more: str = "") -> list[str]:
    """The lines of a text. A word is never broken, since a path or a command may be copied."""
    if columns is None or len(first) + len(text) <= columns:
        return [f"{first}{text}".rstrip()]
    lines = textwrap.wrap(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=more,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [first]
