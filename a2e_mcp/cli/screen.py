"""The width of what a command prints on."""

from __future__ import annotations

import os
from typing import TextIO


def columns_of(stream: TextIO) -> int | None:
    """How many columns fit: COLUMNS, else the terminal's; None for a file or a pipe, where lines are not broken."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None
