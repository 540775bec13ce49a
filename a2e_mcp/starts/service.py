"""The one way anything is charged.

Resolve names, fingerprint, consent, price, ceilings, an intent in the ledger, uploads, speech, the request, its Job.
A2E charges when a job is created and has no idempotency key: from the intent on the work belongs to this process and
not to whoever asked, and the same start within ten minutes is the first one. `carrying` does what is charged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from types import TracebackType
from typing import Any

import anyio

from a2e_mcp.catalogue.capability import RequestT
from a2e_mcp.catalogue.tool import Inputs, InputsT, MediaIn, StartTool
from a2e_mcp.catalogue.voices import SpeechInputs, spoken_seconds
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import A2EError, AnswerLost, Charged, FileRefused, InputError
from a2e_mcp.files.local import Files, LocalFile
from a2e_mcp.files.progress import LARGE_FILE, QUICK_SECONDS
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.entry import Details, LedgerEntry, NewEntry
from a2e_mcp.ledger.job_ids import SPEECH, UPLOAD, JobId
from a2e_mcp.ledger.leases import resume_orphans
from a2e_mcp.ledger.store import HEARTBEAT_SECONDS, Existing, Inserted, Ledger, OverLimit
from a2e_mcp.lookup.language_warning import ScriptLanguages
from a2e_mcp.starts.ceilings import Ceilings
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.execute import StartExecutor
from a2e_mcp.starts.job_start import KEPT_SECONDS, Steps, candidate_requests, lengths_of
from a2e_mcp.starts.plan import SAME_START_SECONDS, Plan, Purchase, Quoted, Started, StartOptions
from a2e_mcp.starts.pricing import Price, Spending
from a2e_mcp.starts.progress import Deadline, StartProgress
from a2e_mcp.starts.resolve import ResolvedInputs, Resolver, fingerprint

__all__ = ["SAME_START_SECONDS", "Purchase", "Quoted", "StartOptions", "Started", "Starts"]

_LOOK_SECONDS = 0.25
_LONGEST_TITLE = 40
_log = logging.getLogger(__name__)


class Starts:
    """Carries out starts; on leaving, a request in flight is given a moment to be recorded."""

    def __init__(
        self,
        *,
        client: A2EClient,
        ledger: Ledger,
        jobs: Jobs,
        files: Files,
        resolver: Resolver,
        languages: ScriptLanguages,
        spending: Spending,
        ceilings: Ceilings,
        steps: Steps,
        under_way: StartProgress,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        closing_seconds: float = 3.0,
        beat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._executor = StartExecutor(
            client=client,
            ledger=ledger,
            jobs=jobs,
            spending=spending,
            steps=steps,
            under_way=under_way,
            pause=pause,
            beat_seconds=beat_seconds,
        )
        self._ledger = ledger
        self._jobs = jobs
        self._files = files
        self._resolver = resolver
        self._languages = languages
        self._spending = spending
        self._ceilings = ceilings
        self._steps = steps
        self._under_way = under_way
        self._pause = pause
        self._closing_seconds = closing_seconds
        self._beat_seconds = beat_seconds
        self._tasks: dict[str, asyncio.Task[Started]] = {}
        self._taking_over: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Starts:
        self._taking_over = asyncio.create_task(resume_orphans(self._ledger, UPLOAD, self._resume, self._beat_seconds))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._taking_over is not None:
            self._taking_over.cancel()
        for entry_id, task in self._tasks.items():
            if not self._executor.may_be_charged(entry_id):
                task.cancel()
        # A server that is told to end is left by cancellation, and what was sent must be written down all the same.
        with anyio.CancelScope(shield=True):
            await self._let_end()

    async def _let_end(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=self._closing_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def start(
        self, tool: StartTool[InputsT], inputs: InputsT, options: StartOptions, waiter: Deadline
    ) -> Started:
        """Start a job and answer in the waiter's time, finished or not, telling of its steps on the way.

        Raises InputError, FileRefused or MoneyRefused before anything is sent; ServiceError after.
        """
        return await self._run(await self._plan_job(tool, inputs, options), options, waiter)

    async def speak(self, inputs: SpeechInputs, options: StartOptions, waiter: Deadline) -> Started:
        """Speak a text; the answer's result is the sound file."""
        return await self._run(await self._plan_speech(inputs), options, waiter)

    async def upload(self, file: LocalFile, options: StartOptions, waiter: Deadline) -> Started:
        """Send a file to A2E's storage; the answer's result is its address."""
        waiter = waiter.at_most(QUICK_SECONDS) if file.size > LARGE_FILE else waiter
        return await self._run(await self._plan_upload(file), options, waiter)

    async def stop(self, handle: JobId) -> str:
        """Stop an upload and say what that means. Raises InputError for one that has ended."""
        entry = await self._ledger.by_job_id(str(handle))
        if entry is None or entry.family != UPLOAD:
            raise InputError("The ledger on this computer knows no such job", hint="Call list_jobs to find it")
        if entry.phase != "intended":
            raise InputError("A2E has no call to delete a file that was sent; it goes by itself after some days")
        task = self._tasks.get(entry.id)
        is_paying = entry.paying is not None or self._executor.may_be_charged(entry.id)
        if is_paying or (task is None and not await self._ledger.claim(entry.id)):
            raise InputError("That upload cannot be stopped from here just now", hint="Try again in a minute")
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._ledger.update(entry.id, phase="refused", state="deleted", note="It was stopped by delete_job.")
        return "It was stopped. What A2E charged for its upload address is not refunded."

    async def buy(self, purchase: Purchase[RequestT], options: StartOptions, waiter: Deadline) -> Started:
        """Make one charged call that is done when A2E answers."""
        return await self._run(await self._plan_purchase(purchase), options, waiter)

    async def quote(self, tool: StartTool[InputsT], inputs: InputsT) -> Quoted:
        """What a start would cost; sends nothing that is charged."""
        found = await self._resolver.resolve(inputs, tool.speech)
        return await self._priced(tool, inputs, found, self._title(tool.family.about, inputs, ""))

    async def quote_speech(self, inputs: SpeechInputs) -> Quoted:
        """What speaking a text would cost."""
        plan = await self._plan_speech(inputs)
        return Quoted(plan.price, plan.warning)

    async def quote_upload(self, file: LocalFile) -> Quoted:
        """What sending a file would cost."""
        return Quoted((await self._plan_upload(file)).price)

    async def quote_purchase(self, purchase: Purchase[RequestT]) -> Quoted:
        """What one charged call would cost."""
        return Quoted((await self._plan_purchase(purchase)).price)

    async def _priced(self, tool: StartTool[InputsT], inputs: InputsT, found: ResolvedInputs, title: str) -> Quoted:
        step = tool.speech
        script = None if step is None else getattr(inputs, step.script)
        if step is None or script is None:
            return Quoted(await self._steps.price(tool, inputs, found, title))
        # Both ask A2E; neither waits for the other.
        price, warning = await asyncio.gather(
            self._steps.price(tool, inputs, found, title), self._languages.warning(script, found.voices[step.voice])
        )
        return Quoted(price, warning)

    async def _run(self, plan: Plan, options: StartOptions, waiter: Deadline) -> Started:
        outcome = await self._intend(plan, options)
        if isinstance(outcome, Existing):
            earlier = await self._earlier(outcome.entry, plan.price, waiter)
            return replace(earlier, warning=plan.warning) if earlier else await self._run(plan, options, waiter)
        entry = outcome.entry
        task = self._begin(entry, self._executor.carry_out(entry, plan))
        return replace(await self._outcome(entry, plan.price, task, waiter), warning=plan.warning)

    async def _intend(self, plan: Plan, options: StartOptions) -> Inserted | Existing:
        """Write the intent, or find the same start; the ceilings hold for a new one only. Raises MoneyRefused."""
        window = None if options.again else plan.same_within
        objection = self._ceilings.objection(plan.price, options.max_credits)
        if objection is not None:
            twin = None if window is None else await self._ledger.find_recent(plan.fingerprint, window)
            if twin is None:
                raise objection
            return Existing(twin)
        new = NewEntry(
            family=plan.family,
            title=plan.title,
            fingerprint=plan.fingerprint,
            consent=plan.consent,
            expected=plan.price.least,
            units=plan.units,
            details=replace(plan.details, priced={step.step: step.credits for step in plan.price.steps}),
        )
        try:
            return await self._ledger.insert_or_get_recent(new, window=window, limits=self._ceilings.limits(plan.price))
        except OverLimit as over:
            raise self._ceilings.over_limit(plan.price, over.spent) from None

    def _begin(self, entry: LedgerEntry, work: Coroutine[Any, Any, Started]) -> asyncio.Task[Started]:
        task = asyncio.create_task(work)
        self._tasks[entry.id] = task
        task.add_done_callback(lambda done: self._forget(entry.id, done))
        return task

    async def _outcome(
        self, entry: LedgerEntry, price: Price, task: asyncio.Task[Started], waiter: Deadline
    ) -> Started:
        await self._under_way.follow(entry.id, task, waiter)
        if task.done() and not task.cancelled():
            return task.result()
        return Started(self._jobs.of_entry(await self._ledger.entry(entry.id)), price, pending=True)

    async def _earlier(self, entry: LedgerEntry, price: Price, waiter: Deadline) -> Started | None:
        """The same start, made a moment ago; None when it turns out that it never left."""
        task = self._tasks.get(entry.id)
        if task is not None:
            return replace(await self._outcome(entry, price, task, waiter), price=price, repeated=True)
        while self._ledger.is_under_way(entry):
            # Another server on this folder is at it.
            if waiter.left <= 0:
                return Started(self._jobs.of_entry(entry), price, repeated=True, pending=True)
            await self._pause(min(_LOOK_SECONDS, waiter.left))
            entry = await self._ledger.entry(entry.id)
        if entry.phase == "refused":
            return None
        if entry.phase == "intended" and entry.paying is None:
            note = "It was interrupted before it was sent."
            await self._ledger.transition(entry.id, "intended", phase="refused", note=note)
            return None
        entry = await self._found(entry)
        if not entry.job_ids:
            raise AnswerLost(
                "The same start was made a moment ago and A2E's answer was lost; it is not in the account",
                hint="Look in list_jobs later; to send it once more on purpose, ask the user and use again=true",
            )
        jobs = await self._executor.standing(entry)
        return Started(jobs, price, (await self._ledger.entry(entry.id)).charged, repeated=True)

    async def _found(self, entry: LedgerEntry) -> LedgerEntry:
        try:
            return await self._jobs.find_again(entry)
        except A2EError:
            # Who cannot be asked has not said no.
            return await self._ledger.entry(entry.id)

    def _forget(self, entry_id: str, task: asyncio.Task[Started]) -> None:
        self._tasks.pop(entry_id, None)
        self._under_way.forget(entry_id)
        if not task.cancelled() and (problem := task.exception()) is not None:
            # Whoever asked may be gone; what happened is also in the ledger.
            _log.info("start %s ended with: %s", entry_id, problem)

    # ------------------------------------------------------------------ jobs

    async def _plan_job(self, tool: StartTool[InputsT], inputs: InputsT, options: StartOptions) -> Plan:
        found = await self._resolver.resolve(inputs, tool.speech)
        print_ = fingerprint(tool.name, inputs, found)
        if any(getattr(inputs, name) is not None for name in tool.likeness) and not (options.consent or "").strip():
            raise InputError(
                "consent is missing: this uses a person's face or voice",
                hint="Ask the user who agreed and how that is known, then give it as one sentence in consent",
            )
        details = Details(count=getattr(inputs, "count", 1))
        if "avatar" in tool.likeness:
            known = _known_id(found)
            before = await self._jobs.stands_before(tool.family, known) if tool.family.recovery == "by_id" else None
            details = replace(details, record_id=known, before=before)
        title = self._title(tool.family.about, inputs, print_)
        family, _ = next(candidate_requests(tool, inputs, self._steps.draft(tool, inputs, found, title)))
        quoted = await self._priced(tool, inputs, found, title)
        return Plan(
            family=family.name,
            title=title,
            fingerprint=print_,
            price=quoted.price,
            warning=quoted.warning,
            units=tool.estimate(inputs, lengths_of(tool, inputs, found)).units,
            consent=options.consent,
            make=lambda entry, meter: self._executor.make_job(tool, inputs, found, entry, meter),
            details=details,
        )

    # ------------------------------------------------------- speech, uploads

    async def _plan_speech(self, inputs: SpeechInputs) -> Plan:
        found = await self._resolver.resolve(inputs, None)
        voice = found.voices["voice"]
        prices, warning = await asyncio.gather(
            self._steps.prices_of_speech(inputs.script, voice, inputs.speed),
            self._languages.warning(inputs.script, voice),
        )

        async def make(entry: LedgerEntry, meter: ChargeMeter) -> LedgerEntry:
            url = await self._steps.speak(inputs.script, voice, inputs.speed, entry, meter)
            return await self._executor.at_once(entry, url)

        return Plan(
            family=SPEECH,
            title=self._title("speech", inputs, ""),
            fingerprint=fingerprint(SPEECH, inputs, found),
            price=Price(prices),
            warning=warning,
            units=spoken_seconds(inputs.script, inputs.speed),
            consent=None,
            make=make,
        )

    async def _plan_upload(self, file: LocalFile) -> Plan:
        price = await self._steps.price_of_upload(file)

        async def make(entry: LedgerEntry, meter: ChargeMeter) -> LedgerEntry:
            return await self._executor.at_once(entry, await self._steps.upload(file, entry, meter))

        return Plan(
            family=UPLOAD,
            title=file.path.name[:_LONGEST_TITLE],
            fingerprint=f"upload {file.sha256}",
            price=Price([price]),
            units=1,
            consent=None,
            make=make,
            same_within=KEPT_SECONDS,
            details=Details(path=str(file.path)),
        )

    def _resume(self, entry: LedgerEntry) -> None:
        self._begin(entry, self._resume_upload(entry))

    async def _resume_upload(self, entry: LedgerEntry) -> Started:
        """Send a file once more that another run of the server has not sent whole, where it was paid for."""
        try:
            file = await self._files.open_local(entry.details.path or "", MediaIn(("image", "video", "audio")))
            sha256 = entry.fingerprint.removeprefix("upload ")
            if file.sha256 != sha256:
                raise FileRefused("The file has changed since its upload began", hint="Call upload_file to send it")
            if await self._steps.address_kept(sha256) is None:
                raise FileRefused(
                    "The upload was interrupted, and its address has run out",
                    charged=Charged.UNKNOWN,
                    hint="upload_file sends it to a new address, which A2E may charge again",
                )
            plan = await self._plan_upload(file)
        except A2EError as problem:
            await self._ledger.update(entry.id, phase="refused", note=str(problem))
            raise
        return await self._executor.carry_out(entry, plan)

    async def _plan_purchase(self, purchase: Purchase[RequestT]) -> Plan:
        capability, request, estimate = purchase.capability, purchase.request, purchase.estimate
        price = await self._spending.price(purchase.family, capability, request, estimate)

        return Plan(
            family=purchase.family,
            title=purchase.title[:_LONGEST_TITLE],
            fingerprint=f"{purchase.family} {request.model_dump_json()}",
            price=Price([price]),
            units=estimate.units,
            consent=None,
            make=lambda entry, meter: self._executor.make_purchase(purchase, entry, meter),
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


def _known_id(found: ResolvedInputs) -> str:
    """The id of the own avatar that is worked on; A2E keeps it when its training goes on. Raises InputError."""
    twin = next((avatar.twin_id for avatar in found.avatars.values()), None)
    if twin is None:
        raise InputError("That is one of A2E's own avatars; only your own can be taken here", hint="Call list_avatars")
    return twin
