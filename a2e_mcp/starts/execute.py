"""Carrying a start out: the balance, what is bought, and what came of it written down.

A start is built from the data that the ledger holds, so that it belongs to no caller. A lost answer is looked for in
the account and never sent again by itself. What an error says about the money and what to do next is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from a2e_mcp import __version__
from a2e_mcp.catalogue.declaration.tool import VoiceChoice
from a2e_mcp.errors import (
    A2EError,
    AnswerLost,
    Charged,
    ContentStopped,
    MoneyRefused,
    NotEnoughCredits,
    Refused,
    SettingsError,
    TakenOver,
)
from a2e_mcp.jobs.job import Job
from a2e_mcp.ledger.codec import from_stored
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.ledger.leases import heartbeat
from a2e_mcp.ledger.states import is_resumable
from a2e_mcp.starts.charge_meter import ChargeMeter, GroupMeter
from a2e_mcp.starts.job_start import job_from_data
from a2e_mcp.starts.payments import INTERRUPTED, KEPT_SECONDS
from a2e_mcp.starts.plan import Item, StartContext, Started
from a2e_mcp.starts.pricing import Price, amount, credits_of
from a2e_mcp.starts.purchase import Keeper, PurchaseItem, purchase_from_data
from a2e_mcp.starts.resolve import local_file_from_data
from a2e_mcp.starts.speech import SpeechItem
from a2e_mcp.starts.trace_context import span_of
from a2e_mcp.starts.upload import UploadItem


class StartExecutor:
    """Carries out starts that the ledger knows of; `keepers` take what was bought, by family."""

    def __init__(self, context: StartContext, keepers: Mapping[str, Keeper], beat_seconds: float) -> None:
        self._context = context
        self._ledger = context.ledger
        self._keepers = keepers
        self._beat_seconds = beat_seconds
        self._group = GroupMeter(context.spending, context.ledger)

    def item(self, start: StoredStart, title: str) -> Item:
        """What a start buys, built from its data. Raises SettingsError for what only another version can carry out."""
        try:
            return self._built(start, title)
        except (LookupError, ValueError) as problem:
            writer = "another version of a2e-mcp" if start.version is None else f"a2e-mcp {start.version}"
            raise SettingsError(
                f"This start ({start.kind} {start.tool}) was written by {writer}, and a2e-mcp {__version__} cannot "
                "carry it out; it stays in the ledger",
                charged=Charged.NOTHING,
                hint="Update a2e-mcp",
            ) from problem

    def _built(self, start: StoredStart, title: str) -> Item:
        match start.kind:
            case "job":
                return job_from_data(self._context, start, title)
            case "speech":
                voice = from_stored(VoiceChoice, start.resolved["voice"])
                script, speed, most = start.inputs["script"], start.inputs["speed"], start.options.get("max_credits")
                return SpeechItem(self._context, script, voice, speed, max_credits=most)
            case "upload":
                return UploadItem(self._context, local_file_from_data(start.resolved["file"]))
            case "purchase":
                return PurchaseItem(self._context, purchase_from_data(start), self._keepers.get(start.family))
            case _:
                raise LookupError(start.kind)

    async def execute(self, entry: LedgerEntry, item: Item, price: Price) -> LedgerEntry:
        """Buy what is charged and give the entry with what came of it. Raises A2EError, which the ledger knows too."""
        self._group.begin(entry.id)
        is_cut = False
        try:
            with span_of(entry), self._context.payments.carrying(entry):
                return await self._execute(entry, item, price)
        except asyncio.CancelledError:
            is_cut = True
            raise
        finally:
            # A server that ends waits for no balance.
            await self._group.end(books=not is_cut)

    async def _execute(self, entry: LedgerEntry, item: Item, price: Price) -> LedgerEntry:
        meter = ChargeMeter(self._context.spending, self._ledger, entry)
        async with heartbeat(self._ledger, entry.id, self._beat_seconds):
            try:
                balance = await meter.begin()
                self._group.balance_read(balance)
                self._check_balance(price, balance)
                results = await item.execute(entry, meter)
                if results:
                    await self._context.finish_at_once(entry, results=results)
            except SettingsError:
                # The ledger missed what happened: that may be a charge, so this is no refusal.
                await self._interrupted(entry.id)
                raise
            except TakenOver:
                # What the ledger says of it is the other one's business.
                raise
            except A2EError as problem:
                raise await self._explained(entry.id, meter, problem) from problem
            except BaseException:
                await self._interrupted(entry.id)
                raise
        return await meter.settle()

    async def started(self, entry: LedgerEntry, price: Price) -> Started:
        """What is answered about a start that has been carried out: its jobs, and what it cost."""
        jobs = await self.jobs_of(entry)
        # A2E's word about a job, which may be its price, is written down with it.
        return Started(jobs, price, (await self._ledger.entry(entry.id)).charged)

    async def jobs_of(self, entry: LedgerEntry) -> list[Job]:
        """The jobs of an entry as they are now; when A2E cannot say, as the ledger knows them."""
        return [await self._job(JobId(*job_id.split(":")), entry) for job_id in entry.job_ids]

    async def living_jobs_of(self, entry: LedgerEntry) -> list[Job]:
        """The jobs of an entry as they are now; none when all have failed, were deleted, or their files are gone."""
        jobs = []
        for text in entry.job_ids:
            job_id = JobId(*text.split(":"))
            if await self._context.jobs.is_gone(job_id):
                continue
            job = await self._job(job_id, entry)
            if job.state != "failed" and not await self._has_lost_files(entry, job):
                jobs.append(job)
        return jobs

    async def _has_lost_files(self, entry: LedgerEntry, job: Job) -> bool:
        """Whether a finished job's first file is gone; young ones are not looked at."""
        if job.state != "succeeded" or not job.results or self._ledger.now() - entry.created < KEPT_SECONDS:
            return False
        return await self._context.files.is_gone(job.results[0])

    async def _job(self, job_id: JobId, entry: LedgerEntry) -> Job:
        try:
            return await self._context.jobs.check(job_id)
        except A2EError:
            known = self._context.jobs.of_entry(entry)
            return next((job for job in known if job.job_id == str(job_id)), known[0])

    async def _explained(self, entry_id: str, meter: ChargeMeter, problem: A2EError) -> A2EError:
        """Write down why a start failed; the error with what it cost and what to do next."""
        if isinstance(problem, ContentStopped):
            problem = await self._with_charge(entry_id, meter, problem)
        elif isinstance(problem, Refused):
            problem = await self._disbelieved(entry_id, meter, problem)
        if isinstance(problem, AnswerLost) and problem.charged is Charged.UNKNOWN:
            # Nothing is settled: what may have been charged counts as charged until it is known better.
            hint = problem.hint or "Do not retry automatically. Ask the user, then retry with again=true"
            explained = problem.advised(hint=hint)
            await self._ledger.update(entry_id, phase="unknown", note=str(explained), raw=explained.raw)
            return explained
        entry = await meter.settle()
        charged = problem.charged
        if charged is Charged.NOTHING and entry.details.speech:
            charged = Charged.SPEECH
        elif charged is Charged.NOTHING and entry.details.uploads and entry.charged != 0:
            charged = Charged.UPLOADS
        failed = problem.advised(charged=charged)
        if entry.details.awaited_until is None:
            await self._ledger.update(entry_id, phase="refused", note=self._context.noted(failed, entry))
        else:
            # Its one-time address takes the file again: a dropped connection must not use it up.
            await self._ledger.merge_details(entry_id, paying=None)
            await self._ledger.update(entry_id, phase="intended", note=None, beat=0.0)
        return failed

    async def _with_charge(self, entry_id: str, meter: ChargeMeter, stopped: ContentStopped) -> A2EError:
        """A stop by A2E's content check, with what the balance says that it cost."""
        entry = await self._ledger.entry(entry_id)
        await meter.measure_step(entry.family, 0.0)
        cost = (await self._ledger.entry(entry_id)).details.measured[entry.family].credits
        if cost is None:
            return stopped.advised(charged=Charged.UNKNOWN)
        if not cost:
            return stopped.advised(charged=Charged.NOTHING)
        return stopped.advised(message=f"{stopped.message}; it cost {credits_of(cost)} all the same")

    async def _disbelieved(self, entry_id: str, meter: ChargeMeter, refusal: Refused) -> A2EError:
        """A refusal of a charged call; an answer that is lost when credits are missing all the same."""
        entry = await self._ledger.entry(entry_id)
        if entry.paying is None and entry.phase != "sent":
            return refusal
        missing = await meter.fallen()
        if not missing:
            return refusal
        return AnswerLost(
            f"{refusal.message.rstrip('. ')}; but the balance fell by {credits_of(missing)}",
            hint=f"Do not start it again; check_status of {entry.own_job_id} and list_jobs look for it",
            trace_id=refusal.trace_id,
            status=refusal.status,
        )

    async def _interrupted(self, entry_id: str) -> None:
        entry = await self._ledger.entry(entry_id)
        if entry.deferred:
            # Another worker carries it on.
            return
        if entry.paying is None and not (is_resumable(entry) or entry.is_awaited):
            refused = await self._ledger.transition(entry_id, "intended", phase="refused", note=INTERRUPTED)
            if refused is not None:
                return
        await self._ledger.release(entry_id)

    def _check_balance(self, price: Price, balance: float | None) -> None:
        if balance is None and self._context.ceilings.is_only_one(price):
            # Without a price only the balance says what was spent: this would count as nothing, and so would the next.
            steps = " and ".join(price.unknown)
            raise MoneyRefused(
                f"The price of {steps} is not known, and A2E does not say now how many credits are left, so what it"
                " costs could not be counted under the limit of 24 hours",
                hint="Retry in a minute",
            )
        if balance is not None and balance < price.least:
            raise NotEnoughCredits(
                f"Not enough credits: this costs about {amount(price.least)}, the account has {amount(balance)}",
                hint="Add credits at video.a2e.ai, or make the job smaller",
            )
