"""The moments in which a start may be charged: noted before the request leaves, and over when it is written down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Unpack
from weakref import WeakValueDictionary

import anyio

from a2e_mcp.catalogue.declaration.capability import Capability, ReplyT, RequestT
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import TakenOver
from a2e_mcp.ledger.details import DetailChanges
from a2e_mcp.ledger.entry import EntryChanges, LedgerEntry
from a2e_mcp.ledger.store import Ledger

KEPT_SECONDS = 86_400.0
"""How long speech and uploads are used again; A2E keeps uploads for about three days."""
INTERRUPTED = "It was interrupted before it was sent."
_LOOK_SECONDS = 0.25
_SURE_SECONDS = 1.0
"""After this time it is looked up again whether a start was taken over; that takes a silence of several seconds."""


class Payments:
    """Makes charged calls; knows without a look into the ledger which starts must not be cut off just now."""

    def __init__(
        self, client: A2EClient, ledger: Ledger, pause: Callable[[float], Awaitable[None]] = anyio.sleep
    ) -> None:
        self._client = client
        self._pause = pause
        self._ledger = ledger
        self._in_flight: set[str] = set()
        self._leases: dict[str, int] = {}
        self._turns: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    def in_flight(self, entry_id: str) -> bool:
        """Whether a request of this start may be charged just now."""
        return entry_id in self._in_flight

    @contextmanager
    def carrying(self, entry: LedgerEntry) -> Iterator[None]:
        """Pay for a start under the lease that it has now, for the length of a `with`."""
        self._leases[entry.id] = entry.details.lease
        try:
            yield
        finally:
            self._in_flight.discard(entry.id)
            del self._leases[entry.id]

    async def begin(
        self, entry_id: str, learnt: DetailChanges, **changes: Unpack[EntryChanges]
    ) -> Callable[[], Awaitable[None]]:
        """Write down what the next request of a start may be charged for; what to await just before it leaves.

        Raises TakenOver, as does the latter.
        """
        # Before the ledger is written, which takes a moment.
        self._in_flight.add(entry_id)
        lease = self._leases[entry_id]
        if await self._ledger.advance(entry_id, lease, learnt, **changes) is None:
            self._in_flight.discard(entry_id)
            raise TakenOver
        return partial(self._require_lease, entry_id, lease, self._ledger.now())

    async def _require_lease(self, entry_id: str, lease: int, since: float) -> None:
        """Raises TakenOver: A2E may have let this request wait, or this computer may have slept."""
        if 0 <= self._ledger.now() - since < _SURE_SECONDS:
            return
        known = (await self._ledger.entry(entry_id)).details
        if known.lease != lease or known.absent:
            # Others do not know whether it has left, and it has not.
            await self._ledger.merge_details(entry_id, paying=None)
            await self._ledger.transition(entry_id, "sent", phase="refused", note=INTERRUPTED)
            raise TakenOver

    def turn(self, key: str) -> anyio.Lock:
        """Starts made at the same moment often share a script or a file: one pays for it, and the others use it."""
        return self._turns.setdefault(key, anyio.Lock())

    async def claim(self, entry: LedgerEntry, key: str) -> LedgerEntry | None:
        """Claim what a start is about to pay, for all servers; else the start that has paid it lately.

        Waits while another start is about to pay it.
        """
        since = self._ledger.now() - KEPT_SECONDS
        while (other := await self._ledger.claim_key(entry.id, key, since=since)) is not None:
            if other.details.claimed != key or not self._ledger.is_under_way(other):
                return other
            await self._pause(_LOOK_SECONDS)
        return None

    async def charge_once(
        self, step: str, capability: Capability[RequestT, ReplyT], request: RequestT, entry: LedgerEntry
    ) -> ReplyT:
        """Make a charged call; the ledger knows of it before it leaves. What it answers is kept with `keep`."""
        before_sending = await self.begin(entry.id, {"paying": step})
        return await self._client.call(capability, request, before_sending=before_sending)

    async def keep(self, entry: LedgerEntry, **details: Unpack[DetailChanges]) -> None:
        """Write down what a charged call has answered."""
        details["paying"] = None
        details.setdefault("claimed", None)
        await self._ledger.merge_details(entry.id, **details)
        self._in_flight.discard(entry.id)
