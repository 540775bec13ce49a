"""What a start will do once it is charged, and doing it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import Refusal
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.protocol import Order
from a2e_mcp.sandbox.store import Record, new_id

_LONGEST_AWAITED = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """One job, or several alike, and their price.

    `record_id` is a record that exists already; otherwise each job gets a new one with this `body`, of its own family
    or `kept_as` another. `make` is called once a job, inside the transaction that charges, and may still refuse. The
    answer of a start that `is_awaited` is its end, whatever the policy says.
    """

    family: str
    price_each: int
    make: Callable[[], NewJob]
    body: Body = field(default_factory=dict)
    record_id: str | None = None
    kept_as: str | None = None
    count: int = 1
    is_awaited: bool = False

    @property
    def price(self) -> int:
        """What the whole start costs, in credits."""
        return self.price_each * self.count


def plan_file(
    service: Service,
    family: RecordFamily,
    suffix: str,
    order: Callable[[str], Order],
    *,
    price: int,
    body: Body,
    result: str = "result_url",
    remark: str = "",
    traits: frozenset[str] = frozenset(),
    count: int = 1,
    is_awaited: bool = False,
) -> JobPlan:
    """A plan for jobs that each make one file; `order` is given the path to write it to."""

    def make() -> NewJob:
        key = service.files.new_key(suffix)
        written = order(str(service.files.path(key)))
        return NewJob(order=written, results={result: key}, remark=remark, traits=traits)

    return JobPlan(family=family.name, price_each=price, make=make, body=body, count=count, is_awaited=is_awaited)


def plan_retry(service: Service, family: RecordFamily, record: Record, plan: JobPlan) -> JobPlan:
    """A plan carried out again for a record that has failed, charged as it was: the failure was refunded."""

    def make() -> NewJob:
        # Here, inside the transaction that charges, no other retry can come in between.
        failed_record(service, family, record.id)
        return plan.make()

    return replace(plan, record_id=record.id, make=make)


def failed_record(service: Service, family: RecordFamily, record_id: str) -> Record:
    """A record whose last job has failed. Raises Refusal when there is none, or it has not failed."""
    record = family.find(service, record_id)
    view = service.jobs.look(record.id)
    if view is None or view.stage != "failed":
        raise Refusal("Sandbox: only a failed job can be retried, and this one has not failed")
    return record


async def start_jobs(service: Service, plan: JobPlan, traits: frozenset[str]) -> list[str]:
    """Charge and queue the jobs of a plan; answers the records' ids. Raises Refusal when credits do not suffice."""
    now = service.clock.now()
    started: list[str] = []
    with service.store.transaction():
        for _ in range(plan.count):
            record_id = plan.record_id or new_id()
            service.store.charge(plan.price_each, plan.family, now, record_id)
            if plan.record_id is None:
                kept = service.files.referring(plan.body)
                service.store.add_record(plan.kept_as or plan.family, kept, now, record_id)
            new = plan.make()
            service.jobs.add(
                replace(new, traits=new.traits | traits),
                record_id,
                family=plan.family,
                price=plan.price_each,
                is_awaited=plan.is_awaited,
            )
            started.append(record_id)
    service.jobs.announce()
    if plan.is_awaited:
        await service.jobs.until_rendered(started, _LONGEST_AWAITED)
    elif service.jobs.policy_of(plan.family).kind == "immediate":
        await service.jobs.until_rendered(started)
    return started


def started_units(seconds: float, unit: float = 1.0) -> int:
    """How many units of time have been started, at least one."""
    return max(1, math.ceil(round(seconds, 3) / unit))
