"""What the doctor finds, and what it looks at."""

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
    """How a finding is to be taken; the value stands before it."""

    OK = "ok"
    NOTE = "note"
    FIX = "fix"
    DOING = "..."


_COLOURS: Mapping[Mark, str] = {Mark.OK: "32", Mark.NOTE: "33", Mark.FIX: "1;31", Mark.DOING: "2"}


class Findings:
    """Writes findings one line each, never with a token in them, and counts what is to be mended."""

    def __init__(self, write: Callable[[str], None], *, colour: bool) -> None:
        self._write = write
        self._colour = colour
        self._secrets: list[str] = []
        self.to_mend = 0

    def hide(self, secret: str) -> None:
        """Never show this text."""
        if len(secret.strip()) >= _SHORTEST_SECRET:
            self._secrets.append(secret.strip())

    def ok(self, what: str) -> None:
        """Something is well."""
        self._add(Mark.OK, what)

    def note(self, what: str, hint: str = "") -> None:
        """Something to know, with what could be done about it."""
        self._add(Mark.NOTE, what, hint)

    def fix(self, what: str, hint: str) -> None:
        """Something is broken, with the one action that mends it."""
        self.to_mend += 1
        self._add(Mark.FIX, what, hint)

    def doing(self, what: str) -> None:
        """What is being done, where that takes a while."""
        self._add(Mark.DOING, what)

    def row(self, text: str) -> None:
        """A line of a table."""
        self._write(f"      {self._shown(text)}".rstrip())

    def sum_up(self) -> None:
        """The last line."""
        things = "1 thing" if self.to_mend == 1 else f"{self.to_mend} things"
        self._write(f"{things} to mend, marked fix." if self.to_mend else "All is well.")

    def _add(self, mark: Mark, what: str, hint: str = "") -> None:
        text = " ".join((f"{what} -> {hint}" if hint else what).split())
        shown_mark = f"\x1b[{_COLOURS[mark]}m{mark:<5}\x1b[0m" if self._colour else f"{mark:<5}"
        self._write(f"{shown_mark} {self._shown(text)}")

    def _shown(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "sk_...")
        return _TOKEN.sub("sk_...", text)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is looked at; `transport` None is the network, `seconds_to_start` is a client's patience with a server."""

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
