"""How a server is operated, in one object that its parts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from a2e_mcp.operations.drain import Drain
from a2e_mcp.operations.measurements import Measurements


@dataclass(frozen=True, slots=True)
class Operation:
    """How a server ends, and what is measured of it; `is_web` says that it is reached over HTTP.

    `on_open` is called once it has opened what calls work with.
    """

    drain: Drain = field(default_factory=Drain)
    measurements: Measurements = field(default_factory=Measurements)
    is_web: bool = False
    on_open: Callable[[], None] = lambda: None
