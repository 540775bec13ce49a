"""What A2E does when a job has ended: it calls the address that the start has given, once, and never again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
from pydantic import SecretStr

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.records import ByIds
from a2e_mcp.client.client import A2EClient
from a2e_mcp.jobs.answered_records import records_in
from a2e_mcp.jobs.job import normalise

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox
    from tests.company.balancer import Balancer
    from tests.support.fault_proxy import Accepted

_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Hint:
    """A call of an address; `at` is by the event loop's clock."""

    family: str
    at: float
    is_taken: bool


class JobEnds:
    """Looks from inside of A2E when the jobs of accepted starts end; `ended` are their moments, by wish."""

    def __init__(self, a2e: A2EClient, accepted: Sequence[Accepted], balancer: Balancer) -> None:
        self._a2e = a2e
        self._balancer = balancer
        self._accepted = accepted
        self._next = 0
        self._open: dict[str, Accepted] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self.ended: dict[int | None, float] = {}
        self.hints: list[Hint] = []

    async def watch(self, http: httpx2.AsyncClient) -> None:
        """Look, and call, until this is cancelled."""
        while True:
            for start in self._accepted[self._next :]:
                self._next += 1
                if start.webhook is not None:
                    self._open |= dict.fromkeys(start.record_ids, start)
            for family in {start.what for start in self._open.values()}:
                for record_id in await self._finished(family):
                    self._end(http, self._open.pop(record_id))
            await asyncio.sleep(_LOOK_SECONDS)

    async def _finished(self, name: str) -> list[str]:
        family = catalogue.family(name)
        assert family.batch is not None
        ids = [record_id for record_id, start in self._open.items() if start.what == name]
        records = records_in(await self._a2e.call(family.batch, ByIds(ids=ids)))
        return [record.id for record in records if normalise(family, record, sandbox=True).finished]

    def _end(self, http: httpx2.AsyncClient, start: Accepted) -> None:
        self.ended[start.wish] = asyncio.get_running_loop().time()
        call = asyncio.create_task(self._call(http, start))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _call(self, http: httpx2.AsyncClient, start: Accepted) -> None:
        assert start.webhook is not None
        at, (url, token) = asyncio.get_running_loop().time(), start.webhook
        try:
            said = {"event": "task.completed", "status": "completed", "_id": start.record_ids[0]}
            answer = await http.post(self._balancer.reached(url), json=said, headers={"x-a2e-webhook-token": token})
            is_taken = answer.status_code == 204
        except httpx2.HTTPError:
            is_taken = False
        self.hints.append(Hint(start.what, at, is_taken))


@asynccontextmanager
async def watched_ends(sandbox: Sandbox, accepted: Sequence[Accepted], balancer: Balancer) -> AsyncIterator[JobEnds]:
    """Watch the ends of what is accepted for the length of an `async with`."""
    token, transport = SecretStr(sandbox.token), sandbox.transport()
    async with (
        A2EClient(token, base_url=sandbox.base_url, transport=transport) as a2e,
        httpx2.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        ends = JobEnds(a2e, accepted, balancer)
        watching = asyncio.create_task(ends.watch(http))
        try:
            yield ends
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
