"""Carrying a start out: the balance, the steps on the way, the charging request, and what came of it written down.

From here on the work belongs to this process and not to whoever asked. A lost answer is looked for in the account and
never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from a2e_mcp.catalogue.capability import Capability, JobFamily, Reply, Request, RequestT, State
from a2e_mcp.catalogue.records import JobRecord, Rows
from a2e_mcp.catalogue.tool import Estimate, InputsT, StartTool
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
from a2e_mcp.jobs.service import FIRST_FAMILY, Job, Jobs
from a2e_mcp.ledger.job_ids import JobId, is_id
from a2e_mcp.ledger.leases import goes_on, heartbeat
from a2e_mcp.ledger.store import Entry, Ledger
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.job_start import Steps, candidate_requests
from a2e_mcp.starts.pricing import Price, Spending, amount
from a2e_mcp.starts.progress import StartProgress
from a2e_mcp.starts.resolve import ResolvedInputs

SAME_START_SECONDS = 600.0
"""An identical start within this time is the first one."""

_LOOKS = (0.0, 1.5, 3.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """A start that is checked and priced; `make` does what is charged and gives the entry with its handles."""

    family: str
    title: str
    fingerprint: str
    price: Price
    units: float
    consent: str | None
    make: Callable[[Entry, ChargeMeter], Awaitable[Entry]]
    warning: str | None = None
    same_within: float = SAME_START_SECONDS
    steps: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Purchase(Generic[RequestT]):
    """One charged call that is done when A2E answers; `note` says what there is then.

    `keep` is told the entry and the answer, and gives what the ledger remembers of them. What is bought for a while
    is `running` until somebody ends it.
    """

    family: str
    title: str
    capability: Capability[RequestT, Any]
    request: RequestT
    estimate: Estimate
    note: str
    keep: Callable[[Entry, Any], Mapping[str, Any]] = lambda _, __: {}
    state: State = "succeeded"


@dataclass(frozen=True, slots=True)
class Started:
    """What came of a start; `pending` when it is still being carried out, `repeated` when it is an earlier one.

    `warning` is one sentence about what was asked for, such as a voice of another language than the script.
    """

    jobs: Sequence[Job]
    price: Price | None
    charged: float | None = None
    repeated: bool = False
    pending: bool = False
    warning: str | None = None


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

    async def carry_out(self, entry: Entry, plan: Plan) -> Started:
        """Do what is charged and say what came of it. Raises A2EError, which the ledger then knows too."""
        meter = ChargeMeter(self._spending, self._ledger, entry.id)
        async with heartbeat(self._ledger, entry.id, self._beat_seconds):
            try:
                _check_balance(plan.price, await meter.begin())
                await plan.make(entry, meter)
            except SettingsError:
                # The ledger missed what happened: that may be a charge, so this is no refusal.
                self._interrupted(entry.id)
                raise
            except A2EError as problem:
                self._write_down(entry.id, meter, problem)
                raise
            except BaseException:
                self._interrupted(entry.id)
                raise
        entry = meter.settle()
        return Started(await self.standing(entry), plan.price, self._ledger.entry(entry.id).charged)

    async def standing(self, entry: Entry) -> list[Job]:
        """How the jobs of an entry stand now."""
        return [await self._steps.now(JobId(*handle.split(":")), entry) for handle in entry.handles]

    async def make_job(
        self, tool: StartTool[InputsT], inputs: InputsT, found: ResolvedInputs, entry: Entry, meter: ChargeMeter
    ) -> Entry:
        """Take the steps on the way and send the one request that makes the job."""
        resolved = await self._steps.prepare(tool, inputs, found, entry, meter)
        tried = list(candidate_requests(tool, inputs, resolved))
        if self._ledger.move(entry.id, "intended", phase="sent", sent=self._ledger.now()) is None:
            # This process was silent for so long that another server took the start for dead and made it anew.
            raise InputError("Another server on this computer has taken this start over", hint="Call list_jobs")
        self._under_way.begin(entry.id, f"Asking A2E for {tool.family.about}")
        try:
            family, records = await self._sent(entry, tried)
        except AnswerLost as lost:
            entry = self._ledger.update(entry.id, phase="unknown", note=str(lost), raw=lost.raw)
            entry = await self._look_again(entry, lost)
        except Refused as problem:
            problem.hint = problem.hint or tool.when_refused(inputs, resolved)
            raise
        else:
            jobs = [self._jobs.job(family, record) for record in records]
            handles = [job.job_id for job in jobs]
            entry = self._ledger.update(entry.id, phase="started", handles=handles, state=jobs[0].state)
            if family.detail is None:
                # Nobody can be asked about it later: what this answer tells is kept.
                for record, job in zip(records, jobs, strict=True):
                    self._jobs.seen(family, record)
                    self._ledger.update(entry.id, note=job.note)
        await meter.lap(entry.family, entry.units or 1.0)
        return self._ledger.entry(entry.id)

    async def _sent(
        self, entry: Entry, tried: Iterable[tuple[JobFamily, Request]]
    ) -> tuple[JobFamily, Sequence[JobRecord]]:
        """Send the request that makes the job, and the older one when A2E has retired the newer."""
        retired = NotFound("A2E has no call for this")
        for family, request in tried:
            if family.name != entry.family:
                # A lost answer is looked for where its entry's family says.
                self._ledger.remember(entry.id, **{FIRST_FAMILY: entry.family})
                entry = self._ledger.update(entry.id, family=family.name)
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

    async def make_purchase(self, purchase: Purchase[RequestT], entry: Entry, meter: ChargeMeter) -> Entry:
        """Make the one charged call, and keep its answer before its price is looked for."""

        def keep(reply: Reply) -> None:
            self._ledger.remember(entry.id, **purchase.keep(entry, reply))
            self.at_once(entry, note=purchase.note, state=purchase.state)
            self._ledger.remember(entry.id, paying=None)

        self._under_way.begin(entry.id, f"Asking A2E for {purchase.title}")
        await self._steps.make(purchase.capability, purchase.request, purchase.estimate.units, entry, meter, keep=keep)
        return self._ledger.entry(entry.id)

    def at_once(self, entry: Entry, *urls: str, note: str | None = None, state: State = "succeeded") -> Entry:
        """Write down what A2E did at once and gave no id."""
        return self._ledger.update(
            entry.id, phase="started", handles=[entry.own_job_id], results=list(urls), state=state, note=note
        )

    async def _look_again(self, entry: Entry, lost: AnswerLost) -> Entry:
        """A job whose answer was lost may be in the account all the same, a fresh one after a moment."""
        self._under_way.begin(entry.id, "A2E's answer was lost: looking for the job in the account")
        for seconds in _LOOKS:
            await self._pause(seconds)
            try:
                entry = await self._jobs.find_again(entry)
            except A2EError:
                continue
            if entry.handles:
                return entry
        lost.hint = (
            f"It was looked for in the account and not found yet. Do not start it again: check_status of"
            f" {entry.own_job_id}, list_jobs and the same start look for it again"
        )
        raise lost

    def _write_down(self, entry_id: str, meter: ChargeMeter, problem: A2EError) -> None:
        if isinstance(problem, AnswerLost) and problem.charged is Charged.UNKNOWN:
            # Nothing is settled: what may have been charged counts as charged until it is known better.
            problem.hint = problem.hint or "Do not repeat it by itself: ask the user, then again=true tries once more"
            self._ledger.update(entry_id, phase="unknown", note=str(problem), raw=problem.raw)
            return
        entry = meter.settle()
        if problem.charged is Charged.NOTHING and entry.steps.get("speech"):
            problem.charged = Charged.SPEECH
        elif problem.charged is Charged.NOTHING and entry.steps.get("uploads") and entry.charged != 0:
            problem.charged = Charged.UPLOADS
        self._ledger.update(entry_id, phase="refused", note=str(problem))

    def _interrupted(self, entry_id: str) -> None:
        entry = self._ledger.entry(entry_id)
        if entry.phase == "intended" and entry.paying is None and not goes_on(entry):
            self._ledger.update(entry_id, phase="refused", note="It was interrupted before it was sent.")
        else:
            self._ledger.release(entry_id)


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
