"""docs/reliability.md: the tables of long runs, written by the runs themselves."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.paths import CHECKOUT

PAGE = CHECKOUT / "docs" / "reliability.md"


def write_table(name: str, command: str, lines: Sequence[str]) -> None:
    """Put the table of a run into its place on the page, with the command that makes it."""
    begin, end = f"<!-- run:{name} -->", "<!-- /run -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    table = "\n".join(["```sh", command, "```", "", *lines])
    PAGE.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")
