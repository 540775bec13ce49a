"""What the steps of a start really cost, read from the account's balance."""

from __future__ import annotations

from a2e_mcp.errors import Unauthorized
from a2e_mcp.ledger.store import Entry, Ledger
from a2e_mcp.starts.pricing import Spending


class ChargeMeter:
    """Measures one start's steps by the balance; says nothing of a step while another start was under way."""

    def __init__(self, spending: Spending, ledger: Ledger, entry_id: str) -> None:
        self._spending = spending
        self._ledger = ledger
        self._entry_id = entry_id
        self._last: float | None = None
        self._read_at = 0.0
        # What was measured before a restart counts too.
        self._laps = [lap["credits"] for lap in ledger.entry(entry_id).measured.values()]

    async def begin(self) -> float | None:
        """Read the balance before anything is charged; None when A2E does not say."""
        return await self._read()

    async def lap(self, step: str, units: float) -> None:
        """Note what went since the last reading as the price of this step, which is unknown when A2E does not say."""
        before, since = self._last, self._read_at
        known = self._ledger.entry(self._entry_id).measured.get(step, {"credits": 0.0, "units": 0.0})
        lap = {"credits": None, "units": (known["units"] or 0.0) + units}
        # The step is charged already: that is written down before anything that can fail or be cut.
        self._ledger.remember(self._entry_id, measured={step: lap})
        self._laps.append(None)
        try:
            now = await self._read()
        except Unauthorized:
            self._last = None
            return
        if now is None or before is None or now > before or not self._alone_since(since):
            return
        self._laps[-1] = before - now
        if known["credits"] is not None:
            self._ledger.remember(self._entry_id, measured={step: {**lap, "credits": known["credits"] + before - now}})

    def settle(self) -> Entry:
        """Write the sum down as the true charge when every step was measured."""
        known = [spent for spent in self._laps if spent is not None]
        if len(known) == len(self._laps):
            return self._ledger.update(self._entry_id, charged=float(sum(known)))
        return self._ledger.entry(self._entry_id)

    async def _read(self) -> float | None:
        """The balance; the next lap is measured from it when nobody else was spending while it was read."""
        self._read_at = self._ledger.now()
        balance = await self._spending.balance()
        self._last = balance if self._alone_since(self._read_at) else None
        return balance

    def _alone_since(self, moment: float) -> bool:
        return self._ledger.alone_since(self._entry_id, moment)
