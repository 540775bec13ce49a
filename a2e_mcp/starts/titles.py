"""The labels of starts in A2E's lists."""

from __future__ import annotations

from datetime import UTC, datetime

from a2e_mcp.catalogue.declaration.tool import Inputs
from a2e_mcp.text import at_word_end

LONGEST_TITLE = 40


def title_of(kind: str, inputs: Inputs, at: float | None = None) -> str:
    """The label in A2E's list: the one given, else the first words or the kind, and the time, which sets starts apart.

    A lost job is found again by it, so it has seconds.
    """
    given = getattr(inputs, "title", None) or getattr(inputs, "name", None)
    if isinstance(given, str) and given.strip():
        return " ".join(given.split())[:LONGEST_TITLE]
    words = getattr(inputs, "script", None) or getattr(inputs, "prompt", None) or kind.replace("_", " ").capitalize()
    time = "" if at is None else f" {_clock(at)}"
    return at_word_end(" ".join(str(words).split()), LONGEST_TITLE - len(time)) + time


def _clock(seconds: float) -> str:
    """A time of day in UTC, as lists show it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"
