"""The doctor's findings, and the environment it checks."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import httpx2

_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])sk_[A-Za-z0-9_-]+")
_SHORTEST_SECRET = 6


class Mark(StrEnum):
    """The kind of a finding; the value is printed before it."""

    OK = "ok"
    NOTE = "note"
    FIX = "fix"
    DOING = "..."


_COLOURS: Mapping[Mark, str] = {Mark.OK: "32", Mark.NOTE: "33", Mark.FIX: "1;31", Mark.DOING: "2"}


class Findings:
    """Writes findings, one line each and without tokens, and counts the problems."""

    def __init__(self, write: Callable[[str], None], *, colour: bool) -> None:
        self._write = write
        self._colour = colour
        self._secrets: list[str] = []
        self.problems = 0

    def hide(self, secret: str) -> None:
        """Never print this text."""
        if len(secret.strip()) >= _SHORTEST_SECRET:
            self._secrets.append(secret.strip())

    def ok(self, text: str) -> None:
        """A check that passed."""
        self._add(Mark.OK, text)

    def note(self, text: str, hint: str = "") -> None:
        """Something to know, with an optional suggestion."""
        self._add(Mark.NOTE, text, hint)

    def fix(self, text: str, hint: str) -> None:
        """A problem, with the action that fixes it."""
        self.problems += 1
        self._add(Mark.FIX, text, hint)

    def doing(self, text: str) -> None:
        """A check that takes a while has begun."""
        self._add(Mark.DOING, text)

    def row(self, text: str) -> None:
        """A line of a table."""
        self._write(f"      {self._shown(text)}".rstrip())

    def write_summary(self) -> None:
        """Write the last line: the number of problems."""
        count = "1 problem" if self.problems == 1 else f"{self.problems} problems"
        self._write(f"{count} found, marked fix." if self.problems else "No problems found.")

    def _add(self, mark: Mark, text: str, hint: str = "") -> None:
        line = " ".join((f"{text} -> {hint}" if hint else text).split())
        shown_mark = f"\x1b[{_COLOURS[mark]}m{mark:<5}\x1b[0m" if self._colour else f"{mark:<5}"
        self._write(f"{shown_mark} {self._shown(line)}")

    def _shown(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "sk_...")
        return _TOKEN.sub("sk_...", text)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is checked; `transport` None is the network, `seconds_to_start` is how long a client waits for a server."""

    environment: Mapping[str, str]
    home: Path | None
    folder: Path | None
    platform: str = sys.platform
    transport: httpx2.AsyncBaseTransport | None = None
    seconds_to_start: float = 20.0
    colour: bool = False

    @classmethod
    def of_this_process(cls, *, colour: bool = False) -> Self:
        """This computer, this environment, the current folder."""
        return cls(environment=os.environ, home=_or_none(Path.home), folder=_or_none(Path.cwd), colour=colour)


def _or_none(find: Callable[[], Path]) -> Path | None:
    try:
        return find()
    except (OSError, RuntimeError):
        # A container may have no home, and the current folder may have been removed.
        return None
