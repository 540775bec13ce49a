"""The most that a person allows to be spent, and what is refused because of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from a2e_mcp.errors import A2EError, InputError, MoneyRefused
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import DOWNLOAD
from a2e_mcp.ledger.store import Limits
from a2e_mcp.starts.pricing import Price, StepPrice, amount, credits_of
from a2e_mcp.text import counted
from a2e_mcp.users.caller import Caller

_DEFAULT_DAILY = 500.0


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What a person allows, in credits; None means no ceiling.

    Of several users each has a ceiling of 24 hours and a number of jobs of their own below the account's; they cannot
    change any, so a refusal names the one whom they ask.
    """

    per_start: float | None
    per_day: float | None
    allow_unpriced: bool = False
    is_default: bool = False
    """Whether `per_day` is the default and not a person's wish."""
    each_user_jobs: int | None = None
    contact: str = ""
    user: Caller | None = None
    """Whose ceilings these are, where there are several users."""

    def of(self, caller: Caller | None) -> Ceilings:
        """The ceilings that hold for this caller."""
        if caller is None:
            return self
        return replace(self, per_start=_lower(self.per_start, caller.per_start), user=caller)

    @property
    def own_per_day(self) -> float | None:
        """The ceiling of 24 hours that is shown beside what was spent: the user's own, or the one person's."""
        return self.per_day if self.user is None else self.user.per_day

    def limits(self, price: Price, jobs: int = 1) -> Limits:
        """What the ledger must hold a start of so many jobs at this price under."""
        user = self.user
        return Limits(
            self.per_day,
            price.least,
            only_unpriced=self.is_only_one(price),
            user_per_day=None if user is None else user.per_day,
            user_jobs=None if user is None else self.each_user_jobs,
            jobs=jobs,
        )

    @property
    def film_limits(self) -> Limits:
        """What the ledger must hold a film under, which costs nothing: those under way count as jobs for the next."""
        return Limits(user_jobs=None if self.user is None else self.each_user_jobs, uncounted=(DOWNLOAD,))

    def is_only_one(self, price: Price) -> bool:
        """Whether a start of this price must be the only one under way whose price is not known."""
        return bool(price.unknown) and (self.per_day is not None or self.own_per_day is not None)

    def objection(self, price: Price, max_credits: float | None) -> A2EError | None:
        """Why a start may not be made at this price: its own ceiling, or an unknown price under one."""
        if max_credits is not None and not 0 <= max_credits < math.inf:
            return InputError("max_credits: use a number of credits, 0 or more; leave it out for no ceiling")
        per_start = self.ceiling(max_credits)
        a_day = _lower(None if self.is_default else self.per_day, self.own_per_day if self.user else None)
        wished = per_start if per_start is not None else a_day
        if wished is not None and price.unknown and not self.allow_unpriced:
            steps = " and ".join(price.unknown)
            return MoneyRefused(
                f"The price of {steps} is not known, so it cannot be held under {credits_of(wished)}"
                f"{'' if per_start is not None else ' a day'}",
                hint=self._advice(
                    "Leave max_credits out, or set A2E_ALLOW_UNPRICED=1"
                    if per_start is not None
                    else "The user can set A2E_ALLOW_UNPRICED=1 or remove A2E_DAILY_CREDITS"
                ),
            )
        if per_start is not None and price.least > per_start:
            return MoneyRefused(
                f"This would cost {price}, which is over the ceiling of {credits_of(per_start)}",
                hint=self._advice_about(per_start, max_credits),
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
                hint=self._advice("Leave max_credits out, or set A2E_ALLOW_UNPRICED=1"),
            )
        if per_start is None or spent + step.credits <= per_start:
            return None
        return MoneyRefused(
            f"With what was made for it ({credits_of(spent)}) {step.step} would cost"
            f" {credits_of(spent + step.credits)}, {amount(step.credits)} of them for itself, which is over the ceiling"
            f" of {credits_of(per_start)}",
            hint=self._advice_about(per_start, max_credits),
        )

    def overrun(self, price: Price, charged: float | None, max_credits: float | None) -> str | None:
        """What to say when A2E has charged a start more than it had quoted, and more than was allowed."""
        per_start = self.ceiling(max_credits)
        if per_start is None or charged is None or charged <= per_start:
            return None
        return f"That is over the ceiling of {credits_of(per_start)}: before, the price was {price}."

    def ceiling(self, max_credits: float | None) -> float | None:
        """The most that one start may cost: the lower of its own ceiling and the one of the settings."""
        return _lower(max_credits, self.per_start)

    def remark(self, price: Price) -> str | None:
        """What to say about a start whose price is not known."""
        if not self.is_only_one(price):
            return None
        return (
            f"No price was known for {' and '.join(price.unknown)}: it counts as it is charged, and until then no other"
            " start without a price is made."
        )

    def unpriced_under_way(self, other: LedgerEntry, price: Price) -> MoneyRefused:
        """Why a start without a price may not be made beside another one, which may be another user's."""
        is_shown = self.user is None or other.user == self.user.user
        which = other.own_job_id if is_shown else "another start"
        limit = self.per_day if self.per_day is not None else self.own_per_day
        return MoneyRefused(
            f"The price of {' and '.join(price.unknown)} is not known, and neither is that of {which}, which is being"
            f" made; under the limit of {credits_of(limit or 0.0)} in 24 hours only one such start is made at a"
            " time",
            hint=self._advice("Retry when that one has been charged", "Retry in a few minutes, or ask"),
        )

    def over_limit(self, price: Price, spent: float, *, of_user: bool = False) -> MoneyRefused:
        """Why a start may not be made today, when so much is spent: of the account, or `of_user`."""
        cost = f"This would cost {credits_of(price.least)}"
        if self.user is None:
            return MoneyRefused(
                f"{cost}; {amount(spent)} of the {credits_of(self.per_day or 0.0)} allowed in 24 hours are spent",
                hint="The user can raise A2E_DAILY_CREDITS",
            )
        if of_user:
            return MoneyRefused(
                f"{cost}; {amount(spent)} of your {credits_of(self.own_per_day or 0.0)} in 24 hours are spent",
                hint=self._advice(""),
            )
        # What the others have spent is theirs to know.
        return MoneyRefused(
            f"{cost}, which all users of the account together may not spend today any more", hint=self._advice("")
        )

    def too_many_jobs(self, count: int, new: int) -> MoneyRefused:
        """Why a start may not be made while so many jobs are under way."""
        return MoneyRefused(
            f"You have {counted(count, 'job')} under way, and with {new} more it would be over the"
            f" {self.each_user_jobs} that each user may have at a time",
            hint=self._advice("", "Wait for one with wait_for_job, or ask"),
        )

    def _advice(self, one_person: str, users: str = "Ask") -> str:
        """What to do about a refusal: what one person can do themselves, several users ask for."""
        return one_person if self.user is None else f"{users} {self.contact}"

    def _advice_about(self, per_start: float, max_credits: float | None) -> str:
        is_own = max_credits is not None and max_credits <= per_start
        own = "Ask the user, then raise max_credits or make it smaller"
        return own if is_own else self._advice(own, "Make it smaller, or ask")


def _lower(*ceilings: float | None) -> float | None:
    """The lowest ceiling of those that there are."""
    return min((each for each in ceilings if each is not None), default=None)


def ceilings(
    *,
    sandbox: bool,
    per_start: float | None,
    per_day: float | None,
    allow_unpriced: bool,
    each_user_jobs: int | None = None,
    contact: str = "",
) -> Ceilings:
    """The ceilings in force: 500 credits a day by default, none in the sandbox."""
    default = None if sandbox else _DEFAULT_DAILY
    return Ceilings(
        per_start,
        default if per_day is None else per_day,
        allow_unpriced,
        is_default=per_day is None,
        each_user_jobs=each_user_jobs,
        contact=contact,
    )
