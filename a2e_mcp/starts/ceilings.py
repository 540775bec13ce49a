"""The most that a person allows to be spent, and what is refused because of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from a2e_mcp.errors import A2EError, InputError, MoneyRefused
from a2e_mcp.ledger.store import Limits
from a2e_mcp.starts.pricing import Price, StepPrice, amount, credits_of

_DEFAULT_DAILY = 500.0


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What a person allows, in credits; None means no ceiling."""

    per_start: float | None
    per_day: float | None
    allow_unpriced: bool = False
    is_default: bool = False
    """Whether `per_day` is the default and not a person's wish."""

    def limits(self, price: Price) -> Limits:
        """What the ledger must hold a start of this price under."""
        return Limits(self.per_day, price.least, only_unpriced=self.is_only_one(price))

    def is_only_one(self, price: Price) -> bool:
        """Whether a start of this price must be the only one under way whose price is not known."""
        return self.per_day is not None and bool(price.unknown)

    def objection(self, price: Price, max_credits: float | None) -> A2EError | None:
        """Why a start may not be made at this price: its own ceiling, or an unknown price under one."""
        if max_credits is not None and not 0 <= max_credits < math.inf:
            return InputError("max_credits: use a number of credits, 0 or more; leave it out for no ceiling")
        per_start = self.ceiling(max_credits)
        a_day = None if self.is_default else self.per_day
        wished = per_start if per_start is not None else a_day
        if wished is not None and price.unknown and not self.allow_unpriced:
            steps = " and ".join(price.unknown)
            return MoneyRefused(
                f"The price of {steps} is not known, so it cannot be held under {credits_of(wished)}"
                f"{'' if per_start is not None else ' a day'}",
                hint="Leave max_credits out, or set A2E_ALLOW_UNPRICED=1"
                if per_start is not None
                else "The user can set A2E_ALLOW_UNPRICED=1 or remove A2E_DAILY_CREDITS",
            )
        if per_start is not None and price.least > per_start:
            return MoneyRefused(
                f"This would cost {price}, which is over the ceiling of {credits_of(per_start)}",
                hint="Ask the user, then raise max_credits or make it smaller",
            )
        return None

    def objection_after(self, spent: float, step: StepPrice, max_credits: float | None) -> MoneyRefused | None:
        """Why a start may not continue with this step, after so many credits are spent on it."""
        per_start = self.ceiling(max_credits)
        if step.credits is None:
            wished = per_start if per_start is not None or self.is_default else self.per_day
            if wished is None or self.allow_unpriced:
                return None
            return MoneyRefused(
                f"The price of {step.step} is not known, so it cannot be held under {credits_of(wished)}",
                hint="Leave max_credits out, or set A2E_ALLOW_UNPRICED=1",
            )
        if per_start is None or spent + step.credits <= per_start:
            return None
        return MoneyRefused(
            f"With what was made for it ({credits_of(spent)}) {step.step} would cost"
            f" {credits_of(spent + step.credits)}, {amount(step.credits)} of them for itself, which is over the ceiling"
            f" of {credits_of(per_start)}",
            hint="Ask the user, then raise max_credits or make it smaller",
        )

    def ceiling(self, max_credits: float | None) -> float | None:
        """The most that one start may cost: the lower of its own ceiling and the one of the settings."""
        return min((each for each in (max_credits, self.per_start) if each is not None), default=None)

    def remark(self, price: Price) -> str | None:
        """What to say about a start whose price is not known."""
        if not self.is_only_one(price):
            return None
        return (
            f"No price was known for {' and '.join(price.unknown)}: it counts as it is charged, and until then no other"
            " start without a price is made."
        )

    def unpriced_under_way(self, job_id: str, price: Price) -> MoneyRefused:
        """Why a start without a price may not be made beside another one."""
        return MoneyRefused(
            f"The price of {' and '.join(price.unknown)} is not known, and neither is that of {job_id}, which is being"
            f" made; under the limit of {amount(self.per_day)} credits in 24 hours only one such start is made at a"
            " time",
            hint="Retry when that one has been charged",
        )

    def over_limit(self, price: Price, spent: float) -> MoneyRefused:
        """Why a start may not be made today, when so much is spent."""
        return MoneyRefused(
            f"This would cost {credits_of(price.least)}; {amount(spent)} of the {amount(self.per_day)} credits"
            " allowed in 24 hours are spent",
            hint="The user can raise A2E_DAILY_CREDITS",
        )


def ceilings(*, sandbox: bool, per_start: float | None, per_day: float | None, allow_unpriced: bool) -> Ceilings:
    """The ceilings in force: 500 credits a day by default, none in the sandbox."""
    default = None if sandbox else _DEFAULT_DAILY
    return Ceilings(per_start, default if per_day is None else per_day, allow_unpriced, is_default=per_day is None)
