"""A job is bought: what it needs is uploaded, stored and spoken, then the one request that makes it is sent."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic

from pydantic import ValidationError

from a2e_mcp import catalogue
from a2e_mcp.catalogue.backgrounds import ADD_BACKGROUND, AddBackground
from a2e_mcp.catalogue.declaration.capability import JobFamily, Request
from a2e_mcp.catalogue.declaration.records import JobRecord, Rows
from a2e_mcp.catalogue.declaration.tool import (
    BackgroundChoice,
    Estimate,
    InputsT,
    MediaIn,
    PreparedInputs,
    StartTool,
    whole_seconds,
)
from a2e_mcp.catalogue.voices import spoken_seconds
from a2e_mcp.errors import A2EError, AnswerLost, InputError, NotFound, Refused, ServiceError
from a2e_mcp.files.urls import suffix_for
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.ledger.job_ids import JobId, is_id
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.plan import StartContext
from a2e_mcp.starts.pricing import Price, StepPrice
from a2e_mcp.starts.resolve import ResolvedInputs, resolved_from_data, resolved_to_data
from a2e_mcp.starts.speech import SpeechItem
from a2e_mcp.starts.upload import UploadItem
from a2e_mcp.text import sentences
from a2e_mcp.users.caller import SPEND, Caller, current

_NOWHERE = "https://storage.invalid/"
_NO_SIGNS = re.compile(r"\W")
_NO_ID = "0" * 24
_SOUND = MediaIn(("audio",))
_LOOKS = (0.0, 1.5, 3.0)
"""Seconds before each look for a job whose answer was lost; a fresh one may appear after a moment."""


class JobItem(Generic[InputsT]):
    """A job of a tool's family, made from inputs that are resolved."""

    def __init__(
        self,
        context: StartContext,
        tool: StartTool[InputsT],
        inputs: InputsT,
        resolved: ResolvedInputs,
        title: str,
        *,
        max_credits: float | None = None,
        user_per_day: float | None = None,
    ) -> None:
        self._context = context
        self._ledger = context.ledger
        self._tool = tool
        self._inputs = inputs
        self._resolved = resolved
        self._title = title
        self._max_credits = max_credits
        self._user_per_day = user_per_day
        self._uploads = {name: UploadItem(context, file) for name, file in resolved.files.items()}

    def to_data(self, options: Mapping[str, Any]) -> StoredStart:
        """All that starting it takes, as data."""
        return StoredStart(
            kind="job",
            family=self._tool.family.name,
            tool=self._tool.name,
            inputs=self._inputs.model_dump(mode="json", exclude_none=True),
            resolved=resolved_to_data(self._resolved),
            options=options,
        )

    @cached_property
    def draft(self) -> tuple[JobFamily, Request]:
        """The family and the request to price, with URLs that lead nowhere yet. Raises InputError."""
        files = self._resolved.files
        media = {
            name: f"{_NOWHERE}{_NO_SIGNS.sub('', name)}{suffix_for(file.content_type)}" for name, file in files.items()
        }
        stored = dict.fromkeys(self._resolved.pictures, BackgroundChoice(custom_id=_NO_ID))
        speech = f"{_NOWHERE}speech.mp3" if self._speech is not None else None
        prepared = self._prepared(self._title, media, stored, speech)
        objection = self._tool.objection(self._inputs, prepared)
        if objection:
            raise InputError(objection)
        return next(self._requests(prepared))

    @property
    def sandbox_objection(self) -> str:
        """Why only the sandbox cannot make it; empty in live mode."""
        return self._tool.sandbox_objection(self._inputs) if self._context.jobs.sandbox else ""

    @property
    def estimate(self) -> Estimate:
        """How the job is billed."""
        return self._tool.estimate(self._inputs, self._lengths)

    async def price(self) -> Sequence[StepPrice]:
        """What the uploads, the speech and the job itself cost."""
        family, request = self.draft
        prices = [step for upload in self._uploads.values() for step in await upload.price()]
        if self._speech is not None:
            prices += await self._speech.price()
        prices.append(await self._context.spending.price(family.name, family.start, request, self.estimate))
        return prices

    async def execute(self, entry: LedgerEntry, meter: ChargeMeter) -> Sequence[str]:
        """Take the steps on the way and send the one request that makes the job; it consists of no files yet."""
        prepared = await self._prepare(entry, meter)
        requests = list(self._requests(prepared))
        estimate = self._tool.estimate(self._inputs, prepared.lengths)
        if self._speech is not None or self._uploads:
            entry = await self._hold_under_ceilings(entry, meter, requests[0], estimate)
        sent = requests[0][1].model_dump(mode="json", by_alias=True, exclude_none=True)
        there = self._context.client.time_there()
        # Committed before the request leaves: whatever happens from here on, the job may exist.
        before_sending = await self._context.payments.begin(
            entry.id, {"request": sent, "sent_there": there}, phase="sent", sent=self._ledger.now()
        )
        self._context.progress.begin(entry.id, f"Asking A2E for {self._tool.family_of(self._inputs).about}")
        try:
            family, records = await self._send(entry, requests, before_sending)
        except AnswerLost as lost:
            entry = await self._ledger.update(entry.id, phase="unknown", note=str(lost), raw=lost.raw)
            entry = await self._look_again(entry, lost)
        except Refused:
            for upload in self._uploads.values():
                await upload.forget_missing()
            raise
        else:
            entry = await self._adopt(entry, family, records)
        # What was paid for an unknown length says nothing about the price of a second.
        await meter.measure_step(entry.family, estimate.billed)
        return []

    async def _hold_under_ceilings(
        self, entry: LedgerEntry, meter: ChargeMeter, request: tuple[JobFamily, Request], estimate: Estimate
    ) -> LedgerEntry:
        """Price the job again from the real sound and files; raises MoneyRefused when a ceiling would be exceeded."""
        context, (family, body) = self._context, request
        step = await context.spending.price(family.name, family.start, body, estimate)
        spent = meter.so_far
        objection = context.ceilings.objection_after(spent, step, self._max_credits)
        if objection is not None:
            raise objection
        total = spent + (step.credits or 0.0)
        expected = entry.expected or 0.0
        await self._ledger.merge_details(entry.id, priced={family.name: step.credits})
        entry = await self._ledger.update(entry.id, expected=total)
        if total > expected:
            await self._hold_under_daily_ceilings(entry, step)
        return entry

    async def _hold_under_daily_ceilings(self, entry: LedgerEntry, step: StepPrice) -> None:
        """Raises MoneyRefused; what others are spending at this moment is written down before it is counted."""
        spending, paid = self._context.spending, step.credits or 0.0
        # A worker that carries it out knows its user by the entry alone.
        user = Caller(entry.user, entry.user, SPEND, per_day=self._user_per_day) if entry.user else None
        ceilings = self._context.account_ceilings.of(current() or user)
        for per_day, of_user in ((ceilings.per_day, False), (self._user_per_day, True)):
            if per_day is None:
                continue
            spent = await spending.spent_today(everyone=not of_user, user=entry.user)
            if spent > per_day:
                raise ceilings.over_limit(Price([step]), spent - paid, of_user=of_user)

    # ------------------------------------------------------------------ what is sent

    @cached_property
    def _speech(self) -> SpeechItem | None:
        step = self._tool.speech
        script: str | None = None if step is None else getattr(self._inputs, step.script)
        if step is None or script is None:
            return None
        voice = self._resolved.voices[step.voice]
        return SpeechItem(self._context, script, voice, self._speed, max_credits=self._max_credits)

    @property
    def _speed(self) -> float:
        """How fast the script is spoken, where the tool lets one say."""
        step = self._tool.speech
        return 1.0 if step is None else float(getattr(self._inputs, step.speed, 1.0))

    @cached_property
    def _lengths(self) -> Mapping[str, float]:
        """Seconds of the files whose length is known, and of the script as it will roughly be spoken."""
        lengths = self._resolved.lengths
        if self._speech is None or self._tool.speech is None:
            return lengths
        script = getattr(self._inputs, self._tool.speech.script)
        return {**lengths, "speech": spoken_seconds(script, self._speed)}

    def _prepared(
        self,
        title: str,
        media: Mapping[str, str],
        stored: Mapping[str, BackgroundChoice],
        speech: str | None,
        lengths: Mapping[str, float] | None = None,
    ) -> PreparedInputs:
        found = self._resolved
        return PreparedInputs(
            title=title,
            sandbox=self._context.jobs.sandbox,
            adult=self._context.adult_models,
            avatars=found.avatars,
            backgrounds={**found.backgrounds, **stored},
            languages=found.languages,
            media={name: url for name, url in {**found.addresses, **media}.items() if name not in stored},
            speech=speech,
            lengths=self._lengths if lengths is None else lengths,
        )

    async def _prepare(self, entry: LedgerEntry, meter: ChargeMeter) -> PreparedInputs:
        """Upload, store and speak what the job needs."""
        progress, pictures = self._context.progress, self._resolved.pictures
        spoken = 0 if self._speech is None else self._speech.steps
        progress.expect(entry.id, len(self._uploads) + len(pictures) + spoken + 1)
        media: dict[str, str] = {}
        for name, upload in self._uploads.items():
            (media[name],) = await upload.execute(entry, meter)
        stored = {}
        for name in pictures:
            progress.begin(entry.id, "Storing the background picture")
            stored[name] = await self._store_background(media.get(name) or self._resolved.addresses[name])
        speech, lengths = None, self._lengths
        if self._speech is not None:
            (speech,) = await self._speech.execute(entry, meter)
            seconds = await self._context.files.length_at(speech, _SOUND)
            if seconds is not None:
                self._check_speech(seconds)
                lengths = {**lengths, "speech": seconds}
        return self._prepared(entry.title, media, stored, speech, lengths)

    def _check_speech(self, seconds: float) -> None:
        """Raises InputError when the job would be cut off before the speech ends."""
        longest = None if self._tool.speech is None else self._tool.speech.longest
        if longest is not None and whole_seconds(seconds) > longest and getattr(self._inputs, "seconds", None) is None:
            raise InputError(
                f"The speech lasts {seconds:.0f} s; at most {longest} s can be made",
                hint=f"Shorten the script, or give seconds={longest} to cut it off there",
            )

    async def _store_background(self, url: str) -> BackgroundChoice:
        rows = (await self._context.client.call(ADD_BACKGROUND, AddBackground(img_url=url))).rows
        ours = [row for row in rows if row.img_url == url] or rows
        if not ours:
            raise ServiceError("A2E did not say under which id it stored the background picture")
        return BackgroundChoice(custom_id=ours[0].id)

    def _requests(self, prepared: PreparedInputs) -> Iterator[tuple[JobFamily, Request]]:
        """A2E's requests for these inputs, the one to try first first; at least one.

        Raises InputError for a value that A2E does not take.
        """
        tool = self._tool
        request = self._checked(lambda: tool.to_request(self._inputs, prepared))
        if request is not None:
            yield tool.family_of(self._inputs), request
        if tool.older is not None:
            older = tool.older
            request = self._checked(lambda: older.to_request(self._inputs, prepared))
            if request is not None:
                yield older.family, request

    def _checked(self, make: Callable[[], Request | None]) -> Request | None:
        try:
            return make()
        except ValidationError as problem:
            wrong = "; ".join(
                f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in problem.errors()
            )
            raise InputError(f"{self._tool.name}: A2E does not accept this ({wrong[:300]})") from None

    async def _send(
        self,
        entry: LedgerEntry,
        requests: Sequence[tuple[JobFamily, Request]],
        before_sending: Callable[[], Awaitable[None]],
    ) -> tuple[JobFamily, Sequence[JobRecord]]:
        """Send the request that makes the job, and the older one when A2E has retired the newer."""
        retired = NotFound("A2E has no call for this")
        webhooks = self._context.webhooks
        webhook = None if webhooks is None else webhooks.of_start(entry.id)
        for family, request in requests:
            if family.name != entry.family:
                # A lost answer is looked for where its entry's family says.
                await self._ledger.merge_details(entry.id, first_family=entry.family)
                entry = await self._ledger.update(entry.id, family=family.name)
            try:
                reply = await self._context.client.call(
                    family.start, request, webhook=webhook, before_sending=before_sending
                )
            except NotFound as problem:
                retired = problem
                continue
            records = await self._own_records(entry, family, _records(reply))
            if not records:
                raise AnswerLost(f"{family.start.name}: A2E's answer names no new job", raw=reply.model_dump_json())
            return family, records
        raise retired

    async def _own_records(
        self, entry: LedgerEntry, family: JobFamily, records: Sequence[JobRecord]
    ) -> Sequence[JobRecord]:
        """The records of an answer that are this start's jobs: those of other starts, and of a whole list, are not."""
        if self._tool.on_own_avatar:
            # Its job has the id of the avatar, which is known.
            return records
        new = []
        for record in records:
            holder = await self._ledger.by_job_id(str(JobId(family.name, record.id)))
            if holder is None or holder.id == entry.id:
                new.append(record)
        if len(new) <= entry.details.count:
            return new
        named = [record for record in new if record.first_text(family.name_fields) == entry.title]
        return named or new

    # ------------------------------------------------------------------ what came of it

    async def _adopt(self, entry: LedgerEntry, family: JobFamily, records: Sequence[JobRecord]) -> LedgerEntry:
        jobs = [self._context.jobs.job(family, record) for record in records]
        job_ids = [job.job_id for job in jobs]
        entry = await self._ledger.update(entry.id, phase="started", job_ids=job_ids, state=jobs[0].state)
        if family.ends_at_start or len(jobs) > 1:
            # What this answer says is kept: of some A2E cannot be asked later, and of several each has its state.
            await self._context.jobs.seen(family, records)
        if family.ends_at_start:
            for job in jobs:
                await self._ledger.update(entry.id, note=sentences(job.error, job.note) or None)
        return entry

    async def _look_again(self, entry: LedgerEntry, lost: AnswerLost) -> LedgerEntry:
        """A job whose answer was lost may be in the account all the same, a fresh one after a moment."""
        self._context.progress.begin(entry.id, "A2E's answer was lost: looking for the job in the account")
        seen = "A2E could not be asked whether the job is in the account"
        for seconds in _LOOKS:
            await self._context.pause(seconds)
            try:
                search = await self._context.jobs.search(entry)
            except A2EError:
                continue
            entry = search.entry
            if entry.job_ids:
                return entry
            if search.possible:
                seen = f"The account has {', '.join(search.possible[:3])} of the same name, which may be this job"
            elif not search.is_complete:
                seen = "Not all of the account's jobs could be read"
            else:
                seen = "Not found in the account yet"
        hint = f"{seen}. Do not start it again; check_status of {entry.own_job_id} and list_jobs keep looking"
        raise lost.advised(hint=hint) from lost


def job_from_data(context: StartContext, start: StoredStart, title: str) -> JobItem[Any]:
    """The start of a job that was written down."""
    tool = catalogue.start_tool(start.family, start.tool)
    inputs = tool.inputs.model_validate(start.inputs)
    return JobItem(
        context,
        tool,
        inputs,
        resolved_from_data(start.resolved),
        title,
        max_credits=start.options.get("max_credits"),
        user_per_day=start.options.get("user_per_day"),
    )


def _records(reply: object) -> list[JobRecord]:
    """The jobs that an answer names by ids they can be asked for."""
    rows = reply.rows if isinstance(reply, Rows) else [reply]
    return [row for row in rows if isinstance(row, JobRecord) and is_id(row.id)]
