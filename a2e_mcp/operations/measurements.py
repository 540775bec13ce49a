"""What is measured of a server: tool calls, and requests to A2E. Nothing here names a user, a job or an account."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

Outcome = Literal["answered", "refused", "failed", "cancelled"]
"""refused: with a sentence of ours. failed: by a mistake in this program. cancelled: by who called."""

_log = logging.getLogger(__name__)


class Mistake(Exception):
    """A mistake in this program has ended a call; what else is raised by one is a refusal."""


class Measurements:
    """Measures nothing: what a server on stdio has."""

    def tool_called(self, tool: str, outcome: Outcome, seconds: float) -> None:
        """Note a tool call that has been answered."""

    def request_sent(self, call: str, status: int | None, seconds: float) -> None:
        """Note a request to A2E and its HTTP status; None without an answer."""

    def starts_open(self, open_starts: Mapping[str, Sequence[float]]) -> None:
        """Note for how many seconds each start has been in a phase that it must leave."""

    def readiness(self, *, is_ready: bool) -> None:
        """Note whether a call could be answered, or a start carried out, just now."""

    def page(self) -> tuple[bytes, str] | None:
        """All figures as Prometheus reads them, and the content type of that; None where nothing is measured."""
        return None

    @contextmanager
    def of_call(self, tool: str) -> Iterator[None]:
        """Measure and log the tool call inside the block."""
        began = time.monotonic()
        outcome: Outcome = "cancelled"
        try:
            yield
            outcome = "answered"
        except Mistake:
            outcome = "failed"
            raise
        except Exception:
            outcome = "refused"
            raise
        finally:
            seconds = time.monotonic() - began
            self.tool_called(tool, outcome, seconds)
            if _log.isEnabledFor(logging.INFO):
                fields = {"tool": tool, "outcome": outcome, "milliseconds": round(seconds * 1000)}
                _log.info("%s was %s", tool, outcome, extra={"fields": fields})
