"""The calls that most families share, as the catalogue's `standard_calls` declares them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from a2e_mcp.catalogue.records import ById, ByIds, Nothing, PageRequest
from a2e_mcp.sandbox.errors import Refusal
from a2e_mcp.sandbox.families.section import Answer
from a2e_mcp.sandbox.families.service import Body, Family, Plan, Service
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.store import Record


def standard_answers(family: Family, singular: str, plural: str) -> dict[str, Answer]:
    """Detail, list, batch, delete, and the list of what is still running; those that the catalogue has are used."""

    async def detail(service: Service, request: ById) -> Body:
        return await family.detail(service, request.id)

    async def all_records(service: Service, request: PageRequest) -> Body:
        rows, count = await family.page(service, request.page, request.size)
        return {"rows": rows, "count": count}

    async def processing(service: Service, _: Nothing) -> list[Body]:
        return await still_running(service, family)

    async def batch(service: Service, request: ByIds) -> list[Body]:
        return await family.batch(service, request.ids)

    async def delete(service: Service, request: ById) -> Body:
        delete_idle(service, family, request.id)
        return {}

    return {
        f"get_{singular}": detail,
        f"list_{plural}": all_records,
        f"list_processing_{plural}": processing,
        f"batch_get_{plural}": batch,
        f"delete_{singular}": delete,
    }


async def still_running(service: Service, family: Family) -> list[Body]:
    """Every record of a family whose job is not over, newest first, counted as asking about each."""
    rows, _count = await family.page(service, 1, 100_000)
    return [row for row in rows if row[family.status] not in {"completed", "failed"}]


def delete_idle(service: Service, family: Family, record_id: str) -> None:
    """Delete a record, giving its credits back when its job has not begun. Raises Refusal while it runs."""
    record = family.find(service, record_id)
    view = service.jobs.look(record.id)
    if view is not None and not view.is_over and view.stage != "queued":
        raise Refusal("Sandbox: this task is running and cannot be deleted; wait until it is over")
    with service.store.transaction():
        if view is not None and not view.is_over:
            reason = f"{family.name} deleted before it began: refund"
            service.store.book(view.price, reason, service.clock.now(), record.id)
        family.remove(service, record)


def failed_record(service: Service, family: Family, record_id: str) -> Record:
    """A record whose last job has failed. Raises Refusal when there is none, or it has not failed."""
    record = family.find(service, record_id)
    view = service.jobs.look(record.id)
    if view is None or view.stage != "failed":
        raise Refusal("Sandbox: only what has failed can be tried again, and this has not; nothing was charged")
    return record


def once_more(service: Service, family: Family, record: Record, plan: Plan) -> Plan:
    """A plan carried out again for a record that has failed, charged as it was: the failure was given back."""

    def make() -> NewJob:
        # Here, inside the transaction that charges, no other retry can come in between.
        failed_record(service, family, record.id)
        return plan.make()

    return replace(plan, record_id=record.id, make=make)


def one_started(family: Family) -> Callable[[Service, list[str]], Body]:
    """Answers a start with its one record."""
    return lambda service, record_ids: family.body(service, family.find(service, record_ids[0]))
