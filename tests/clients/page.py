"""The table of docs/compatibility.md: a row for each client, rewritten for those that were run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients.declarations import CLIENTS, Client
from tests.support.paths import CHECKOUT

PAGE = CHECKOUT / "docs" / "compatibility.md"
HEADINGS = ("Client", "Version", "Protocol", "Tools shown", "Result")
_BLOCK = re.compile(r"(<!-- clients -->\n)(.*?)(<!-- /clients -->)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """What the table says of one client."""

    title: str
    version: str
    protocol: str = "-"
    tools: str = "-"
    result: str = "not run"

    @property
    def line(self) -> str:
        """The row as a line of the table."""
        cells = (self.title, self.version, self.protocol, self.tools, self.result.replace("|", "\\|"))
        return f"| {' | '.join(cells)} |"


def unknown_row(client: Client) -> Row:
    """The row of a client that was not run in this version."""
    return Row(client.title, client.version)


def read_rows(page: Path = PAGE) -> list[Row]:
    """The rows of the table, without its heading."""
    block = _BLOCK.search(page.read_text(encoding="utf-8"))
    if block is None:
        raise ValueError(f"{page.name} has no table of clients")
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in block[2].splitlines()[2:]]
    return [Row(*(cell.strip().replace("\\|", "|") for cell in line)) for line in cells]


def write_rows(fresh: Mapping[str, Row], page: Path = PAGE) -> None:
    """Write the table: fresh rows by the client's name; the others stay while their version is the declared one."""
    old = {(row.title, row.version): row for row in read_rows(page)}
    rows = [fresh.get(client.name, old.get((client.title, client.version), unknown_row(client))) for client in CLIENTS]
    text = page.read_text(encoding="utf-8")
    page.write_text(_BLOCK.sub(lambda block: f"{block[1]}{table(rows)}{block[3]}", text), encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """The table."""
    heading = [f"| {' | '.join(HEADINGS)} |", f"| {' | '.join('---' for _ in HEADINGS)} |"]
    return "".join(f"{line}\n" for line in (*heading, *(row.line for row in rows)))
