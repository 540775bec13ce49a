"""One Job over all families: what A2E says becomes one shape; jobs are checked, found again and deleted here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.capability import JobFamily
from a2e_mcp.catalogue.declaration.records import JobRecord
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import A2EError, InputError, NotFound, ServiceError
from a2e_mcp.files.progress import TransferProgress
from a2e_mcp.jobs.account_records import AT_ONCE, AccountRecords
from a2e_mcp.jobs.concurrency import at_most, or_problem
from a2e_mcp.jobs.entry_jobs import Links, add_known, job_of_entry, linked
from a2e_mcp.jobs.job import Job, normalise, remaining_seconds
from a2e_mcp.jobs.reconcile import ABSENT, AT_REST, is_overdue, matches, reaches_back, snapshot, works_on
from a2e_mcp.jobs.shared_answers import SharedAnswers
from a2e_mcp.ledger.details import RecordBefore
from a2e_mcp.ledger.entry import JobSeen, LedgerEntry
from a2e_mcp.ledger.job_ids import LEDGER_FAMILIES, JobId
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.text import sentences
from a2e_mcp.users.caller import current_user

_MANY = 10_000
_MOST_PAGES_BACK = 50
"""A lost start is looked for as far back as it was made, in accounts of up to 5,000 later jobs."""
_LOOKED_FOR_SECONDS = 3 * 86_400.0
_SHARED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for a lost start found: its entry, and jobs that may be it; not all may have been readable."""

    entry: LedgerEntry
    possible: Sequence[str] = ()
    is_complete: bool = True


class Jobs:
    """Reads jobs from A2E and keeps the ledger in step with them."""

    def __init__(
        self,
        client: A2EClient,
        ledger: Ledger,
        *,
        sandbox: bool,
        fresh: Callable[[str], str] = lambda url: url,
        on_disk: Callable[[str], Path | None] = lambda _: None,
        transfers: TransferProgress | None = None,
        links: Links | None = None,
    ) -> None:
        self._transfers, self._links = transfers or TransferProgress(), links
        self._fresh = fresh
        self._on_disk = on_disk
        self._client, self._ledger = client, ledger
        self._sandbox = sandbox
        self._records = AccountRecords(client)
        # The sandbox costs nothing to ask, and its clock may be moved at any time.
        self._shared = SharedAnswers[JobId, Job](0.0 if sandbox else _SHARED_SECONDS)

    async def check(self, job_id: JobId) -> Job:
        """The state of one job. Raises NotFound when A2E does not know it, ServiceError when it cannot be asked."""
        await self.require_visible(job_id)
        if _is_in_ledger_only(job_id):
            return await self._check_own(job_id)
        return await self._shared.get(job_id, lambda: self._check_there(job_id))

    async def require_visible(self, job_id: JobId) -> None:
        """Raises NotFound for a job that is not the caller's: to them it does not exist, even if A2E knows it."""
        user = current_user()
        if user is not None and await self._ledger.by_job_id(str(job_id), user=user) is None:
            raise NotFound("You have no job with this id", hint="Call list_jobs to find it")

    async def last_known(self, job_id: JobId) -> Job:
        """The state of one job as far as it is known without asking A2E."""
        entry = await self._ledger.by_job_id(str(job_id), user=current_user())
        jobs = [] if entry is None else self.of_entry(entry)
        unknown = Job(job_id=str(job_id), family=job_id.family, state="unknown", sandbox=self._sandbox)
        job = next((job for job in jobs if job.job_id == str(job_id)), unknown)
        return job.model_copy(update={"note": sentences(job.note, "A2E has not answered about it yet.")})

    def at_once(self, family_name: str) -> int:
        """How many jobs of a family one look may be about without keeping others waiting."""
        if family_name in LEDGER_FAMILIES or self._records.are_read_together(catalogue.family(family_name)):
            return _MANY
        return AT_ONCE

    async def read(self, family_name: str, ids: Iterable[str]) -> Mapping[str, Job | A2EError]:
        """The states of several jobs of a family, in as few requests as A2E allows; problems are returned as well."""
        wanted = list(dict.fromkeys(ids))
        own = [each for each in wanted if _is_in_ledger_only(JobId(family_name, each))]
        answers: dict[str, Job | A2EError] = {}
        for each in own:
            answers[each] = await or_problem(self._check_own(JobId(family_name, each)))
        rest = [each for each in wanted if each not in answers]
        if not rest:
            return answers
        family = catalogue.family(family_name)
        try:
            records = await self._records.together(family, rest)
        except A2EError as problem:
            return {**answers, **dict.fromkeys(rest, problem)}
        jobs = await self.seen(family, list(records.values()))
        answers.update(zip(records, jobs, strict=True))
        missing = [each for each in rest if each not in records]
        details = await at_most(AT_ONCE, lambda each: or_problem(self.check(JobId(family_name, each))), missing)
        return {**answers, **dict(zip(missing, details, strict=True))}

    async def find_again(self, entry: LedgerEntry) -> LedgerEntry:
        """Look for a start whose answer was lost, and adopt it when it is certainly the one.

        Returns the entry as it is now. Raises ServiceError when A2E cannot be asked.
        """
        return (await self.search(entry)).entry

    async def search(self, entry: LedgerEntry) -> Search:
        """Look for a start whose answer was lost, as its family says, and adopt it when it is certainly the one.

        Raises ServiceError when A2E cannot be asked.
        """
        entry = await self._ledger.entry(entry.id)
        if not entry.answer_lost or entry.family in LEDGER_FAMILIES:
            return Search(entry)
        family = catalogue.family(entry.family)
        if family.recovery == "by_id":
            return Search(await self._find_by_id(family, entry))
        if family.recovery == "never" or family.listing is None:
            return Search(entry)
        listing = await self._records.listed(family, pages=_MOST_PAGES_BACK, back_to=entry)
        entry, possible = await self._adopt(family, entry, listing.records)
        now_there = self._client.time_there()
        is_complete = listing.is_complete or (not listing.skipped and reaches_back(listing.records, entry, now_there))
        if is_complete and not possible and is_overdue(entry, self._ledger.now(), now_there):
            entry = await self._count_as_absent(entry)
        return Search(entry, [str(JobId(family.name, each.id)) for each in possible], is_complete=is_complete)

    async def _count_as_absent(self, entry: LedgerEntry) -> LedgerEntry:
        """Count a start as not made; should its job appear later all the same, it is adopted and counts again."""
        entry = await self._ledger.entry(entry.id)
        if not entry.answer_lost or entry.details.absent:
            return entry
        await self._ledger.merge_details(entry.id, absent=True)
        return await self._ledger.update(entry.id, note=ABSENT)

    async def snapshot(self, family: JobFamily, record_id: str) -> RecordBefore | None:
        """The state of the record that a job will work on; None when A2E does not say."""
        try:
            return snapshot(family, await self._records.detail(family, record_id))
        except ServiceError:
            return None

    async def is_gone(self, job_id: JobId) -> bool:
        """Whether A2E certainly knows a job no more, so that the ledger counts it as deleted.

        An answer of 404 may also come from something between here and A2E: the account's list must agree.
        """
        await self.require_visible(job_id)
        if _is_in_ledger_only(job_id):
            return False
        family = catalogue.family(job_id.family)
        try:
            await self._records.detail(family, job_id.id)
        except NotFound:
            try:
                listing = await self._records.listed(family)
            except A2EError:
                return False
            is_gone = listing.is_complete and all(record.id.lower() != job_id.id for record in listing.records)
            known = await self._ledger.by_job_id(str(job_id))
            if is_gone and known is not None and len(known.job_ids) == 1:
                await self._ledger.update(known.id, state="deleted", note="It is no longer in the account.")
            return is_gone
        except A2EError:
            return False
        return False

    async def account(self, family: JobFamily) -> tuple[list[Job], int]:
        """The newest jobs of a family in the account, and how many are unreadable; lost starts are found on the way."""
        listing = await self._records.listed(family, pages=1)
        records = listing.records
        by_name = family.recovery == "by_name"
        # Of many lost starts few can be among these.
        titles = {title for record in records if (title := record.first_text(family.name_fields)) is not None}
        since = self._ledger.now() - _LOOKED_FOR_SECONDS
        for entry in await self._ledger.lost(family.name, since=since, titles=titles if by_name else None):
            if by_name:
                await self._adopt(family, entry, records)
            else:
                await self.find_again(entry)
        user, seen = current_user(), await self._seen(family, records)
        # To a user, rows of the account that are not theirs do not exist.
        shown = [job for job, entry in seen if user is None or (entry is not None and entry.user == user)]
        return shown, listing.skipped if user is None else 0

    async def delete(self, job_id: JobId) -> tuple[JobId, str]:
        """Delete a job at A2E; its job id there, and what that means. Raises InputError where A2E has no such call."""
        await self.require_visible(job_id)
        if job_id.family in LEDGER_FAMILIES:
            raise InputError(f"A2E cannot delete {job_id.family} jobs; their files expire after a few days")
        family = catalogue.family(job_id.family)
        if job_id.own:
            entry = await self._settled(job_id)
            job_ids = [each for each in entry.job_ids if each != str(job_id)]
            if not job_ids:
                raise InputError("That job has no id at A2E yet, so it cannot be deleted", hint="Try again in a minute")
            job_id = JobId(job_id.family, job_ids[0].partition(":")[2])
        if family.remove is None:
            raise InputError(family.delete_note)
        await self._client.call(family.remove, family.remove.request.model_validate({"id": job_id.id}))
        self._shared.forget(job_id)
        if (known := await self._ledger.by_job_id(str(job_id))) is not None:
            await self._ledger.update(known.id, state="deleted")
        return job_id, family.delete_note

    def of_entry(self, entry: LedgerEntry) -> list[Job]:
        """What the ledger alone knows of a start, one Job per job id."""
        job_ids = [JobId(*each.split(":")) for each in entry.job_ids] or [JobId(entry.family, entry.id)]
        return [self._job_of_entry(entry, job_id) for job_id in job_ids]

    def job(self, family: JobFamily, record: JobRecord) -> Job:
        """One record of A2E as a Job."""
        job = normalise(family, record, sandbox=self._sandbox)
        job.remaining_seconds = remaining_seconds(family, job, self._client.time_there(), sandbox=self._sandbox)
        return self._located(job)

    @property
    def sandbox(self) -> bool:
        """Whether these are sandbox jobs."""
        return self._sandbox

    async def _check_there(self, job_id: JobId) -> Job:
        family = catalogue.family(job_id.family)
        (job,) = await self.seen(family, [await self._records.detail(family, job_id.id)])
        return job

    async def _check_own(self, job_id: JobId) -> Job:
        entry = await self._settled(job_id)
        real = [each for each in entry.job_ids if each != str(job_id)]
        if real and job_id.own:
            return await self.check(JobId(*real[0].split(":")))
        return await linked(self._job_of_entry(entry, job_id), entry, self._links)

    async def _settled(self, job_id: JobId) -> LedgerEntry:
        entry = await self._ledger.by_job_id(str(job_id))
        if entry is None or job_id.family not in (entry.family, entry.details.first_family):
            raise NotFound("Job not found in the ledger on this computer", hint="Call list_jobs to find it")
        return entry if self._ledger.is_under_way(entry) else await self.find_again(entry)

    def _job_of_entry(self, entry: LedgerEntry, job_id: JobId) -> Job:
        moved = self._transfers.moved(entry.id)
        under_way = self._ledger.is_under_way(entry)
        job = job_of_entry(entry, job_id, moved=moved, under_way=under_way, sandbox=self._sandbox)
        job.results = [self._fresh(url) for url in job.results]
        return self._located(job)

    def _located(self, job: Job) -> Job:
        """The job with the files behind its results that are on this computer."""
        job.on_disk = [str(path) for url in job.results if (path := self._on_disk(url)) is not None]
        return job

    async def _find_by_id(self, family: JobFamily, entry: LedgerEntry) -> LedgerEntry:
        known = entry.details.record_id
        if known is None:
            return entry
        record = await self._records.detail(family, known)
        if works_on(family, entry, record):
            return await self._take(family, entry, [record])
        return entry if entry.note == AT_REST else await self._ledger.update(entry.id, note=AT_REST)

    async def _adopt(
        self, family: JobFamily, entry: LedgerEntry, records: Sequence[JobRecord]
    ) -> tuple[LedgerEntry, Sequence[JobRecord]]:
        entry = await self._ledger.entry(entry.id)
        found = await matches(family, entry, records, self._ledger, self._client.time_there())
        return (await self._take(family, entry, found.certain) if found.certain else entry), found.possible

    async def _take(self, family: JobFamily, entry: LedgerEntry, records: Sequence[JobRecord]) -> LedgerEntry:
        jobs = [self.job(family, record) for record in records]
        job_ids, state = [job.job_id for job in jobs], jobs[0].state
        note = "A2E's answer to the start was lost; the job was found again in the account."
        return await self._ledger.update(entry.id, phase="started", job_ids=job_ids, state=state, note=note)

    async def seen(self, family: JobFamily, records: Sequence[JobRecord]) -> list[Job]:
        """Turn records into jobs, and write down in the ledger what they say about the end and the price."""
        return [job for job, _ in await self._seen(family, records)]

    async def _seen(self, family: JobFamily, records: Sequence[JobRecord]) -> list[tuple[Job, LedgerEntry | None]]:
        jobs = [self.job(family, record) for record in records]
        seen = [JobSeen(job.job_id, job.state, job.results, job.credits) for job in jobs]
        entries = await self._ledger.record_jobs(seen)
        for job, entry in zip(jobs, entries, strict=True):
            if entry is not None:
                add_known(await linked(job, entry, self._links), entry)
        return list(zip(jobs, entries, strict=True))


def _is_in_ledger_only(job_id: JobId) -> bool:
    """Whether only the ledger can tell its state: A2E gave it no id, or has no call to ask about it."""
    return job_id.own or job_id.family in LEDGER_FAMILIES or catalogue.family(job_id.family).ends_at_start
