"""A purchase is one charged call that is done when A2E answers: diamonds, an avatar of a picture, a live room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Generic

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.capability import Capability, RequestT, State
from a2e_mcp.catalogue.declaration.tool import Estimate
from a2e_mcp.ledger.codec import from_stored
from a2e_mcp.ledger.details import DetailChanges
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.plan import StartContext
from a2e_mcp.starts.pricing import StepPrice

Keeper = Callable[[LedgerEntry, Any, Mapping[str, Any]], DetailChanges]
"""Takes what was bought: its entry, A2E's answer and the purchase's facts; gives what the ledger keeps of them."""


@dataclass(frozen=True, slots=True)
class Purchase(Generic[RequestT]):
    """What is bought; `note` says what there is then.

    What is bought for a while is `running` until it is ended. `facts` are what the family's keeper has to know of it.
    """

    family: str
    title: str
    capability: Capability[RequestT, Any]
    request: RequestT
    estimate: Estimate
    note: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    state: State = "succeeded"

    def to_data(self, options: Mapping[str, Any]) -> StoredStart:
        """All that buying it takes, as data."""
        return StoredStart(
            kind="purchase",
            family=self.family,
            tool=self.capability.name,
            inputs=self.request.model_dump(mode="json", by_alias=True, exclude_none=True),
            resolved={
                "title": self.title,
                "estimate": asdict(self.estimate),
                "note": self.note,
                "facts": dict(self.facts),
                "state": self.state,
            },
            options=options,
        )


def purchase_from_data(start: StoredStart) -> Purchase[Any]:
    """The purchase that was written down."""
    capability = catalogue.find_capability(start.tool)
    given = start.resolved
    return Purchase(
        family=start.family,
        title=given["title"],
        capability=capability,
        request=capability.request.model_validate(start.inputs),
        estimate=from_stored(Estimate, given["estimate"]),
        note=given["note"],
        facts=given["facts"],
        state=given["state"],
    )


class PurchaseItem(Generic[RequestT]):
    """One charged call; its answer is kept before its price is looked for."""

    def __init__(self, context: StartContext, purchase: Purchase[RequestT], keeper: Keeper | None) -> None:
        self._context = context
        self._purchase = purchase
        self._keeper = keeper

    async def price(self) -> Sequence[StepPrice]:
        """What the call costs."""
        bought = self._purchase
        return [await self._context.spending.price(bought.family, bought.capability, bought.request, bought.estimate)]

    async def execute(self, entry: LedgerEntry, meter: ChargeMeter) -> Sequence[str]:
        """Make the call; what was bought consists of no files."""
        bought, payments = self._purchase, self._context.payments
        self._context.progress.begin(entry.id, f"Asking A2E for {bought.title}")
        reply = await payments.charge_once(entry.family, bought.capability, bought.request, entry)
        kept: DetailChanges = self._keeper(entry, reply, bought.facts) if self._keeper is not None else {}
        await self._context.ledger.merge_details(entry.id, **kept)
        await self._context.finish_at_once(entry, state=bought.state, note=bought.note)
        await payments.keep(entry)
        await meter.measure_step(entry.family, bought.estimate.units or 0.0)
        return []
