"""The text that the avatar of a room answers from."""

from __future__ import annotations

import re

_QUESTION = re.compile(r"\s*(?:q|question|问|問)\s*[:：]", re.IGNORECASE)
_TURN = re.compile(r"\s+(?=(?:Q|A|Question|Answer|问|問|答)\s*[:：])")


def one_turn_a_line(text: str) -> str:
    r"""The text with each question and each answer on a line of its own; a written `\n` is a line break."""
    lines = text.splitlines() if "\n" in text else text.replace("\\n", "\n").splitlines()
    return "\n".join(part for line in lines for part in (_TURN.split(line) if _QUESTION.match(line) else [line]))
