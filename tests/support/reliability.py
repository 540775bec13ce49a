"""The tables of long runs in docs/, written by the runs themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.support.paths import CHECKOUT

PAGE = CHECKOUT / "docs" / "reliability.md"


def write_table(name: str, command: str, lines: Sequence[str], *, page: Path = PAGE) -> None:
    """Put the table of a run into its place on the page, with the command that makes it."""
    begin, end = f"<!-- run:{name} -->", "<!-- /run -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    table = "\n".join(["```sh", command, "```", "", *lines])
    page.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")
