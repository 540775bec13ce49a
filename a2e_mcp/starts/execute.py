"""Carrying a start out: the balance, the steps on the way, the charging request, and what came of it written down.

From here on the work belongs to this process and not to whoever asked. A lost answer is looked for in the account and
never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from a2e_mcp.catalogue.capability import JobFamily, Reply, Request, RequestT, State
from a2e_mcp.catalogue.records import JobRecord, Rows
from a2e_mcp.catalogue.tool import InputsT, StartTool
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import (
    A2EError,
    AnswerLost,
    Charged,
    InputError,
    NotEnoughCredits,
    NotFound,
    Refused,
    SettingsError,
)
from a2e_mcp.jobs.service import Job, Jobs
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import JobId, is_id
from a2e_mcp.ledger.leases import heartbeat, is_resumable
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.job_start import Steps, candidate_requests
from a2e_mcp.starts.plan import Plan, Purchase, Started
from a2e_mcp.starts.pricing import Price, Spending, amount
from a2e_mcp.starts.progress import StartProgress
from a2e_mcp.starts.resolve import ResolvedInputs

_LOOKS = (0.0, 1.5, 3.0)


class StartExecutor:
    """Carries out starts that the ledger knows of."""

    def __init__(
        self,
        *,
        client: A2EClient,
        ledger: Ledger,
        jobs: Jobs,
        spending: Spending,
        steps: Steps,
        under_way: StartProgress,
        pause: Callable[[float], Awaitable[None]],
        beat_seconds: float,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._jobs = jobs
        self._spending = spending
        self._steps = steps
        self._under_way = under_way
        self._pause = pause
        self._beat_seconds = beat_seconds

    def may_be_charged(self, entry_id: str) -> bool:
        """Whether a request of this start may be charged just now, so that it must not be cut off."""
        return self._steps.may_be_charged(entry_id)

    async def carry_out(self, entry: LedgerEntry, plan: Plan) -> Started:
        """Do what is charged and say what came of it. Raises A2EError, which the ledger then knows too."""
        meter = ChargeMeter(self._spending, self._ledger, entry)
        async with heartbeat(self._ledger, entry.id, self._beat_seconds):
            try:
                _check_balance(plan.price, await meter.begin())
                await plan.make(entry, meter)
            except SettingsError:
                # The ledger missed what happened: that may be a charge, so this is no refusal.
                await self._interrupted(entry.id)
                raise
            except A2EError as problem:
                await self._write_down(entry.id, meter, problem)
                raise
            except BaseException:
                await self._interrupted(entry.id)
                raise
            finally:
                self._steps.unprotect(entry.id)
        entry = await meter.settle()
        return Started(await self.standing(entry), plan.price, (await self._ledger.entry(entry.id)).charged)

    async def standing(self, entry: LedgerEntry) -> list[Job]:
        """How the jobs of an entry stand now."""
        return [await self._steps.now(JobId(*handle.split(":")), entry) for handle in entry.job_ids]

    async def make_job(
        self, tool: StartTool[InputsT], inputs: InputsT, found: ResolvedInputs, entry: LedgerEntry, meter: ChargeMeter
    ) -> LedgerEntry:
        """Take the steps on the way and send the one request that makes the job."""
        resolved = await self._steps.prepare(tool, inputs, found, entry, meter)
        tried = list(candidate_requests(tool, inputs, resolved))
        self._steps.protect(entry.id)
        if await self._ledger.transition(entry.id, "intended", phase="sent", sent=self._ledger.now()) is None:
            # This process was silent for so long that another server took the start for dead and made it anew.
            raise InputError("Another server on this computer has taken this start over", hint="Call list_jobs")
        self._under_way.begin(entry.id, f"Asking A2E for {tool.family.about}")
        try:
            family, records = await self._sent(entry, tried)
        except AnswerLost as lost:
            entry = await self._ledger.update(entry.id, phase="unknown", note=str(lost), raw=lost.raw)
            entry = await self._look_again(entry, lost)
        except Refused as problem:
            problem.hint = problem.hint or tool.when_refused(inputs, resolved)
            raise
        else:
            jobs = [self._jobs.job(family, record) for record in records]
            job_ids = [job.job_id for job in jobs]
            entry = await self._ledger.update(entry.id, phase="started", job_ids=job_ids, state=jobs[0].state)
            if family.detail is None:
                # Nobody can be asked about it later: what this answer tells is kept.
                await self._jobs.seen(family, records)
                for job in jobs:
                    await self._ledger.update(entry.id, note=job.note)
        await meter.measure_step(entry.family, entry.units or 1.0)
        return await self._ledger.entry(entry.id)

    async def _sent(
        self, entry: LedgerEntry, tried: Iterable[tuple[JobFamily, Request]]
    ) -> tuple[JobFamily, Sequence[JobRecord]]:
        """Send the request that makes the job, and the older one when A2E has retired the newer."""
        retired = NotFound("A2E has no call for this")
        for family, request in tried:
            if family.name != entry.family:
                # A lost answer is looked for where its entry's family says.
                await self._ledger.merge_details(entry.id, first_family=entry.family)
                entry = await self._ledger.update(entry.id, family=family.name)
            try:
                reply = await self._client.call(family.start, request)
            except NotFound as problem:
                retired = problem
                continue
            records = _records(reply)
            if not records:
                raise AnswerLost(f"{family.start.name}: A2E's answer names no job", raw=reply.model_dump_json())
            return family, records
        raise retired

    async def make_purchase(self, purchase: Purchase[RequestT], entry: LedgerEntry, meter: ChargeMeter) -> LedgerEntry:
        """Make the one charged call, and keep its answer before its price is looked for."""

        async def keep(reply: Reply) -> None:
            await self._ledger.merge_details(entry.id, **purchase.keep(entry, reply))
            await self.at_once(entry, note=purchase.note, state=purchase.state)
            await self._ledger.merge_details(entry.id, paying=None)

        self._under_way.begin(entry.id, f"Asking A2E for {purchase.title}")
        await self._steps.make(purchase.capability, purchase.request, purchase.estimate.units, entry, meter, keep=keep)
        return await self._ledger.entry(entry.id)

    async def at_once(
        self, entry: LedgerEntry, *urls: str, note: str | None = None, state: State = "succeeded"
    ) -> LedgerEntry:
        """Write down what A2E did at once and gave no id."""
        return await self._ledger.update(
            entry.id, phase="started", job_ids=[entry.own_job_id], results=list(urls), state=state, note=note
        )

    async def _look_again(self, entry: LedgerEntry, lost: AnswerLost) -> LedgerEntry:
        """A job whose answer was lost may be in the account all the same, a fresh one after a moment."""
        self._under_way.begin(entry.id, "A2E's answer was lost: looking for the job in the account")
        for seconds in _LOOKS:
            await self._pause(seconds)
            try:
                entry = await self._jobs.find_again(entry)
            except A2EError:
                continue
            if entry.job_ids:
                return entry
        lost.hint = (
            f"It was looked for in the account and not found yet. Do not start it again: check_status of"
            f" {entry.own_job_id}, list_jobs and the same start look for it again"
        )
        raise lost

    async def _write_down(self, entry_id: str, meter: ChargeMeter, problem: A2EError) -> None:
        if isinstance(problem, AnswerLost) and problem.charged is Charged.UNKNOWN:
            # Nothing is settled: what may have been charged counts as charged until it is known better.
            problem.hint = problem.hint or "Do not repeat it by itself: ask the user, then again=true tries once more"
            await self._ledger.update(entry_id, phase="unknown", note=str(problem), raw=problem.raw)
            return
        entry = await meter.settle()
        if problem.charged is Charged.NOTHING and entry.details.speech:
            problem.charged = Charged.SPEECH
        elif problem.charged is Charged.NOTHING and entry.details.uploads and entry.charged != 0:
            problem.charged = Charged.UPLOADS
        await self._ledger.update(entry_id, phase="refused", note=str(problem))

    async def _interrupted(self, entry_id: str) -> None:
        entry = await self._ledger.entry(entry_id)
        if entry.phase == "intended" and entry.paying is None and not is_resumable(entry):
            await self._ledger.update(entry_id, phase="refused", note="It was interrupted before it was sent.")
        else:
            await self._ledger.release(entry_id)


def _check_balance(price: Price, balance: float | None) -> None:
    if balance is not None and balance < price.least:
        raise NotEnoughCredits(
            f"Not enough credits: this costs about {amount(price.least)}, the account has {amount(balance)}",
            hint="Add credits at video.a2e.ai, or make the job smaller",
        )


def _records(reply: object) -> list[JobRecord]:
    """The jobs that an answer names by ids they can be asked for."""
    rows = reply.rows if isinstance(reply, Rows) else [reply]
    return [row for row in rows if isinstance(row, JobRecord) and is_id(row.id)]
