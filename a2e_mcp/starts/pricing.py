"""Prices and ceilings: what a start would cost, and whether it may."""

from __future__ import annotations

import math
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from a2e_mcp.catalogue.account import GET_CREDITS, QUOTE, QuoteRequest
from a2e_mcp.catalogue.capability import Capability, Request
from a2e_mcp.catalogue.records import Nothing
from a2e_mcp.catalogue.tool import Estimate
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import InputError, MoneyRefused, ServiceError, Unauthorized
from a2e_mcp.ledger.store import Ledger

_DAY = 86_400.0
_DEFAULT_DAILY = 500.0


@dataclass(frozen=True, slots=True)
class StepPrice:
    """What one step of a start costs, in credits; None when nobody knows."""

    step: str
    credits: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Price:
    """What a whole start costs."""

    steps: Sequence[StepPrice]

    @property
    def total(self) -> float | None:
        """The sum in credits, or None when a step's price is unknown."""
        known = [step.credits for step in self.steps if step.credits is not None]
        return sum(known) if len(known) == len(self.steps) else None

    @property
    def least(self) -> float:
        """The sum of what is known."""
        return sum(step.credits or 0.0 for step in self.steps)

    @property
    def unknown(self) -> Sequence[str]:
        """Steps without a price."""
        return [step.step for step in self.steps if step.credits is None]

    def __str__(self) -> str:
        shown = ", ".join(f"{step.step} {amount(step.credits)} ({step.source})" for step in self.steps)
        if len(self.unknown) == len(self.steps):
            return f"an unknown number of credits: {shown}"
        rest = "" if self.total is not None else " and an unknown rest"
        return f"{amount(self.least)} credits{rest}: {shown}"


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What a person allows, in credits; None means no ceiling."""

    per_start: float | None
    per_day: float | None
    allow_unpriced: bool = False


def ceilings(*, sandbox: bool, per_start: float | None, per_day: float | None, allow_unpriced: bool) -> Ceilings:
    """The ceilings in force: 500 credits a day unless set; play money has none unless set."""
    default = None if sandbox else _DEFAULT_DAILY
    return Ceilings(per_start, default if per_day is None else per_day, allow_unpriced)


@dataclass(slots=True)
class Rise:
    """By how many credits the balance rose; None while nobody knows, and when it could not be told."""

    credits: float | None = None


class Spending:
    """Asks for prices and holds the ceilings."""

    def __init__(self, client: A2EClient, ledger: Ledger, limits: Ceilings) -> None:
        self._client = client
        self._ledger = ledger
        self._limits = limits
        self._one_at_a_time = anyio.Lock()
        self._unwatched = 0
        self._returns = 0

    async def price(
        self, step: str, capability: Capability[Any, Any] | None, body: Request | None, estimate: Estimate
    ) -> StepPrice:
        """The price of one step: A2E's quote, else this account's median, else the published figure, else unknown."""
        quoted = await self._quote(capability, body) if capability is not None and body is not None else None
        if quoted is not None:
            return StepPrice(step, quoted, "A2E's quote")
        usual = self._usual(step)
        if usual is not None:
            return StepPrice(
                step, round(usual * estimate.units, 2), f"what this account usually paid a {estimate.unit}"
            )
        if estimate.credits_each is not None:
            return StepPrice(step, round(estimate.units * estimate.credits_each, 2), f"estimate; {estimate.source}")
        return StepPrice(step, None, estimate.source)

    def check(self, price: Price, max_credits: float | None) -> None:
        """Refuse a start over a ceiling, or of unknown price under a ceiling for it.

        Raises MoneyRefused, and InputError for a ceiling that is no amount.
        """
        if max_credits is not None and not 0 <= max_credits < math.inf:
            raise InputError("max_credits: use a number of credits, 0 or more; leave it out for no ceiling")
        given = [each for each in (max_credits, self._limits.per_start) if each is not None]
        if given:
            ceiling = min(given)
            if price.unknown and not self._limits.allow_unpriced:
                steps = " and ".join(price.unknown)
                raise MoneyRefused(
                    f"The price of {steps} is not known, so it cannot be held under {amount(ceiling)} credits",
                    hint="Leave max_credits out, or set A2E_ALLOW_UNPRICED=1",
                )
            if price.least > ceiling:
                raise MoneyRefused(
                    f"This would cost {price}, which is over the ceiling of {amount(ceiling)}",
                    hint="Ask the user, then raise max_credits or make it smaller",
                )
        if self._limits.per_day is not None:
            spent = self._ledger.spent_since(self._ledger.now() - _DAY)
            if spent + price.least > self._limits.per_day:
                raise MoneyRefused(
                    f"This would cost {amount(price.least)} credits, and {amount(spent)} of the"
                    f" {amount(self._limits.per_day)} allowed in 24 hours are spent",
                    hint="The user can raise A2E_DAILY_CREDITS",
                )

    async def balance(self) -> float | None:
        """Credits left, or None when A2E does not say."""
        try:
            return (await self._client.call(GET_CREDITS, Nothing())).credits
        except Unauthorized:
            raise
        except ServiceError:
            return None

    @asynccontextmanager
    async def watching(self, patience: float) -> AsyncIterator[Rise]:
        """Watch the balance rise while something is given back for what happens in the block.

        Two at the same time would each count what the other is given: one waits for the other, but at most so many
        seconds, and then goes on unwatched.
        """
        rise, before, is_mine = Rise(), None, False
        with anyio.move_on_after(patience):
            await self._one_at_a_time.acquire()
            is_mine = True
            before = await self._balance_or_none()
        is_alone = is_mine and not self._unwatched
        self._unwatched += not is_mine
        self._returns += 1
        number = self._returns
        try:
            yield rise
            after = await self._balance_or_none() if before is not None else None
            if before is not None and after is not None and is_alone and number == self._returns:
                rise.credits = after - before
        finally:
            self._unwatched -= not is_mine
            if is_mine:
                self._one_at_a_time.release()

    async def _balance_or_none(self) -> float | None:
        try:
            return await self.balance()
        except Unauthorized:
            # Whoever ends something that costs is not stopped by what cannot be read of the account.
            return None

    def spent_today(self) -> float:
        """Credits spent in the last 24 hours, as far as is known."""
        return self._ledger.spent_since(self._ledger.now() - _DAY)

    @property
    def limits(self) -> Ceilings:
        """The ceilings in force."""
        return self._limits

    async def _quote(self, capability: Capability[Any, Any], body: Request) -> float | None:
        wanted = body.model_dump(mode="json", by_alias=True, exclude_none=True)
        try:
            quote = await self._client.call(QUOTE, QuoteRequest(endpoint=capability.endpoint.path, requestBody=wanted))
        except Unauthorized:
            raise
        except ServiceError:
            # No quote is no reason to stop: the account's own history and published figures come next.
            return None
        # Amounts that are no price would slip under every ceiling.
        return quote.credits if quote.credits is not None and 0 <= quote.credits < math.inf else None

    def _usual(self, step: str) -> float | None:
        laps = [entry.measured[step] for entry in self._ledger.recent(most=200) if step in entry.measured]
        known = [(lap["credits"], lap["units"]) for lap in laps]
        paid = [credits / units for credits, units in known if credits is not None and units]
        return statistics.median(paid) if paid else None


def amount(credits: float | None) -> str:
    """Credits as a person reads them, large ones too."""
    return "unknown" if credits is None else f"{round(credits, 4):.15g}"
