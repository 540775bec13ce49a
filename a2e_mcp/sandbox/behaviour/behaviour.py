"""What a section of A2E's menu does in the sandbox, and the calls that most job families share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from a2e_mcp.catalogue.declaration.capability import JobFamily
from a2e_mcp.catalogue.declaration.records import ById, ByIds, Nothing, NumberedPage, PageRequest
from a2e_mcp.sandbox.behaviour.plans import JobPlan
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import Refusal

Answer = Callable[[Service, Any], Awaitable[object]]
Price = Callable[[Service, Any], Awaitable[int]]
Planner = Callable[[Service, Any], Awaitable[JobPlan]]
PriceAlone = Callable[[Any], int | None]


@dataclass(frozen=True, slots=True)
class JobStart:
    """A call that is charged as a job.

    `plan` checks everything, media included, and prices it. `price_alone` prices a request without looking at its
    media, or says None when the price depends on them. `answer` shows what has been started.
    """

    plan: Planner
    answer: Callable[[Service, list[str]], object]
    price_alone: PriceAlone = lambda _: None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """By a capability's name: how it is answered; for what is charged as a job, how it starts; other prices."""

    starts: Mapping[str, JobStart] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)

    def __or__(self, other: Behaviour) -> Behaviour:
        """Both; where both answer a call, the other does."""
        return Behaviour(
            {**self.starts, **other.starts}, {**self.answers, **other.answers}, {**self.prices, **other.prices}
        )


def job_behaviour(
    calls: JobFamily, family: RecordFamily, plan: Planner, price_alone: PriceAlone = lambda _: None
) -> Behaviour:
    """A family of the usual shape: start, and those of detail, list, batch and delete that the catalogue has."""

    async def detail(service: Service, request: ById) -> Body:
        return await family.detail(service, request.id)

    async def all_records(service: Service, request: PageRequest | NumberedPage | Nothing) -> Body:
        # A list that takes no page has one, and it is large.
        number, size = (1, 100) if isinstance(request, Nothing) else (request.page, request.size)
        rows, count = await family.page(service, number, size)
        return {"rows": rows, "count": count}

    async def batch(service: Service, request: ByIds) -> list[Body]:
        return await family.batch(service, request.ids)

    async def delete(service: Service, request: ById) -> Body:
        _delete_idle(service, family, request.id)
        return {}

    shared = ((calls.detail, detail), (calls.listing, all_records), (calls.batch, batch), (calls.remove, delete))
    return Behaviour(
        {calls.start.name: JobStart(plan, one_started(family), price_alone)},
        {call.name: answer for call, answer in shared if call is not None},
    )


def one_started(family: RecordFamily) -> Callable[[Service, list[str]], Body]:
    """Answers a start with its one record."""
    return lambda service, record_ids: family.body(service, family.find(service, record_ids[0]))


def still_running(family: RecordFamily) -> Answer:
    """Answers with every record whose job is not over, newest first, counted as asking about each."""

    async def running(service: Service, _: Nothing) -> list[Body]:
        rows, _count = await family.page(service, 1, 100_000)
        return [row for row in rows if row[family.status] not in {"completed", "failed"}]

    return running


def remove_any(family: RecordFamily) -> Answer:
    """Deletes a record, running or not."""

    async def remove(service: Service, request: ById) -> Body:
        family.remove(service, family.find(service, request.id))
        return {}

    return remove


def _delete_idle(service: Service, family: RecordFamily, record_id: str) -> None:
    """Delete a record, refunding a job that has not begun. Raises Refusal while it runs."""
    record = family.find(service, record_id)
    view = service.jobs.look(record.id)
    if view is not None and not view.is_over and view.stage != "queued":
        raise Refusal("Sandbox: this job is running and cannot be deleted; wait until it has finished")
    with service.store.transaction():
        if view is not None and not view.is_over:
            reason = f"{family.name} deleted before it began: refund"
            service.store.book(view.price, reason, service.clock.now(), record.id)
        family.remove(service, record)
