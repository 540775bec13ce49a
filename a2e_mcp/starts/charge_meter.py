"""What the steps of a start really cost, read from the account's balance."""

from __future__ import annotations

from a2e_mcp.errors import Unauthorized
from a2e_mcp.ledger.entry import LedgerEntry, Measured
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.starts.pricing import Spending


class ChargeMeter:
    """Measures one start's steps by the balance; says nothing of a step while another start was under way."""

    def __init__(self, spending: Spending, ledger: Ledger, entry: LedgerEntry) -> None:
        self._spending = spending
        self._ledger = ledger
        self._entry_id = entry.id
        self._last: float | None = None
        self._read_at = 0.0
        # What was measured before a restart counts too.
        self._measured = dict(entry.details.measured)
        self._costs = [cost.credits for cost in self._measured.values()]

    async def begin(self) -> float | None:
        """Read the balance before anything is charged; None when A2E does not say."""
        return await self._read()

    async def measure_step(self, step: str, units: float) -> None:
        """Note what was spent since the last reading as the price of this step; unknown when A2E does not say."""
        before, since = self._last, self._read_at
        known = self._measured.get(step, Measured(0.0, 0.0))
        units += known.units
        # The step is charged already: that is written down before anything that can fail or be cut.
        await self._note(step, Measured(None, units))
        self._costs.append(None)
        try:
            now = await self._read()
        except Unauthorized:
            self._last = None
            return
        if now is None or before is None or now > before or not await self._is_alone_since(since):
            return
        self._costs[-1] = before - now
        if known.credits is not None:
            await self._note(step, Measured(known.credits + before - now, units))

    async def settle(self) -> LedgerEntry:
        """Write the sum down as the true charge when every step was measured."""
        known = [spent for spent in self._costs if spent is not None]
        if len(known) == len(self._costs):
            return await self._ledger.update(self._entry_id, charged=float(sum(known)))
        return await self._ledger.entry(self._entry_id)

    async def _note(self, step: str, cost: Measured) -> None:
        self._measured[step] = cost
        await self._ledger.merge_details(self._entry_id, measured={step: cost})

    async def _read(self) -> float | None:
        """The balance; the next step is measured from it when no other start was spending while it was read."""
        self._read_at = self._ledger.now()
        balance = await self._spending.balance()
        self._last = balance if await self._is_alone_since(self._read_at) else None
        return balance

    async def _is_alone_since(self, moment: float) -> bool:
        return await self._ledger.is_alone_since(self._entry_id, moment)
