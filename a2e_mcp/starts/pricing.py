"""What a start would cost, and what the account has left."""

from __future__ import annotations

import math
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from a2e_mcp import text
from a2e_mcp.catalogue.account import GET_CREDITS, QUOTE, QuoteRequest
from a2e_mcp.catalogue.declaration.capability import Capability, Request
from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.declaration.tool import Estimate
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import ServiceError, Unauthorized
from a2e_mcp.ledger.keys import cost_key
from a2e_mcp.ledger.store import LIMIT_SECONDS, Ledger
from a2e_mcp.text import counted
from a2e_mcp.users.caller import current_user

_MOST_CREDIBLE = 1e9
"""Credits; a larger quote is a mistake."""


_SMALLEST_PRICE = 0.01
"""Credits; where a price is published, a smaller quote is nothing."""


@dataclass(frozen=True, slots=True)
class StepPrice:
    """What one step of a start costs, in credits; None when it is unknown."""

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
        if self.total is None:
            return f"at least {credits_of(self.least)} (the price of {' and '.join(self.unknown)} is unknown): {shown}"
        return f"{credits_of(self.total)}: {shown}"


@dataclass(slots=True)
class Rise:
    """By how many credits the balance rose; None until it is known, and when it cannot be known."""

    credits: float | None = None


class Spending:
    """Asks for prices and for the balance."""

    def __init__(self, client: A2EClient, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger
        self._one_at_a_time = anyio.Lock()
        self._unwatched = 0
        self._returns = 0

    async def price(
        self, step: str, capability: Capability[Any, Any] | None, body: Request | None, estimate: Estimate
    ) -> StepPrice:
        """The price of one step: A2E's quote, else this account's median, else the published figure, else unknown."""
        quoted = await self._quote(capability, body) if capability is not None and body is not None else None
        # Nothing is no price where a price is published.
        if quoted is not None and (quoted >= _SMALLEST_PRICE or not estimate.credits_each):
            charged = _whole(quoted)
            return StepPrice(step, charged, "A2E's quote" if charged == quoted else f"A2E's quote of {amount(quoted)}")
        if estimate.units is None:
            # A length that is not known is a price that is not known.
            return StepPrice(step, None, estimate.source)
        usual = await self._usual(step, estimate.variant)
        if usual is not None:
            return StepPrice(step, _whole(usual * estimate.units), "estimated from your earlier jobs")
        if estimate.credits_each is not None:
            return StepPrice(step, _whole(estimate.units * estimate.credits_each), f"estimate; {estimate.source}")
        return StepPrice(step, None, estimate.source)

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
        seconds, and then continues unwatched.
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
            # What costs is ended all the same when the account cannot be read.
            return None

    async def spent_today(self, *, everyone: bool = False, user: str | None = None) -> float:
        """Credits spent in the last 24 hours, as far as is known: by the caller, a user, or `everyone`."""
        user = None if everyone else user or current_user()
        return await self._ledger.spent_since(self._ledger.now() - LIMIT_SECONDS, user=user)

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
        return quote.credits if quote.credits is not None and 0 <= quote.credits <= _MOST_CREDIBLE else None

    async def _usual(self, step: str, variant: str) -> float | None:
        entries = await self._ledger.with_key(cost_key(step))
        entries = [entry for entry in entries if (entry.details.variant or "") == variant]
        costs = [cost for entry in entries if (cost := entry.details.measured.get(step)) is not None]
        paid = [cost.credits / cost.units for cost in costs if cost.credits is not None and cost.units]
        return statistics.median(paid) if paid else None


def _whole(credits: float) -> float:
    """Quotes and estimates round up: A2E charges whole credits."""
    return float(math.ceil(round(credits, 6)))


def credits_of(credits: float) -> str:
    """So many credits, in words."""
    return counted(credits, "credit")


def amount(credits: float | None) -> str:
    """Credits as a person reads them, large ones too."""
    return "unknown" if credits is None else text.amount(credits)
