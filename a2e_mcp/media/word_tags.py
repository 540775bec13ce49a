"""When each word of a file is spoken, as the sandbox writes it into the file's metadata and films read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

WORDS_TAG = "a2e_words"
"""The metadata key: [[word, start, end], ...], in seconds."""
ESTIMATED_TAG = "a2e_words_estimated"
"""The metadata key of what has its times from the pauses of the speech."""

WordRow = tuple[str, float, float]


def words_to_tag(rows: Iterable[WordRow]) -> dict[str, str]:
    """The metadata that says when words are spoken; none without words."""
    written = [[text, round(start, 3), round(end, 3)] for text, start, end in rows]
    return {WORDS_TAG: json.dumps(written, ensure_ascii=False, separators=(",", ":"))} if written else {}


def words_from_tag(tags: Mapping[str, str]) -> list[WordRow]:
    """The words that metadata tell; none when they tell none, or what is not well formed."""
    try:
        return [(str(text), float(start), float(end)) for text, start, end in json.loads(tags.get(WORDS_TAG, "[]"))]
    except (TypeError, ValueError):
        return []
