"""The records of jobs in the account, read from A2E in as few requests as it allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from a2e_mcp.catalogue.declaration.capability import Capability, JobFamily, Request
from a2e_mcp.catalogue.declaration.records import ByIds, JobRecord, Nothing
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import Charged, NotFound, Refused, Unreadable
from a2e_mcp.jobs.answered_records import each_once, records_in, skipped_in
from a2e_mcp.jobs.reconcile import reaches_back
from a2e_mcp.ledger.entry import LedgerEntry

AT_ONCE = 5
"""How many records of a family are read at the same time, where each is a request."""
_MOST_IN_BATCH = 200
_MOST_PAGES = 3
_PAGE = 100
_BUSY = 429


@dataclass(frozen=True, slots=True)
class Listing:
    """Records of an account; `is_complete` when none is missing, `skipped` are rows that could not be read."""

    records: Sequence[JobRecord]
    is_complete: bool
    skipped: int = 0


class AccountRecords:
    """Reads records, and knows of which families A2E answers about several at once."""

    def __init__(self, client: A2EClient) -> None:
        self._client = client
        self._no_batch: set[str] = set()

    def are_read_together(self, family: JobFamily) -> bool:
        """Whether one request is about all records of a family that are wanted."""
        return family.polled == "list" or (family.polled == "batch" and family.name not in self._no_batch)

    async def detail(self, family: JobFamily, record_id: str) -> JobRecord:
        """One record. Raises NotFound when A2E has none of this id, ServiceError when it cannot be asked."""
        if family.detail is None:
            return await self._detail_in_list(family, record_id)
        try:
            wanted_record = family.detail.request.model_validate({"id": record_id})
            records = records_in(await self._client.call(family.detail, wanted_record))
        except NotFound as problem:
            raise problem.advised(hint=problem.hint or "Call list_jobs to find it") from None
        wanted = [record for record in records if record.id.lower() == record_id]
        if not records:
            raise NotFound(f"A2E has no {family.name} with this id", hint="Call list_jobs to find it")
        if len(wanted) != 1:
            raise Unreadable(
                f"A2E answered with the record of another {family.name.replace('_', ' ')}",
                charged=Charged.NOTHING,
                hint="Retry in a minute",
            )
        return wanted[0]

    async def _detail_in_list(self, family: JobFamily, record_id: str) -> JobRecord:
        """A record that A2E has no call for, from the account's list. Raises NotFound when it has none."""
        listing = await self.listed(family, until={record_id})
        found = next((record for record in listing.records if record.id.lower() == record_id), None)
        if found is None:
            raise NotFound(f"A2E's list has no {family.name} with this id", hint="Call list_jobs to find it")
        return found

    async def together(self, family: JobFamily, ids: Sequence[str]) -> dict[str, JobRecord]:
        """Those of these records that one request is about, by id; the others are read one by one."""
        if family.polled == "batch" and family.batch is not None and family.name not in self._no_batch:
            try:
                return await self._batch(family.batch, ids)
            except (Refused, Unreadable) as problem:
                if problem.status == _BUSY:
                    raise
                # The newest calls are documented but not confirmed; without one, jobs are read one by one.
                self._no_batch.add(family.name)
        if family.polled == "list" and len(ids) > 1:
            wanted = set(ids)
            listing = await self.listed(family, until=wanted)
            return {record.id: record for record in listing.records if record.id in wanted}
        return {}

    async def _batch(self, batch: Capability[Any, Any], ids: Sequence[str]) -> dict[str, JobRecord]:
        found: dict[str, JobRecord] = {}
        for start in range(0, len(ids), _MOST_IN_BATCH):
            reply = await self._client.call(batch, ByIds(ids=list(ids[start : start + _MOST_IN_BATCH])))
            found.update({record.id: record for record in records_in(reply)})
        wanted = set(ids)
        return {record_id: record for record_id, record in found.items() if record_id in wanted}

    async def listed(
        self,
        family: JobFamily,
        *,
        pages: int = _MOST_PAGES,
        until: set[str] | None = None,
        back_to: LedgerEntry | None = None,
    ) -> Listing:
        """The newest records of a family; `until` these ids, or `back_to` a start, as far as the pages go."""
        if family.listing is None:
            return Listing([], is_complete=False)
        if "page" not in family.listing.request.model_fields:
            reply = await self._client.call(family.listing, Nothing())
            return Listing(records_in(reply), is_complete=not skipped_in(reply), skipped=skipped_in(reply))
        found: list[JobRecord] = []
        skipped, is_last = 0, False
        for page in range(1, pages + 1):
            request: Request = family.listing.request.model_validate({"page": page, "size": _PAGE})
            reply = await self._client.call(family.listing, request)
            rows = records_in(reply)
            found += rows
            skipped += skipped_in(reply)
            is_last = len(rows) + skipped_in(reply) < _PAGE
            if is_last or (until is not None and until <= {record.id for record in found}):
                break
            if back_to is not None and reaches_back(each_once(found), back_to, self._client.time_there()):
                break
        return Listing(each_once(found), is_last and not skipped, skipped)
