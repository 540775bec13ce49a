"""How a sandbox is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """How a sandbox is opened.

    `folder` keeps its state and files; None means a temporary one that goes away with it. `credits` is what a new
    folder starts with. `draft` renders 320x180 at 12 frames a second, for tests. `workers` is how many jobs render
    side by side. `policy` (`rendered`, `immediate`, `seconds:N`, `polls:N`) says when jobs finish, `policies` the
    same by family. `port` fixes the port that serves files; 0 takes a free one. `render_seconds` is the
    longest a single render may take.
    """

    folder: Path | None = None
    credits: int = 10_000
    draft: bool = False
    workers: int = 2
    policy: str = "rendered"
    policies: dict[str, str] = field(default_factory=dict)
    port: int = 0
    render_seconds: float = 600.0
