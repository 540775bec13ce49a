"""One tool call: what it gets, what it answers, and what a hand-written tool is."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from a2e_mcp.catalogue.tool import InputsT, Tool
from a2e_mcp.server.services import Services
from a2e_mcp.starts.progress import Deadline
from a2e_mcp.starts.service import Quoted, StartOptions

Progress = Callable[[float, str], Awaitable[None]]
"""Tells the client how far a call is (a share from 0 to 1) and what is happening."""


@dataclass(frozen=True, slots=True)
class Link:
    """A finished file or a page, for a resource link; without `media_type` its address tells what it is."""

    url: str
    name: str
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says: a short text for the model, structured content for code, links to finished files."""

    text: str
    structured: dict[str, Any]
    links: Sequence[Link] = field(default=())


@dataclass(frozen=True, slots=True)
class Call(Generic[InputsT]):
    """One call of one tool, which answers until then by the monotonic clock."""

    inputs: InputsT
    services: Services
    options: StartOptions
    until: float
    progress: Progress

    @property
    def within(self) -> float:
        """How many seconds are left for it."""
        return self.until - time.monotonic()

    @property
    def waiter(self) -> Deadline:
        """Who made the call, as somebody who waits for a start."""
        return Deadline.within(self.within, self.progress)


@dataclass(frozen=True, slots=True)
class ServerTool(Tool[InputsT]):
    """A tool that is more than one start: an ordinary function over the services."""

    run: Callable[[Call[InputsT]], Awaitable[Answer]]
    price: Callable[[Call[InputsT]], Awaitable[Quoted]] | None = None
    """What a call would cost; every tool that spends has one."""

    answers: str = ""
    """What the structured answer holds for sure: `job`, or the name of its list."""
