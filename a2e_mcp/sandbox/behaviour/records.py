"""How the records of a family look from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import not_found
from a2e_mcp.sandbox.jobs.view import TASK_WORDS, Stage, View
from a2e_mcp.sandbox.store import Record

# A2E writes "" for a result that is not there yet, but describes this one as an address and nothing else.
_AN_ADDRESS_OR_NOTHING = "result_image_url"


@dataclass(frozen=True, slots=True)
class RecordFamily:
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
        """A record as A2E shows it, at this moment."""
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
        """A record by id, counted as a check of its state. Raises Refusal when there is none."""
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
