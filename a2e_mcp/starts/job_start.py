"""The steps on the way to a job: uploads, stored backgrounds, speech; each is kept, so that none is paid twice."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import anyio
from pydantic import ValidationError

from a2e_mcp.catalogue.account import UPLOAD_URL, UploadRequest
from a2e_mcp.catalogue.backgrounds import ADD_BACKGROUND, AddBackground
from a2e_mcp.catalogue.capability import Capability, JobFamily, ReplyT, Request, RequestT
from a2e_mcp.catalogue.tool import BackgroundChoice, Estimate, InputsT, PreparedInputs, StartTool, VoiceChoice
from a2e_mcp.catalogue.voices import LONGEST_SPEECH_TEXT, SPEAK, SpeechRequest, spoken_seconds
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import A2EError, Charged, FileRefused, InputError, ServiceError
from a2e_mcp.files.local import Files, LocalFile, UploadRefused
from a2e_mcp.files.progress import LARGE_FILE, TransferProgress
from a2e_mcp.files.urls import safe_name, suffix_for
from a2e_mcp.jobs.service import Job, Jobs
from a2e_mcp.ledger.entry import LedgerEntry, UploadAddress
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.pricing import Price, Spending, StepPrice
from a2e_mcp.starts.progress import StartProgress
from a2e_mcp.starts.resolve import ResolvedInputs
from a2e_mcp.starts.script import join, pieces

KEPT_SECONDS = 86_400.0
"""How long speech and uploads are used again; A2E keeps uploads for about three days."""
_SECONDS_TO_UPLOAD = 900.0
"""How long an upload address is good for unless A2E says (its spec's example)."""
_SPARE_SECONDS = 30.0
_SECONDS_FOR_LARGE = 3600
_NOWHERE = "https://storage.invalid/"
_NO_ID = "0" * 24
_JOINED = "speech.mp3"
_UNPRICED = "A2E publishes no price"


class Steps:
    """Does and prices the steps; `fresh` gives a kept address its present form (the sandbox's door may have moved)."""

    def __init__(
        self,
        *,
        client: A2EClient,
        ledger: Ledger,
        jobs: Jobs,
        files: Files,
        spending: Spending,
        board: TransferProgress,
        under_way: StartProgress,
        fresh: Callable[[str], str] = lambda url: url,
    ) -> None:
        self._board = board
        self._under_way = under_way
        self._client = client
        self._ledger = ledger
        self._jobs = jobs
        self._files = files
        self._spending = spending
        self._fresh = fresh
        self._in_flight: set[str] = set()
        self._turns: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    def may_be_charged(self, entry_id: str) -> bool:
        """Whether a request of this start may be charged just now, so that it must not be cut off."""
        return entry_id in self._in_flight

    def protect(self, entry_id: str) -> None:
        """Say that the next request of a start may be charged; before the ledger is told, so that no moment is open."""
        self._in_flight.add(entry_id)

    def unprotect(self, entry_id: str) -> None:
        """Say that what was charged is written down."""
        self._in_flight.discard(entry_id)

    async def price(self, tool: StartTool[InputsT], inputs: InputsT, found: ResolvedInputs, title: str) -> Price:
        """What all steps of a start would cost."""
        prices = [await self.price_of_upload(file) for file in found.files.values()]
        script = _script(tool, inputs)
        if script is not None and tool.speech is not None:
            prices += await self.prices_of_speech(script, found.voices[tool.speech.voice], 1.0)
        family, body = next(candidate_requests(tool, inputs, self.draft(tool, inputs, found, title)))
        estimate = tool.estimate(inputs, lengths_of(tool, inputs, found))
        prices.append(await self._spending.price(family.name, family.start, body, estimate))
        return Price(prices)

    def draft(self, tool: StartTool[InputsT], inputs: InputsT, found: ResolvedInputs, title: str) -> PreparedInputs:
        """What a start needs as it will be, with addresses that lead nowhere yet."""
        media = {name: f"{_NOWHERE}{name}{suffix_for(file.content_type)}" for name, file in found.files.items()}
        backgrounds = {**found.backgrounds, **dict.fromkeys(found.pictures, BackgroundChoice(custom_id=_NO_ID))}
        return PreparedInputs(
            title=title,
            sandbox=self._jobs.sandbox,
            avatars=found.avatars,
            backgrounds=backgrounds,
            languages=found.languages,
            media={**found.addresses, **media},
            speech=f"{_NOWHERE}speech.mp3" if _script(tool, inputs) is not None else None,
            lengths=lengths_of(tool, inputs, found),
        )

    async def prices_of_speech(self, script: str, voice: VoiceChoice, speed: float) -> list[StepPrice]:
        """What speaking a script costs, piece by piece; the pieces of a long one are joined and uploaded."""
        texts = pieces(script)
        prices = [
            await self._spending.price(
                "speech",
                SPEAK,
                _speech_request(text, voice, speed),
                Estimate(spoken_seconds(text, speed), "second", None, _UNPRICED),
            )
            for text in texts
            if await self._paid_speech(_speech_key(text, voice, speed)) is None
        ]
        known = [price.credits for price in prices if price.credits is not None]
        total = sum(known) if len(known) == len(prices) else None
        spoken = StepPrice("speech", total, prices[0].source if prices else "already made")
        if len(texts) == 1:
            return [spoken]
        return [spoken, await self._price_of_sending(UploadRequest(key=_JOINED, contentType="audio/mpeg"))]

    async def price_of_upload(self, file: LocalFile) -> StepPrice:
        """What an upload costs; nothing when the same file was sent within the day."""
        if await self._paid_upload(file.sha256) is not None:
            return StepPrice("upload", 0.0, "already sent")
        if await self.address_kept(file.sha256) is not None:
            return StepPrice("upload", 0.0, "its address is already paid for")
        return await self._price_of_sending(_upload_request(file))

    async def prepare(
        self, tool: StartTool[InputsT], inputs: InputsT, found: ResolvedInputs, entry: LedgerEntry, meter: ChargeMeter
    ) -> PreparedInputs:
        """Upload, store and speak what a start needs."""
        script = _script(tool, inputs)
        spoken = 0 if script is None else _steps_of_speech(pieces(script))
        self._under_way.expect(entry.id, len(found.files) + len(found.pictures) + spoken + 1)
        media = dict(found.addresses)
        for name, file in found.files.items():
            media[name] = await self.upload(file, entry, meter)
        backgrounds = dict(found.backgrounds)
        for name in found.pictures:
            self._under_way.begin(entry.id, "Storing the background picture")
            backgrounds[name] = BackgroundChoice(custom_id=await self._store_background(media.pop(name)))
        speech = None
        if tool.speech is not None and script is not None:
            speech = await self.speak(script, found.voices[tool.speech.voice], 1.0, entry, meter)
        return PreparedInputs(
            title=entry.title,
            sandbox=self._jobs.sandbox,
            avatars=found.avatars,
            backgrounds=backgrounds,
            languages=found.languages,
            media=media,
            speech=speech,
            lengths=lengths_of(tool, inputs, found),
        )

    async def speak(self, script: str, voice: VoiceChoice, speed: float, entry: LedgerEntry, meter: ChargeMeter) -> str:
        """Speak a script, in pieces when it is long, and give the address of the sound."""
        addresses = []
        texts = pieces(script)
        for number, text in enumerate(texts, 1):
            key = _speech_key(text, voice, speed)
            async with self._turn(key):
                url = await self._paid_speech(key)
                if url is None:
                    part = f", part {number} of {len(texts)}" if len(texts) > 1 else ""
                    self._under_way.begin(entry.id, f"Speaking the script{part}")
                    spoken = await self._pay("speech", SPEAK, _speech_request(text, voice, speed), entry)
                    url = spoken.url
                    await self._ledger.merge_details(entry.id, paying=None, speech={key: url})
                    self.unprotect(entry.id)
                    await meter.measure_step("speech", spoken_seconds(text, speed))
            addresses.append(url)
        if len(addresses) == 1:
            return addresses[0]
        sound, content_type = join([await self._files.fetch(url) for url in addresses])
        with tempfile.TemporaryDirectory(prefix="a2e-") as folder:
            return await self.upload(_write_sound(Path(folder), sound, content_type), entry, meter)

    async def upload(self, file: LocalFile, entry: LedgerEntry, meter: ChargeMeter) -> str:
        """Send a file to A2E's storage and give its address; one that was sent within the day is used again."""
        async with self._turn(file.sha256):
            return await self._paid_upload(file.sha256) or await self._send(file, entry, meter)

    async def _send(self, file: LocalFile, entry: LedgerEntry, meter: ChargeMeter) -> str:
        self._under_way.begin(entry.id, f"Uploading {file.path.name}")
        kept = await self.address_kept(file.sha256)
        owner, address = kept or (entry.id, await self._new_address(file, entry, meter))
        try:
            await self._files.put(file, address.put, self._board.seen(entry.id))
        except FileRefused as problem:
            if kept is not None or isinstance(problem, UploadRefused):
                # Storage did not take it at this address twice, or never will.
                await self._ledger.merge_details(owner, addresses={file.sha256: None})
            problem.charged = Charged.UNKNOWN
            raise
        finally:
            self._board.clear(entry.id)
        await self._ledger.merge_details(entry.id, uploads={file.sha256: address.url})
        return self._fresh(address.url)

    async def address_kept(self, sha256: str) -> tuple[str, UploadAddress] | None:
        """The upload address that was paid for this file and has not expired, with the id of its entry."""
        for entry in await self._ledger.recent(since=self._ledger.now() - KEPT_SECONDS):
            address = entry.details.addresses.get(sha256)
            if address is not None and address.until > self._ledger.now():
                return entry.id, address
        return None

    async def _new_address(self, file: LocalFile, entry: LedgerEntry, meter: ChargeMeter) -> UploadAddress:
        asked_at = self._ledger.now()
        answer = await self._pay("upload", UPLOAD_URL, _upload_request(file), entry)
        if answer.public_url is None:
            await self._ledger.merge_details(entry.id, paying=None)
            self.unprotect(entry.id)
            await meter.measure_step("upload", 1.0)
            raise ServiceError(
                "A2E gave an upload address but did not say where the file will be", charged=Charged.UNKNOWN
            )
        until = asked_at + (answer.expires_in or _SECONDS_TO_UPLOAD) - _SPARE_SECONDS
        address = UploadAddress(answer.upload_url, answer.public_url, until)
        await self._ledger.merge_details(entry.id, paying=None, addresses={file.sha256: address})
        self.unprotect(entry.id)
        # The address is what is charged: it is paid for whatever becomes of the file.
        await meter.measure_step("upload", 1.0)
        return address

    async def make(
        self,
        capability: Capability[RequestT, ReplyT],
        request: RequestT,
        units: float,
        entry: LedgerEntry,
        meter: ChargeMeter,
        *,
        keep: Callable[[ReplyT], Awaitable[None]],
    ) -> None:
        """Make a charged call that is done when A2E answers; the answer is kept before its price is looked for."""
        await keep(await self._pay(entry.family, capability, request, entry))
        await meter.measure_step(entry.family, units)

    async def now(self, handle: JobId, entry: LedgerEntry) -> Job:
        """How a job of this entry stands; when A2E cannot say, what the ledger knows."""
        try:
            return await self._jobs.check(handle)
        except A2EError:
            known = self._jobs.of_entry(entry)
            return next((job for job in known if job.job_id == str(handle)), known[0])

    async def _store_background(self, url: str) -> str:
        rows = (await self._client.call(ADD_BACKGROUND, AddBackground(img_url=url))).rows
        ours = [row for row in rows if row.img_url == url] or rows
        if not ours:
            raise ServiceError("A2E did not say under which id it stored the background picture")
        return ours[0].id

    def _turn(self, key: str) -> anyio.Lock:
        """Starts made at the same moment often share a script or a file: one pays for it, and the others use it."""
        return self._turns.setdefault(key, anyio.Lock())

    async def _paid_speech(self, key: str) -> str | None:
        recent = await self._ledger.recent(since=self._ledger.now() - KEPT_SECONDS)
        url = next((url for entry in recent if (url := entry.details.speech.get(key))), None)
        return url and self._fresh(url)

    async def _paid_upload(self, sha256: str) -> str | None:
        recent = await self._ledger.recent(since=self._ledger.now() - KEPT_SECONDS)
        url = next((url for entry in recent if (url := entry.details.uploads.get(sha256))), None)
        return url and self._fresh(url)

    async def _pay(
        self, step: str, capability: Capability[RequestT, ReplyT], request: RequestT, entry: LedgerEntry
    ) -> ReplyT:
        """Make a call that is charged on the way; the ledger knows of it before it leaves."""
        self.protect(entry.id)
        await self._ledger.merge_details(entry.id, paying=step)
        return await self._client.call(capability, request)

    async def _price_of_sending(self, request: UploadRequest) -> StepPrice:
        return await self._spending.price("upload", UPLOAD_URL, request, Estimate(1, "item", None, _UNPRICED))


def lengths_of(tool: StartTool[InputsT], inputs: InputsT, found: ResolvedInputs) -> Mapping[str, float]:
    """Seconds of the files whose length is known, and of the script as it will roughly be spoken."""
    script = _script(tool, inputs)
    return found.lengths if script is None else {**found.lengths, "speech": spoken_seconds(script)}


def candidate_requests(
    tool: StartTool[InputsT], inputs: InputsT, found: PreparedInputs
) -> Iterator[tuple[JobFamily, Request]]:
    """A2E's requests for these inputs, the one to try first first; at least one.

    Raises InputError for what A2E takes no such value of.
    """
    request = _checked(tool, lambda: tool.to_request(inputs, found))
    if request is not None:
        yield tool.family, request
    if tool.older is not None:
        older = tool.older
        request = _checked(tool, lambda: older.to_request(inputs, found))
        if request is not None:
            yield older.family, request


def _checked(tool: StartTool[Any], make: Callable[[], Request | None]) -> Request | None:
    try:
        return make()
    except ValidationError as problem:
        wrong = "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in problem.errors())
        raise InputError(f"{tool.name}: A2E does not take this ({wrong[:300]})") from None


def _script(tool: StartTool[InputsT], inputs: InputsT) -> str | None:
    script: str | None = getattr(inputs, tool.speech.script) if tool.speech is not None else None
    return script


def _steps_of_speech(texts: Sequence[str]) -> int:
    """The pieces of a long script are joined and uploaded, which is one more."""
    return len(texts) + (len(texts) > 1)


def _write_sound(folder: Path, sound: bytes, content_type: str) -> LocalFile:
    path = folder / f"speech{suffix_for(content_type)}"
    path.write_bytes(sound)
    return LocalFile(path, "audio", content_type, len(sound), hashlib.sha256(sound).hexdigest(), None)


def _speech_request(text: str, voice: VoiceChoice, speed: float) -> SpeechRequest:
    if not voice.own:
        return SpeechRequest(msg=text[:LONGEST_SPEECH_TEXT], tts_id=voice.id, speechRate=speed)
    country, _, region = voice.language.partition("-")
    return SpeechRequest(
        msg=text[:LONGEST_SPEECH_TEXT],
        user_voice_id=voice.id,
        country=country or "en",
        region=region or "US",
        speechRate=speed,
    )


def _speech_key(text: str, voice: VoiceChoice, speed: float) -> str:
    spoken_by = f"{voice.id} {voice.language}" if voice.own else voice.id
    return hashlib.sha256(f"{spoken_by}\0{speed:g}\0{text}".encode()).hexdigest()


def _upload_request(file: LocalFile) -> UploadRequest:
    # The name carries the content's hash: two different files never share an address.
    key = f"{file.sha256[:12]}-{safe_name(file.path.name, ascii_only=True)}"
    # A large file may take longer than the quarter of an hour that addresses are usually good for.
    seconds = _SECONDS_FOR_LARGE if file.size > LARGE_FILE else None
    return UploadRequest(key=key, contentType=file.content_type, fileSize=file.size, expiresIn=seconds)
