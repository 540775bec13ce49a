"""The most that a person allows to be spent, and what is refused because of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from a2e_mcp.errors import A2EError, InputError, MoneyRefused
from a2e_mcp.ledger.store import Limits
from a2e_mcp.starts.pricing import Price, amount, credits_of

_DEFAULT_DAILY = 500.0


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What a person allows, in credits; None means no ceiling."""

    per_start: float | None
    per_day: float | None
    allow_unpriced: bool = False

    def limits(self, price: Price) -> Limits:
        """What the ledger must hold a start of this price under."""
        return Limits(self.per_day, price.least)

    def objection(self, price: Price, max_credits: float | None) -> A2EError | None:
        """Why a start may not be made at this price: its own ceiling, or an unknown price under one."""
        if max_credits is not None and not 0 <= max_credits < math.inf:
            return InputError("max_credits: use a number of credits, 0 or more; leave it out for no ceiling")
        given = [each for each in (max_credits, self.per_start) if each is not None]
        if not given:
            return None
        ceiling = min(given)
        if price.unknown and not self.allow_unpriced:
            steps = " and ".join(price.unknown)
            return MoneyRefused(
                f"The price of {steps} is not known, so it cannot be held under {credits_of(ceiling)}",
                hint="Leave max_credits out, or set A2E_ALLOW_UNPRICED=1",
            )
        if price.least > ceiling:
            return MoneyRefused(
                f"This would cost {price}, which is over the ceiling of {credits_of(ceiling)}",
                hint="Ask the user, then raise max_credits or make it smaller",
            )
        return None

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
    return Ceilings(per_start, default if per_day is None else per_day, allow_unpriced)
