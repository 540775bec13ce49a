"""The one table that the measurements end in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement; `compared` is the ratio, difference or figure that the budget bounds."""

    what: str
    ours: str
    beside: str
    compared: str
    budget: str
    met: bool


_HEAD = ("what", "ours", "beside", "compared", "budget", "met")


def table(rows: Sequence[Row]) -> str:
    """The rows under their heads, in columns."""
    cells = [
        _HEAD,
        *((row.what, row.ours, row.beside, row.compared, row.budget, "yes" if row.met else "NO") for row in rows),
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
