"""How the services wait, and what time they think it is."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio


@dataclass(frozen=True, slots=True)
class Timing:
    """How the services wait between attempts, and what time they think it is (seconds since 1970).

    A request in flight is given `closing_seconds` when they close; a start under way is said so every `beat_seconds`.
    A live room whose page has gone is left after `grace_seconds`, for the page may just be loading anew.
    A person who is asked to confirm a start has `answer_seconds`.
    """

    pause: Callable[[float], Awaitable[None]] = anyio.sleep
    now: Callable[[], float] = time.time
    closing_seconds: float = 3.0
    beat_seconds: float = 10.0
    grace_seconds: float = 10.0
    answer_seconds: float = 120.0
