"""The one way anything is charged.

Resolve names, fingerprint, consent, price, ceilings, an intent in the ledger, uploads, speech, the request, its Job.
A2E charges when a job is created and has no idempotency key: from the intent on the work belongs to this process and
not to whoever asked, a lost answer is looked for and never sent again by itself, and the same start within ten minutes
is the first one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

from a2e_mcp.capability import Inputs, InputsT, StartTool, Tool
from a2e_mcp.catalogue.base import JobRecord, Rows
from a2e_mcp.catalogue.voices import SpeechInputs, spoken_seconds
from a2e_mcp.client import A2EClient
from a2e_mcp.errors import A2EError, AnswerLost, Charged, InputError, NotEnoughCredits
from a2e_mcp.files import LocalFile
from a2e_mcp.handles import SPEECH, UPLOAD, Handle
from a2e_mcp.jobs import Job, Jobs
from a2e_mcp.ledger import Entry, Ledger
from a2e_mcp.resolving import Found, Resolver, fingerprint
from a2e_mcp.spending import Price, Spending
from a2e_mcp.steps import Meter, Steps

SAME_START_SECONDS = 600.0
"""An identical start within this time is the first one."""

_ABANDONED_SECONDS = 60.0
_CLOSING_SECONDS = 3.0
_LOOKS = (0.0, 1.5, 3.0)
_LONGEST_TITLE = 40
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What every start may be told besides its inputs."""

    max_credits: float | None = None
    again: bool = False
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """What came of a start; `pending` when it is still being carried out, `repeated` when it is an earlier one."""

    jobs: Sequence[Job]
    price: Price | None
    charged: float | None = None
    repeated: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """A start that is checked and priced; `carry_out` does what is charged and writes down what came of it."""

    family: str
    title: str
    fingerprint: str
    price: Price
    units: float
    consent: str | None
    carry_out: Callable[[Entry, Meter], Awaitable[Entry]]
    first_steps: dict[str, Any] = field(default_factory=dict)


class Starts:
    """Carries out starts; on leaving, a request in flight is given a moment to be recorded."""

    def __init__(
        self,
        *,
        client: A2EClient,
        ledger: Ledger,
        jobs: Jobs,
        resolver: Resolver,
        spending: Spending,
        steps: Steps,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._jobs = jobs
        self._resolver = resolver
        self._spending = spending
        self._steps = steps
        self._pause = pause
        self._tasks: dict[str, asyncio.Task[Started]] = {}
        jobs.starting = self._tasks.__contains__

    async def __aenter__(self) -> Starts:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for entry_id, task in self._tasks.items():
            if self._ledger.entry(entry_id).phase != "sent":
                task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=_CLOSING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def start(
        self, tool: StartTool[InputsT], inputs: InputsT, options: StartOptions, *, within: float
    ) -> Started:
        """Start a job and answer within so many seconds, finished or not.

        Raises InputError, FileRefused or MoneyRefused before anything is sent; ServiceError after.
        """
        until = asyncio.get_running_loop().time() + within
        return await self._run(await self._plan_job(tool, inputs, options), options, until)

    async def speak(self, inputs: SpeechInputs, options: StartOptions, *, within: float) -> Started:
        """Speak a text; the answer's result is the sound file."""
        until = asyncio.get_running_loop().time() + within
        return await self._run(await self._plan_speech(inputs), options, until)

    async def upload(self, file: LocalFile, options: StartOptions, *, within: float) -> Started:
        """Send a file to A2E's storage; the answer's result is its address."""
        until = asyncio.get_running_loop().time() + within
        return await self._run(await self._plan_upload(file), options, until)

    async def quote(self, tool: Tool[Any], inputs: Inputs) -> Price:
        """What a start would cost; sends nothing that is charged."""
        if isinstance(tool, StartTool):
            found = await self._resolver.resolve(inputs, tool.speech)
            return await self._steps.price(tool, inputs, found, self._title(tool.family.about, inputs, ""))
        if isinstance(inputs, SpeechInputs):
            return (await self._plan_speech(inputs)).price
        raise InputError(f"{tool.name} costs nothing")

    async def _run(self, plan: _Plan, options: StartOptions, until: float) -> Started:
        self._spending.check(plan.price, options.max_credits)
        entry, new = self._ledger.intend(
            family=plan.family,
            title=plan.title,
            fingerprint=plan.fingerprint,
            consent=plan.consent,
            expected=plan.price.total,
            units=plan.units,
            window=None if options.again else SAME_START_SECONDS,
        )
        if not new:
            earlier = await self._earlier(entry, plan.price, until)
            return earlier or await self._run(plan, options, until)
        if plan.first_steps:
            entry = self._ledger.update(entry.id, steps=plan.first_steps)
        task = asyncio.create_task(self._carry_out(entry, plan))
        self._tasks[entry.id] = task
        task.add_done_callback(lambda done: self._forget(entry.id, done))
        return await self._outcome(entry, plan.price, task, until)

    async def _outcome(self, entry: Entry, price: Price, task: asyncio.Task[Started], until: float) -> Started:
        # asyncio.wait leaves the task alone when the call that waits is cut.
        await asyncio.wait({task}, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if task.done():
            return task.result()
        return Started(self._jobs.of_entry(self._ledger.entry(entry.id)), price, pending=True)

    async def _earlier(self, entry: Entry, price: Price, until: float) -> Started | None:
        """The same start, made a moment ago; None when it turns out that it never left."""
        task = self._tasks.get(entry.id)
        if task is not None:
            first = await self._outcome(entry, price, task, until)
            return Started(first.jobs, price, first.charged, repeated=True, pending=first.pending)
        if entry.phase == "intended":
            if self._ledger.now() - entry.created < _ABANDONED_SECONDS:
                raise InputError("The same start is being carried out right now", then="Call list_jobs in a minute")
            self._ledger.update(entry.id, phase="refused", note="It was interrupted before it was sent.")
            return None
        if not entry.handles:
            entry = await self._jobs.find_again(entry)
        if not entry.handles:
            raise AnswerLost(
                "The same start was sent a moment ago, its answer was lost, and the job is not in the account",
                then="Look in list_jobs later; to send it once more on purpose, ask the user and use again=true",
            )
        answers = [await self._steps.now(Handle(*handle.split(":")), entry) for handle in entry.handles]
        return Started(answers, price, self._ledger.entry(entry.id).charged, repeated=True)

    async def _carry_out(self, entry: Entry, plan: _Plan) -> Started:
        meter = Meter(self._spending, self._ledger, entry.id, alone=lambda: len(self._tasks) == 1)
        balance = await meter.begin()
        try:
            if balance is not None and balance < plan.price.least:
                raise NotEnoughCredits(
                    f"Not enough credits: this costs about {plan.price.least:g}, the account has {balance:g}",
                    then="Add credits at video.a2e.ai, or make the job smaller",
                )
            entry = await plan.carry_out(entry, meter)
        except A2EError as problem:
            self._write_down(meter.settle(), plan.price, problem)
            raise
        entry = meter.settle()
        jobs = [await self._steps.now(Handle(*handle.split(":")), entry) for handle in entry.handles]
        return Started(jobs, plan.price, entry.charged)

    def _write_down(self, entry: Entry, price: Price, problem: A2EError) -> None:
        if entry.phase == "unknown":
            return
        if problem.charged is Charged.NOTHING and entry.steps.get("speech"):
            problem.charged = Charged.SPEECH
        # What may have been charged counts as charged until it is known better.
        charged = price.least if problem.charged is Charged.UNKNOWN else entry.charged
        self._ledger.update(entry.id, phase="refused", note=str(problem), charged=charged)

    def _forget(self, entry_id: str, task: asyncio.Task[Started]) -> None:
        self._tasks.pop(entry_id, None)
        if not task.cancelled() and (problem := task.exception()) is not None:
            # Whoever asked may be gone; what happened is also in the ledger.
            _log.info("start %s ended with: %s", entry_id, problem)

    # ------------------------------------------------------------------ jobs

    async def _plan_job(self, tool: StartTool[InputsT], inputs: InputsT, options: StartOptions) -> _Plan:
        found = await self._resolver.resolve(inputs, tool.speech)
        print_ = fingerprint(tool.name, inputs, found)
        if any(getattr(inputs, name) is not None for name in tool.likeness) and not (options.consent or "").strip():
            raise InputError(
                "consent is missing: this uses a person's face or voice",
                then="Ask the user who agreed and how that is known, then give it as one sentence in consent",
            )
        title = self._title(tool.family.about, inputs, print_)
        price = await self._steps.price(tool, inputs, found, title)
        first_steps: dict[str, Any] = {"count": getattr(inputs, "count", 1)}
        if tool.family.found_again == "by_id":
            first_steps["id"] = _known_id(found)
        return _Plan(
            family=tool.family.name,
            title=title,
            fingerprint=print_,
            price=price,
            units=tool.estimate(inputs, found.lengths).units,
            consent=options.consent,
            carry_out=lambda entry, meter: self._make_job(tool, inputs, found, entry, meter),
            first_steps=first_steps,
        )

    async def _make_job(
        self, tool: StartTool[InputsT], inputs: InputsT, found: Found, entry: Entry, meter: Meter
    ) -> Entry:
        resolved = await self._steps.prepare(tool, inputs, found, entry, meter)
        request = tool.to_request(inputs, resolved)
        entry = self._ledger.update(entry.id, phase="sent", sent=self._ledger.now())
        try:
            reply = await self._client.call(tool.family.start, request)
        except AnswerLost as lost:
            entry = self._ledger.update(entry.id, phase="unknown", note=str(lost), raw=lost.raw)
            return await self._look_again(entry, lost)
        records = [row for row in (reply.rows if isinstance(reply, Rows) else [reply]) if isinstance(row, JobRecord)]
        if not records:
            nameless = AnswerLost(f"{tool.family.start.name}: A2E named no job")
            entry = self._ledger.update(entry.id, phase="unknown", note=str(nameless))
            return await self._look_again(entry, nameless)
        jobs = [self._jobs.job(tool.family, record) for record in records]
        entry = self._ledger.update(
            entry.id, phase="started", handles=[job.job_id for job in jobs], state=jobs[0].state, note=None
        )
        await meter.lap(tool.family.name, entry.units or 1.0)
        return self._ledger.entry(entry.id)

    async def _look_again(self, entry: Entry, lost: AnswerLost) -> Entry:
        """A job whose answer was lost may be in the account all the same, a fresh one after a moment."""
        for seconds in _LOOKS:
            await self._pause(seconds)
            try:
                entry = await self._jobs.find_again(entry)
            except A2EError:
                continue
            if entry.handles:
                return entry
        lost.then = (
            "It was looked for in the account and not found yet. Do not start it again: "
            "list_jobs and the same start look for it again"
        )
        raise lost

    # ------------------------------------------------------- speech, uploads

    async def _plan_speech(self, inputs: SpeechInputs) -> _Plan:
        found = await self._resolver.resolve(inputs, None)
        voice = found.voices["voice"]
        price = await self._steps.price_of_speech(inputs.script, voice, inputs.speed)

        async def carry_out(entry: Entry, meter: Meter) -> Entry:
            url = await self._steps.speak(inputs.script, voice, inputs.speed, entry, meter)
            return self._at_once(entry, url)

        return _Plan(
            family=SPEECH,
            title=self._title("speech", inputs, ""),
            fingerprint=fingerprint(SPEECH, inputs, found),
            price=Price([price]),
            units=spoken_seconds(inputs.script, inputs.speed),
            consent=None,
            carry_out=carry_out,
        )

    async def _plan_upload(self, file: LocalFile) -> _Plan:
        price = await self._steps.price_of_upload(file)

        async def carry_out(entry: Entry, meter: Meter) -> Entry:
            return self._at_once(entry, await self._steps.upload(file, entry, meter))

        return _Plan(
            family=UPLOAD,
            title=file.path.name[:_LONGEST_TITLE],
            fingerprint=f"upload {file.sha256}",
            price=Price([price]),
            units=1,
            consent=None,
            carry_out=carry_out,
        )

    def _at_once(self, entry: Entry, url: str) -> Entry:
        return self._ledger.update(
            entry.id, phase="started", handles=[entry.own_handle], results=[url], state="succeeded"
        )

    @staticmethod
    def _title(about: str, inputs: Inputs, print_: str) -> str:
        """The label in A2E's list: the one given, else the first words, with four letters that tell starts apart."""
        given = getattr(inputs, "title", None) or getattr(inputs, "name", None)
        if isinstance(given, str) and given.strip():
            return " ".join(given.split())[:_LONGEST_TITLE]
        words = getattr(inputs, "script", None) or getattr(inputs, "prompt", None) or about
        mark = f" {print_[:4]}" if print_ else ""
        return " ".join(str(words).split())[: _LONGEST_TITLE - len(mark)].strip() + mark


def _known_id(found: Found) -> str:
    """The id of the avatar whose training goes on; A2E keeps it for the new job. Raises InputError."""
    twin = next((avatar.twin_id for avatar in found.avatars.values()), None)
    if twin is None:
        raise InputError("That is one of A2E's own avatars; only your own can be trained", then="Call list_avatars")
    return twin
