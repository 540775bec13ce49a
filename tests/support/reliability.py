"""Long runs that are made by a command: they print what they have shown, and write their tables in docs/ themselves."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

from tests.support.paths import CHECKOUT

PAGE = CHECKOUT / "docs" / "reliability.md"
Say = Callable[[str], None]


class Report(Protocol):
    """What a run has shown; `problems` are what must not be."""

    problems: list[str]
    seconds: float

    def lines(self) -> list[str]:
        """The table for the docs."""


def arguments_of(program: str, about: str | None) -> argparse.ArgumentParser:
    """The arguments that every long run takes."""
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep everything in this folder, which must not exist")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    return parser


def carry_out(
    given: argparse.Namespace, run: Callable[[Path, Say], Awaitable[Report]], *, name: str, command: str, page: Path
) -> int:
    """Make a run in a folder and show its report; the exit code is 1 when something was not as it must be."""
    if given.keep is not None:
        given.keep.mkdir(parents=True)
        report = asyncio.run(_whole(run, given.keep))
    else:
        with tempfile.TemporaryDirectory(prefix=f"a2e-{name}-") as folder:
            report = asyncio.run(_whole(run, Path(folder)))
    lines = report.lines()
    print("\n".join([*lines, "", f"{report.seconds:.0f} s", *(f"PROBLEM {problem}" for problem in report.problems)]))
    if given.write:
        write_table(name, command, lines, page=page)
    return 1 if report.problems else 0


async def _whole(run: Callable[[Path, Say], Awaitable[Report]], folder: Path) -> Report:
    return await run(folder, lambda line: print(line, file=sys.stderr, flush=True))


def faults_in(errors: Path, *, secrets: Sequence[str]) -> list[str]:
    """What a process has written that it must not: a secret, or a traceback."""
    text = errors.read_text(errors="replace")
    found = [f"{errors.stem} wrote a secret" for secret in secrets if secret in text]
    if "Traceback" in text:
        found.append(f"{errors.stem} wrote a traceback: {text[text.index('Traceback') :][:1500]}")
    return found


def write_table(name: str, command: str, lines: Sequence[str], *, page: Path = PAGE) -> None:
    """Put the table of a run into its place on the page, with the command that makes it."""
    begin, end = f"<!-- run:{name} -->", "<!-- /run -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    table = "\n".join(["```sh", command, "```", "", *lines])
    page.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")
