"""The moments in which a start may be charged: noted before the request leaves, and over when it is written down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Unpack
from weakref import WeakValueDictionary

import anyio

from a2e_mcp.catalogue.declaration.capability import Capability, ReplyT, RequestT
from a2e_mcp.client.client import A2EClient
from a2e_mcp.ledger.entry import DetailChanges, LedgerEntry
from a2e_mcp.ledger.store import Ledger

KEPT_SECONDS = 86_400.0
"""How long speech and uploads are used again; A2E keeps uploads for about three days."""
_LOOK_SECONDS = 0.25


class Payments:
    """Makes charged calls; knows without a look into the ledger which starts must not be cut off just now."""

    def __init__(
        self, client: A2EClient, ledger: Ledger, pause: Callable[[float], Awaitable[None]] = anyio.sleep
    ) -> None:
        self._client = client
        self._pause = pause
        self._ledger = ledger
        self._in_flight: set[str] = set()
        self._turns: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    def in_flight(self, entry_id: str) -> bool:
        """Whether a request of this start may be charged just now."""
        return entry_id in self._in_flight

    def begin(self, entry_id: str) -> None:
        """Note that the next request of a start may be charged: before the ledger is written, which takes a moment."""
        self._in_flight.add(entry_id)

    def end(self, entry_id: str) -> None:
        """Note that nothing of a start is on its way any more."""
        self._in_flight.discard(entry_id)

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
        self.begin(entry.id)
        await self._ledger.merge_details(entry.id, paying=step)
        return await self._client.call(capability, request)

    async def keep(self, entry: LedgerEntry, **details: Unpack[DetailChanges]) -> None:
        """Write down what a charged call has answered."""
        details["paying"] = None
        details.setdefault("claimed", None)
        await self._ledger.merge_details(entry.id, **details)
        self.end(entry.id)
