"""What every behaviour works with, and the two things they all do: start jobs and show records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from a2e_mcp.sandbox.assets.files import Files
from a2e_mcp.sandbox.assets.media_inputs import MediaInputs
from a2e_mcp.sandbox.assets.previews import Pictures
from a2e_mcp.sandbox.assets.uploads import Uploads
from a2e_mcp.sandbox.clock import Clock, iso
from a2e_mcp.sandbox.errors import not_found
from a2e_mcp.sandbox.jobs.engine import JobEngine
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.jobs.view import TASK_WORDS, Stage, View
from a2e_mcp.sandbox.live.rooms import Rooms
from a2e_mcp.sandbox.store import Record, Store, new_id
from a2e_mcp.sandbox.workers.analysis import Analysis
from a2e_mcp.sandbox.workers.pool import WorkerPool

Body = dict[str, Any]

_LONGEST_AWAITED = 600.0
# A2E writes "" for a result that is not there yet, but describes this one as an address and nothing else.
_AN_ADDRESS_OR_NOTHING = "result_image_url"


@dataclass(frozen=True, slots=True)
class Quality:
    """The largest picture and the frame rate of renders."""

    long_side: int
    short_side: int
    fps: int


FULL = Quality(1280, 720, 25)
DRAFT = Quality(320, 180, 12)


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of an open sandbox."""

    store: Store
    clock: Clock
    files: Files
    pictures: Pictures
    pool: WorkerPool
    jobs: JobEngine
    inputs: MediaInputs
    uploads: Uploads
    analysis: Analysis
    rooms: Rooms
    quality: Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a start will do once it is charged: one job, or several alike.

    `record_id` is a record that exists already; otherwise each job gets a new one with this `body`, of its own family
    or `kept_as` another. The orders are
    made when the ids are known, so that `make` may be called as often as there are jobs; it may still refuse. The
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


@dataclass(frozen=True, slots=True)
class Family:
    """How the records of one family look from outside.

    `status` is the field of the status word, `failure` and `failure_code` those of what went wrong, `show` adds what
    only this family has.
    """

    name: str
    words: Mapping[Stage, str] = field(default_factory=lambda: TASK_WORDS)
    status: str = "current_status"
    failure: str = "failed_message"
    failure_code: str = "failed_code"
    results: tuple[str, ...] = ("result_url",)
    show: Callable[[Service, Record, View], Body] = lambda *_: {}

    def body(self, service: Service, record: Record) -> Body:
        """A record as A2E tells it, at this moment."""
        view = service.jobs.look(record.id) or View("done", 100, ended=record.created)
        results = {name: "" for name in self.results if name != _AN_ADDRESS_OR_NOTHING}
        results |= {name: service.files.url(key) for name, key in view.results.items() if name in self.results}
        shown: Body = {
            "_id": record.id,
            **service.files.showing(record.body),
            self.status: view.word(self.words),
            self.failure: view.failure_message,
            self.failure_code: view.failure_code,
            "coins": view.price,
            **results,
            "createdAt": iso(record.created),
            "updatedAt": iso(view.ended or service.clock.now()),
            "sandbox": True,
            "sandbox_note": view.note,
        }
        if view.stage == "failed":
            shown["hasRefundCoin"] = view.price > 0
        return shown | self.show(service, record, view)

    def find(self, service: Service, record_id: str) -> Record:
        """A record. Raises Refusal when there is none."""
        record = service.store.record(self.name, record_id)
        if record is None:
            raise not_found(f"{self.name} {record_id}")
        return record

    async def detail(self, service: Service, record_id: str) -> Body:
        """A record by id, counted as asking how it stands. Raises Refusal when there is none."""
        await service.jobs.ask([self.find(service, record_id).id])
        # It may have been deleted while the last poll waited for its render.
        return self.body(service, self.find(service, record_id))

    async def page(self, service: Service, number: int, size: int) -> tuple[list[Body], int]:
        """A page of records, newest first, counted as asking about each; and how many there are."""
        records = service.store.records(self.name)
        first = (number - 1) * size
        shown = records[first : first + size]
        await service.jobs.ask(record.id for record in shown)
        return [self.body(service, record) for record in shown], len(records)

    async def batch(self, service: Service, record_ids: list[str]) -> list[Body]:
        """Those of the records that exist, counted as asking about each."""
        wanted = [record for each in record_ids if (record := service.store.record(self.name, each)) is not None]
        await service.jobs.ask(record.id for record in wanted)
        return [self.body(service, record) for record in wanted]

    def remove(self, service: Service, record: Record) -> None:
        """Stop what is being rendered for a record, and forget it with the files that were made for it."""
        service.jobs.stop(record.id)
        for job in service.jobs.rows.of_record(record.id):
            for key in job.results.values():
                service.files.remove(key)
        service.store.remove_record(record.id)


async def start(service: Service, plan: Plan, traits: frozenset[str]) -> list[str]:
    """Charge and queue the jobs of a plan; answers the records' ids. Raises Refusal when credits do not suffice."""
    now = service.clock.now()
    started: list[str] = []
    with service.store.transaction():
        for _ in range(plan.count):
            record_id = plan.record_id or new_id()
            service.store.charge(plan.price_each, plan.family, now, record_id)
            if plan.record_id is None:
                service.store.add_record(
                    plan.kept_as or plan.family, service.files.referring(plan.body), now, record_id
                )
            new = with_traits(plan.make(), traits)
            service.jobs.add(new, record_id, is_awaited=plan.is_awaited)
            started.append(record_id)
    service.jobs.announce()
    if plan.is_awaited:
        await service.jobs.until_rendered(started, _LONGEST_AWAITED)
    elif service.jobs.policy_of(plan.family).kind == "immediate":
        await service.jobs.until_rendered(started)
    return started


def with_traits(new: NewJob, traits: frozenset[str]) -> NewJob:
    """The same job with the magic words of its start added."""
    return NewJob(
        family=new.family,
        order=new.order,
        results=new.results,
        price=new.price,
        remark=new.remark,
        traits=new.traits | traits,
    )
