"""What a tool answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """A finished file or a page, for a resource link; without `media_type` its address says what it is."""

    url: str
    name: str
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A short text for the model, structured content for code, and links to finished files."""

    text: str
    structured: dict[str, Any]
    links: Sequence[Link] = field(default=())
