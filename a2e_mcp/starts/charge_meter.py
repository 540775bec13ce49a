"""What the steps of a start really cost, read from the account's balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from a2e_mcp.errors import A2EError, Unauthorized
from a2e_mcp.ledger.details import Measured
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import DOWNLOAD
from a2e_mcp.ledger.store import EntryFilter, Ledger
from a2e_mcp.starts.pricing import Spending


class ChargeMeter:
    """Measures one start's steps by the balance; says nothing of a step while another start was under way."""

    def __init__(self, spending: Spending, ledger: Ledger, entry: LedgerEntry) -> None:
        self._spending = spending
        self._ledger = ledger
        self._entry_id = entry.id
        self._family = entry.family
        self._priced = entry.details.priced
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
        if step == self._family and (before is None or not await self._is_alone_since(since)):
            # It is the last step, and the balance would say nothing about it.
            return
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

    async def fallen(self) -> float:
        """By how many credits the balance fell since the last reading; 0 where that says nothing about this start."""
        before, since = self._last, self._read_at
        if before is None:
            return 0.0
        try:
            now = await self._read()
        except Unauthorized:
            return 0.0
        return max(0.0, before - now) if now is not None and await self._is_alone_since(since) else 0.0

    @property
    def so_far(self) -> float:
        """What the steps until now cost; a step that could not be measured counts as it was priced."""
        costs = self._measured.items()
        return sum((self._priced.get(step) or 0.0) if cost.credits is None else cost.credits for step, cost in costs)

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


class GroupMeter:
    """Measures together what was spent by starts that overlap: by themselves the balance says nothing about them.

    The last one that ends books what of the balance's difference is not accounted for otherwise.
    """

    def __init__(self, spending: Spending, ledger: Ledger) -> None:
        self._spending = spending
        self._ledger = ledger
        self._active = 0
        self._ids: list[str] = []
        self._since = 0.0
        self._before: float | None = None

    def begin(self, entry_id: str) -> None:
        """Note that a start begins."""
        if not self._active:
            self._ids, self._since, self._before = [], self._ledger.now(), None
        self._active += 1
        self._ids.append(entry_id)

    def balance_read(self, balance: float | None) -> None:
        """Note a balance that was read before a start was charged; the first of a group is the highest one."""
        if balance is not None:
            self._before = balance if self._before is None else max(self._before, balance)

    async def end(self, *, books: bool = True) -> None:
        """Note that a start has ended; the last one books the group."""
        self._active -= 1
        if books and not self._active and self._before is not None:
            ids, since, before = self._ids, self._since, self._before
            await self._book(ids, since, before)

    async def _book(self, ids: Sequence[str], since: float, before: float) -> None:
        entries = [await self._ledger.entry(entry_id) for entry_id in ids]
        priced = {
            entry.id: {step: entry.details.priced.get(step) for step in steps}
            for entry in entries
            if (steps := _unmeasured(entry))
        }
        costs = [cost for row in priced.values() for cost in row.values()]
        # What other processes on the ledger paid meanwhile may be for starts that are older than this group.
        may_be_alone = self._ledger.shared is None
        if not costs or not (may_be_alone or None in costs):
            return
        try:
            after = await self._spending.balance()
        except A2EError:
            return
        if after is None:
            return
        recent = await self._ledger.recent(EntryFilter(since=since))
        others = sum(entry.cost for entry in recent if entry.id not in ids and entry.family != DOWNLOAD)
        rest = before - after - others - sum(map(_known_cost, entries))
        is_alone = may_be_alone and not others
        if rest <= 0 or not (is_alone or None in costs):
            # Something was refunded or bought elsewhere meanwhile: what was priced is the better word.
            return
        for entry in entries:
            if entry.id in priced:
                shares = _shares(priced[entry.id], costs, rest)
                await self._ledger.merge_details(entry.id, priced=shares)
                await self._ledger.update(entry.id, expected=_known_cost(entry) + sum(shares.values()))


def _shares(priced: Mapping[str, float | None], all_priced: Sequence[float | None], rest: float) -> dict[str, float]:
    """What the steps of one start are booked with, so that all together are booked with the rest.

    Steps without a price share what those with one leave over.
    """
    known = sum(cost or 0.0 for cost in all_priced)
    unknown = sum(cost is None for cost in all_priced)
    if unknown and rest > known:
        left = (rest - known) / unknown
        return {step: left if cost is None else cost for step, cost in priced.items()}
    if unknown or not known:
        return dict.fromkeys(priced, rest / len(all_priced))
    return {step: (cost or 0.0) * rest / known for step, cost in priced.items()}


def _unmeasured(entry: LedgerEntry) -> list[str]:
    """The steps of a start that may have been charged and of which it is not known what they cost."""
    if entry.charged is not None:
        return []
    steps = [step for step, cost in entry.details.measured.items() if cost.credits is None]
    if entry.phase == "unknown" and not entry.is_absent:
        # Of a start whose own request never left, only the step before it can have been charged.
        lost = entry.paying if entry.sent is None and entry.paying is not None else entry.family
        steps += [lost] if lost not in entry.details.measured else []
    return [step for step in steps if step != entry.family or not entry.details.charges]


def _known_cost(entry: LedgerEntry) -> float:
    """What is known of a start's cost: its charge, or what was measured and A2E's own word about its jobs."""
    if entry.charged is not None:
        return entry.charged
    measured = sum(cost.credits or 0.0 for step, cost in entry.details.measured.items() if step != entry.family)
    own = entry.details.measured.get(entry.family)
    charges = sum(entry.details.charges.values())
    return measured + (charges if entry.details.charges else (own.credits or 0.0) if own is not None else 0.0)
