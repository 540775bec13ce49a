"""The doctor's findings, and the environment it checks."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

import httpx2

from a2e_mcp.cli.install.computer import Computer, or_none
from a2e_mcp.cli.screen import wrapped
from a2e_mcp.cli.stored_token import StoredToken

_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])sk_[A-Za-z0-9_-]+")
_SHORTEST_SECRET = 6
_MARK = 5
_MARGIN = " " * (_MARK + 1)
_NOTHING: Mapping[str, str] = {}


class Mark(StrEnum):
    """The kind of a finding; the value is printed before it."""

    OK = "ok"
    NOTE = "note"
    FIX = "fix"
    DOING = "..."


_COLOURS: Mapping[Mark, str] = {Mark.OK: "32", Mark.NOTE: "33", Mark.FIX: "1;31", Mark.DOING: "2"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; its name is stable, so that programs can rely on it."""

    name: str
    mark: Mark
    text: str
    hint: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """The client, server and file that it is about, if any."""

    def as_json(self) -> dict[str, str]:
        """The finding for a program."""
        texts = {"name": self.name, "mark": str(self.mark), "text": self.text, "hint": self.hint, **self.about}
        return {key: text for key, text in texts.items() if text}


class Findings:
    """Writes findings, one line each and without tokens, and counts the problems.

    With `columns`, a line that is longer continues below; with `as_json`, everything is written at the end.
    """

    def __init__(
        self, write: Callable[[str], None], *, colour: bool = False, columns: int | None = None, as_json: bool = False
    ) -> None:
        self._write = write
        self._colour = colour
        self._columns = columns
        self._as_json = as_json
        self._secrets: list[str] = []
        self._all: list[Finding] = []

    @property
    def problems(self) -> int:
        """How many problems were found."""
        return sum(finding.mark is Mark.FIX for finding in self._all)

    def hide(self, secret: str) -> None:
        """Never print this text."""
        if len(secret.strip()) >= _SHORTEST_SECRET:
            self._secrets.append(secret.strip())

    def ok(self, name: str, text: str, about: Mapping[str, str] = _NOTHING) -> None:
        """A check that passed."""
        self._add(Finding(name, Mark.OK, text, "", about))

    def note(self, name: str, text: str, hint: str = "", about: Mapping[str, str] = _NOTHING) -> None:
        """Something to know, with an optional suggestion."""
        self._add(Finding(name, Mark.NOTE, text, hint, about))

    def fix(self, name: str, text: str, hint: str, about: Mapping[str, str] = _NOTHING) -> None:
        """A problem, with the action that fixes it."""
        self._add(Finding(name, Mark.FIX, text, hint, about))

    def doing(self, text: str) -> None:
        """A check that takes a while has begun."""
        self._print(Finding("", Mark.DOING, text))

    def row(self, text: str) -> None:
        """A line of a table."""
        if not self._as_json:
            for line in self._wrapped(self._shown(text), first=_MARGIN):
                self._write(line.rstrip())

    def write_summary(self) -> None:
        """Write the number of problems; as JSON, everything."""
        if self._as_json:
            found = [finding.as_json() for finding in self._all]
            self._write(json.dumps({"problems": self.problems, "findings": found}, indent=1))
            return
        count = "1 problem" if self.problems == 1 else f"{self.problems} problems"
        self._write(f"{count} found, marked fix." if self.problems else "No problems found.")

    def _add(self, finding: Finding) -> None:
        clean = replace(finding, text=self._shown(finding.text), hint=self._shown(finding.hint))
        self._all.append(clean)
        self._print(clean)

    def _print(self, finding: Finding) -> None:
        if self._as_json:
            return
        shown_mark = f"{finding.mark:<{_MARK}}"
        if self._colour:
            shown_mark = f"\x1b[{_COLOURS[finding.mark]}m{shown_mark}\x1b[0m"
        first, *more = self._lines(finding)
        self._write(f"{shown_mark} {first}")
        for line in more:
            self._write(line)

    def _lines(self, finding: Finding) -> Iterator[str]:
        """A finding's line; where it is too long, its hint begins a line below."""
        arrow = f"-> {self._shown(finding.hint)}" if finding.hint else ""
        whole = " ".join([self._shown(finding.text), arrow]).strip()
        if self._columns is None or len(_MARGIN) + len(whole) <= self._columns:
            yield whole
            return
        first, *more = self._wrapped(self._shown(finding.text), first=_MARGIN)
        yield first.removeprefix(_MARGIN)
        yield from more
        if arrow:
            yield from self._wrapped(arrow, first=_MARGIN)

    def _wrapped(self, text: str, *, first: str) -> list[str]:
        return wrapped(text, self._columns, first, f"{_MARGIN}   " if text.startswith("->") else _MARGIN)

    def _shown(self, text: str) -> str:
        line = " ".join(text.split())
        for secret in self._secrets:
            line = line.replace(secret, "sk_...")
        return _TOKEN.sub("sk_...", line)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is checked; `transport` None is the network, `seconds_to_start` is how long a client waits for a server.

    Data that is locked for longer than `lock_seconds` is a finding: servers write for milliseconds.
    `stored` is the keyring to look in, if any, and `has_stored_token` whether it holds a token.
    """

    environment: Mapping[str, str]
    home: Path | None
    folder: Path | None
    platform: str = sys.platform
    transport: httpx2.AsyncBaseTransport | None = None
    seconds_to_start: float = 20.0
    lock_seconds: float = 2.0
    colour: bool = False
    columns: int | None = None
    stored: StoredToken | None = None
    has_stored_token: bool = False

    @classmethod
    def of_this_process(cls) -> Self:
        """This computer, this environment, the current folder."""
        return cls(environment=os.environ, home=or_none(Path.home), folder=or_none(Path.cwd))

    @property
    def computer(self) -> Computer:
        """Where clients keep their configurations here."""
        return Computer(environment=self.environment, home=self.home, folder=self.folder, platform=self.platform)
