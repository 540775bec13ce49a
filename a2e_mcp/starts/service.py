"""The one way anything is charged.

Resolve names, fingerprint, consent, price, ceilings, the user's confirmation, an intent in the ledger, uploads, speech,
the request, its job.
A2E charges when a job is created and has no idempotency key: from the intent on the work belongs to this process and
not to its caller, and the same start is the first one while that runs or its result lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import asdict, replace
from types import TracebackType
from typing import Any

from a2e_mcp.background import BackgroundTasks
from a2e_mcp.catalogue.declaration.capability import RequestT
from a2e_mcp.catalogue.declaration.tool import InputsT, StartTool
from a2e_mcp.catalogue.voices import SpeechInputs, spoken_seconds
from a2e_mcp.errors import A2EError, AnswerLost, InputError
from a2e_mcp.files.local import LocalFile
from a2e_mcp.files.progress import LARGE_FILE, QUICK_SECONDS
from a2e_mcp.ledger.callers_ledger import CallersLedger
from a2e_mcp.ledger.details import Details
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.ledger.job_ids import SPEECH, UPLOAD, JobId
from a2e_mcp.ledger.leases import resume_orphans
from a2e_mcp.ledger.store import HEARTBEAT_SECONDS, Existing
from a2e_mcp.lookup.script_language import ScriptLanguages
from a2e_mcp.starts.confirmation import Confirmation
from a2e_mcp.starts.consent import require_consent
from a2e_mcp.starts.execute import StartExecutor
from a2e_mcp.starts.fingerprint import fingerprint
from a2e_mcp.starts.intent import Intents
from a2e_mcp.starts.job_start import JobItem
from a2e_mcp.starts.ledger_trouble import after_the_intent, at_the_intent, before_the_intent
from a2e_mcp.starts.lost_start import not_asked, not_found
from a2e_mcp.starts.payments import INTERRUPTED
from a2e_mcp.starts.plan import AGAIN_SECONDS, Item, Plan, Quoted, StartContext, Started, StartOptions, all_of
from a2e_mcp.starts.pricing import Price
from a2e_mcp.starts.progress import Deadline
from a2e_mcp.starts.purchase import Keeper, Purchase, PurchaseItem
from a2e_mcp.starts.resolve import ResolvedInputs, Resolver, chosen_names, local_file_to_data, own_avatar_id
from a2e_mcp.starts.script_signs import script_warning
from a2e_mcp.starts.speech import SpeechItem
from a2e_mcp.starts.titles import LONGEST_TITLE, title_of
from a2e_mcp.starts.upload import UploadItem, interrupted_upload
from a2e_mcp.starts.workers import WorkerStarts

__all__ = ["Purchase", "Quoted", "StartOptions", "Started", "Starts"]

_LOOK_SECONDS = 0.25


class Starts:
    """Carries out starts; on leaving, a request in flight is given a moment to be recorded."""

    def __init__(
        self,
        context: StartContext,
        *,
        resolver: Resolver,
        languages: ScriptLanguages,
        confirm_above: float | None = None,
        keepers: Mapping[str, Keeper] | None = None,
        beat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._context = context
        self._ledger = context.ledger
        self._own = CallersLedger(context.ledger)
        self._intents = Intents(context, self._own)
        self._resolver = resolver
        self._languages = languages
        self._confirmation = Confirmation(context, above=confirm_above)
        self._executor = StartExecutor(context, keepers or {}, beat_seconds)
        self._beat_seconds = beat_seconds
        self._tasks = BackgroundTasks[LedgerEntry]("start")
        self._shown = BackgroundTasks[None]("progress of start")
        self.workers = WorkerStarts(context, self._executor, self._tasks)

    @property
    def is_busy(self) -> bool:
        """Whether a start is being carried out here."""
        return self._tasks.is_busy

    async def __aenter__(self) -> Starts:
        self._tasks.serve(resume_orphans(self._ledger, UPLOAD, self._resume, self._beat_seconds))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._shown.close()
        await self._tasks.close(seconds=self._context.closing_seconds, must_finish=self._context.payments.in_flight)

    # ------------------------------------------------------------------ what can be started

    async def start(
        self, tool: StartTool[InputsT], inputs: InputsT, options: StartOptions, deadline: Deadline
    ) -> Started:
        """Start a job and answer by the deadline, finished or not, reporting its steps on the way.

        Raises InputError, FileRefused or MoneyRefused before anything is sent; ServiceError after.
        """
        return await self._made(self._plan_job(tool, inputs, options), options, deadline)

    async def speak(self, inputs: SpeechInputs, options: StartOptions, deadline: Deadline) -> Started:
        """Speak a text; the answer's result is the sound file."""
        return await self._made(self._plan_speech(inputs, options), options, deadline)

    async def upload(self, file: LocalFile, options: StartOptions, deadline: Deadline) -> Started:
        """Send a file to A2E's storage; the answer's result is its URL."""
        deadline = deadline.at_most(QUICK_SECONDS) if file.size > LARGE_FILE else deadline
        return await self._made(self._plan_upload(file, options), options, deadline)

    async def buy(self, purchase: Purchase[RequestT], options: StartOptions, deadline: Deadline) -> Started:
        """Make one charged call that is done when A2E answers."""
        return await self._made(self._plan_purchase(purchase, options), options, deadline)

    async def reserve(self, plan: Plan, options: StartOptions, deadline: Deadline) -> LedgerEntry:
        """Write down a start that is carried out later, under all ceilings. Raises MoneyRefused."""
        with before_the_intent():
            await self._confirmation.obtain(plan, options, deadline, frozenset())
        with at_the_intent():
            return (await self._intents.insert_or_get_existing(plan, options, frozenset())).entry

    async def carry_out(self, entry: LedgerEntry, item: Item, price: Price) -> LedgerEntry:
        """Carry out a start that was reserved and is claimed, to its end, even when the caller is cut."""
        return await asyncio.shield(self._begin(entry, item, price))

    async def stop(self, job_id: JobId) -> str:
        """Stop an upload and say what that means. Raises InputError for one that has ended."""
        entry = await self._own.by_job_id(str(job_id))
        if entry is None or entry.family != UPLOAD:
            raise InputError("Job not found in the ledger on this computer", hint="Call list_jobs to find it")
        if entry.phase != "intended":
            raise InputError("A2E cannot delete uploads; they expire after a few days")
        is_paying = entry.paying is not None or self._context.payments.in_flight(entry.id)
        is_ours = self._tasks.get(entry.id) is not None
        if is_paying or not (is_ours or await self._ledger.claim(entry.id)):
            raise InputError("That upload cannot be stopped from here just now", hint="Try again in a minute")
        await self._tasks.stop(entry.id)
        await self._ledger.update(entry.id, phase="refused", state="deleted", note="It was stopped by delete_job.")
        return "It was stopped. What A2E charged for its upload address is not refunded."

    def _require_language(self, script: str | None, voice: Any, options: StartOptions) -> None:
        if script and not options.language_ok and (objection := self._languages.objection(script, voice)):
            raise InputError(objection, hint="language_ok=true speaks it all the same; ask the user")

    # ------------------------------------------------------------------ what it would cost

    async def quote(self, tool: StartTool[InputsT], inputs: InputsT) -> Quoted:
        """What a start would cost; sends nothing that is charged."""
        resolved = await self._resolver.resolve(inputs, tool.speech)
        item = JobItem(self._context, tool, inputs, resolved, title_of(tool.family_of(inputs).name, inputs))
        quoted = await self._quoted(item, *_spoken(tool, inputs, resolved), True)
        return replace(
            quoted,
            chosen={**tool.chosen(inputs), **chosen_names(resolved)},
            warning=all_of(quoted.warning, all_of(tool.caution(inputs), item.sandbox_objection)),
            same=await self._same(fingerprint(tool.name, inputs, resolved)),
        )

    async def quote_speech(self, inputs: SpeechInputs) -> Quoted:
        """What speaking a text would cost."""
        plan = await self._plan_speech(inputs, StartOptions(), is_quote=True)
        return Quoted(plan.price, plan.warning, plan.chosen, await self._same(plan.fingerprint))

    async def _same(self, print_: str) -> LedgerEntry | None:
        """The identical start that a start would return, unless its result is gone."""
        same = await self._own.find_existing(print_)
        has_left = same is not None and (same.phase != "intended" or self._ledger.is_under_way(same))
        return same if has_left else None

    async def quote_upload(self, file: LocalFile) -> Quoted:
        """What sending a file would cost."""
        return await self._quoted(UploadItem(self._context, file), None)

    async def quote_purchase(self, purchase: Purchase[RequestT]) -> Quoted:
        """What one charged call would cost."""
        return await self._quoted(PurchaseItem(self._context, purchase, None), None)

    async def _quoted(self, item: Item, script: str | None, voice: Any = None, is_quote: bool = False) -> Quoted:
        if script is None:
            return Quoted(Price(await item.price()))
        # Both ask A2E; neither waits for the other.
        prices, warning = await asyncio.gather(item.price(), self._languages.warning(script, voice))
        if is_quote and self._languages.objection(script, voice) is not None:
            warning = f"{warning} The start needs language_ok=true."
        return Quoted(Price(prices), all_of(warning, script_warning(script)))

    # ------------------------------------------------------------------ resolve, fingerprint, consent, price

    async def _plan_job(self, tool: StartTool[InputsT], inputs: InputsT, options: StartOptions) -> Plan:
        resolved = await self._resolver.resolve(inputs, tool.speech)
        print_ = fingerprint(tool.name, inputs, resolved)
        await require_consent(tool, inputs, options, self._own)
        self._require_language(*_spoken(tool, inputs, resolved), options)
        details = Details(count=getattr(inputs, "count", None) or 1)
        if tool.on_own_avatar:
            known = own_avatar_id(resolved)
            is_kept = tool.family.recovery == "by_id"
            before = await self._context.jobs.snapshot(tool.family, known) if is_kept else None
            details = replace(details, record_id=known, before=before)
        title = title_of(tool.family_of(inputs).name, inputs, self._ledger.now())
        item = JobItem(self._context, tool, inputs, resolved, title)
        if item.sandbox_objection:
            raise InputError(item.sandbox_objection)
        family, _ = item.draft
        details = replace(details, variant=item.estimate.variant or None)
        quoted = await self._quoted(item, *_spoken(tool, inputs, resolved))
        return Plan(
            start=item.to_data(self._intents.stored_options(options)),
            family=family.name,
            title=title,
            fingerprint=print_,
            price=quoted.price,
            warning=all_of(quoted.warning, tool.caution(inputs)),
            chosen={**tool.chosen(inputs), **chosen_names(resolved)},
            units=item.estimate.units,
            consent=options.consent,
            details=details,
        )

    async def _plan_speech(self, inputs: SpeechInputs, options: StartOptions, *, is_quote: bool = False) -> Plan:
        resolved = await self._resolver.resolve(inputs, None)
        voice = resolved.voices["voice"]
        if not is_quote:
            self._require_language(inputs.script, voice, options)
        item = SpeechItem(self._context, inputs.script, voice, inputs.speed)
        quoted = await self._quoted(item, inputs.script, voice, is_quote=is_quote)
        return Plan(
            start=StoredStart(
                kind="speech",
                family=SPEECH,
                tool="generate_speech",
                inputs=inputs.model_dump(mode="json", exclude_none=True),
                resolved={"voice": asdict(voice)},
                options=self._intents.stored_options(options),
            ),
            family=SPEECH,
            title=title_of(SPEECH, inputs),
            fingerprint=fingerprint(SPEECH, inputs, resolved),
            price=quoted.price,
            warning=quoted.warning,
            chosen=chosen_names(resolved),
            units=spoken_seconds(inputs.script, inputs.speed),
        )

    async def _plan_upload(self, file: LocalFile, options: StartOptions) -> Plan:
        quoted = await self.quote_upload(file)
        return Plan(
            start=StoredStart(
                kind="upload",
                family=UPLOAD,
                tool="upload_file",
                inputs={"path": str(file.path)},
                resolved={"file": local_file_to_data(file)},
                options=self._intents.stored_options(options),
            ),
            family=UPLOAD,
            title=file.path.name[:LONGEST_TITLE],
            fingerprint=f"upload {file.sha256}",
            price=quoted.price,
            units=1,
            details=Details(path=str(file.path)),
        )

    async def _plan_purchase(self, purchase: Purchase[RequestT], options: StartOptions) -> Plan:
        quoted = await self.quote_purchase(purchase)
        return Plan(
            start=purchase.to_data(self._intents.stored_options(options)),
            family=purchase.family,
            title=purchase.title[:LONGEST_TITLE],
            fingerprint=f"{purchase.family} {purchase.request.model_dump_json()}",
            price=quoted.price,
            units=purchase.estimate.units,
        )

    # ------------------------------------------------------------------ ceilings, intent, carrying out

    async def _made(self, planning: Awaitable[Plan], options: StartOptions, deadline: Deadline) -> Started:
        with before_the_intent():
            plan = await planning
        return await self._run(plan, options, deadline)

    async def _run(
        self, plan: Plan, options: StartOptions, deadline: Deadline, passed: frozenset[str] = frozenset()
    ) -> Started:
        with before_the_intent():
            deadline, unconfirmed = await self._confirmation.obtain(plan, options, deadline, passed)
        with at_the_intent():
            outcome = await self._intents.insert_or_get_existing(plan, options, passed)
        if isinstance(outcome, Existing):
            same = outcome.entry
            with after_the_intent():
                earlier = await self._earlier(same, plan.price, deadline, again=options.again)
            if earlier is None:
                return await self._run(plan, options, deadline, passed | {same.id})
            takes_count = "count" in plan.start.inputs
            return replace(
                earlier, warning=plan.warning, chosen=plan.chosen, made_at=same.created, takes_count=takes_count
            )
        with after_the_intent():
            if (entry := outcome.entry).deferred:
                started = await self.workers.follow(entry, plan.price, deadline)
            else:
                task = self._begin(entry, self._executor.item(plan.start, plan.title), plan.price)
                started = await self._outcome(entry, plan.price, task, deadline)
        ceilings = self._context.ceilings
        overrun = ceilings.overrun(plan.price, started.charged, options.max_credits)
        warning = all_of(plan.warning, unconfirmed, ceilings.remark(plan.price), overrun)
        return replace(started, warning=warning, chosen=plan.chosen)

    def _begin(self, entry: LedgerEntry, item: Item, price: Price) -> asyncio.Task[LedgerEntry]:
        work = self._executor.execute(entry, item, price)
        task = self._tasks.begin(entry.id, work, on_end=self._context.progress.forget)
        if self._ledger.shared is not None:
            self._shown.begin(entry.id, self.workers.show(entry.id, task))
        return task

    async def _outcome(
        self, entry: LedgerEntry, price: Price, task: asyncio.Task[LedgerEntry], deadline: Deadline
    ) -> Started:
        await self._context.progress.follow(entry.id, task, deadline)
        if task.done() and not task.cancelled():
            return await self._executor.started(task.result(), price)
        return Started(self._context.jobs.of_entry(await self._context.as_known(entry)), price, pending=True)

    async def _earlier(self, entry: LedgerEntry, price: Price, deadline: Deadline, *, again: bool) -> Started | None:
        """The same start, made earlier; None when it never left, has failed, or its result is gone.

        One that was asked for `again` only counts for a while, or until it has ended.
        """
        while (task := self._tasks.get(entry.id)) is not None or self._ledger.is_under_way(entry):
            if task is not None:
                return replace(await self._outcome(entry, price, task, deadline), price=price, repeated=True)
            # Another server on this ledger is carrying it out.
            if deadline.left <= 0:
                return Started(self._context.jobs.of_entry(entry), price, repeated=True, pending=True)
            await self._context.pause(min(_LOOK_SECONDS, deadline.left))
            entry = await self._ledger.entry(entry.id)
        if entry.phase == "refused":
            return None
        if entry.phase == "intended" and entry.paying is None:
            await self._ledger.transition(entry.id, "intended", phase="refused", note=INTERRUPTED)
            return None
        return await self._living(entry, price, again=again)

    async def _living(self, entry: LedgerEntry, price: Price, *, again: bool) -> Started | None:
        """An earlier start that has left, if it counts. Raises AnswerLost when it is not known what came of it."""
        # One from the future was made before the clock was set back.
        is_old = abs(self._ledger.now() - entry.created) >= AGAIN_SECONDS
        entry, unknown = await self._found(entry)
        if unknown is not None:
            if again and is_old:
                return None
            raise unknown
        jobs = await self._executor.living_jobs_of(entry)
        if not jobs or (again and is_old and all(job.finished for job in jobs)):
            return None
        return Started(jobs, price, (await self._ledger.entry(entry.id)).charged, repeated=True)

    async def _found(self, entry: LedgerEntry) -> tuple[LedgerEntry, AnswerLost | None]:
        """An entry after the search for its job, and what stays unknown without one found."""
        try:
            search = await self._context.jobs.search(entry)
        except A2EError as problem:
            # That A2E cannot be asked does not mean that the job is not there.
            entry = await self._ledger.entry(entry.id)
            return entry, None if entry.job_ids else not_asked(entry, problem)
        return search.entry, None if search.entry.job_ids else not_found(search)

    # ------------------------------------------------------------------ uploads of another run

    def _resume(self, entry: LedgerEntry) -> None:
        self._tasks.begin(entry.id, self._resume_upload(entry), on_end=self._context.progress.forget)

    async def _resume_upload(self, entry: LedgerEntry) -> LedgerEntry:
        """Send a file again, to the address paid for, that another run of the server has not sent whole."""
        try:
            item = await interrupted_upload(self._context, entry)
            price = Price(await item.price())
        except A2EError as problem:
            await self._ledger.update(entry.id, phase="refused", note=self._context.noted(problem, entry))
            raise
        return await self._executor.execute(entry, item, price)


def _spoken(tool: StartTool[InputsT], inputs: InputsT, resolved: ResolvedInputs) -> tuple[str | None, Any]:
    """The script that is spoken on the way, and its voice."""
    script = None if tool.speech is None else getattr(inputs, tool.speech.script)
    return (None, None) if tool.speech is None or script is None else (script, resolved.voices[tool.speech.voice])
