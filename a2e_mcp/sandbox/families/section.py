"""What a section declares: how a request is answered, and how a start is planned, priced and answered."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from a2e_mcp.sandbox.families.service import Plan, Service

Answer = Callable[[Service, Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Start:
    """A call that is charged as a job.

    `plan` checks everything, media included, and prices it. `price_alone` prices a request without looking at its
    media, or says None when the price depends on them. `answer` tells what has been started.
    """

    plan: Callable[[Service, Any], Awaitable[Plan]]
    answer: Callable[[Service, list[str]], object]
    price_alone: Callable[[Any], int | None]


def started_units(seconds: float, unit: float = 1.0) -> int:
    """How many units of time have been started, at least one."""
    return max(1, math.ceil(round(seconds, 3) / unit))
