"""When a job is finished: as soon as it is rendered, or later, so that slowness can be tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PolicyKind = Literal["rendered", "immediate", "seconds", "polls"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A progress policy.

    `rendered`: finished as soon as it is rendered. `immediate`: the start call itself waits for that.
    `seconds:N`: not before N seconds by the sandbox's clock. `polls:N`: at the N-th poll.
    """

    kind: PolicyKind = "rendered"
    amount: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read a policy as it is written in settings and requests. Raises ValueError."""
        kind, _, amount = text.partition(":")
        try:
            match kind:
                case "rendered" | "immediate" if not amount:
                    return cls(kind)
                case "seconds" if 0 <= float(amount) <= 10**7:
                    return cls(kind, float(amount))
                case "polls" if 1 <= int(amount) <= 10**6:
                    return cls(kind, int(amount))
        except ValueError:
            pass
        raise ValueError(f"unknown policy {text[:40]!r}; known are rendered, immediate, seconds:N and polls:N")

    def __str__(self) -> str:
        """As it is written in settings and requests."""
        return f"{self.kind}:{self.amount:g}" if self.kind in {"seconds", "polls"} else self.kind

    def fraction(self, elapsed: float, polls: int) -> float:
        """How much of the way the policy lets a job have come, 0 to 1."""
        if self.kind == "seconds" and self.amount > 0:
            return min(1.0, max(0.0, elapsed / self.amount))
        return min(1.0, polls / self.amount) if self.kind == "polls" else 1.0
