"""Speech is bought: a script spoken by a voice, by itself or on the way to a video."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from a2e_mcp.catalogue.account import UploadRequest
from a2e_mcp.catalogue.declaration.tool import Estimate, VoiceChoice
from a2e_mcp.catalogue.voices import LONGEST_SPEECH_TEXT, SPEAK, SpeechRequest, spoken_seconds
from a2e_mcp.files.local import LocalFile
from a2e_mcp.files.urls import suffix_for
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.keys import speech_key
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.payments import KEPT_SECONDS
from a2e_mcp.starts.plan import UNPRICED, StartContext
from a2e_mcp.starts.pricing import StepPrice
from a2e_mcp.starts.script import join, pieces
from a2e_mcp.starts.upload import UploadItem, price_of_sending

_JOINED = UploadRequest(key="speech.mp3", contentType="audio/mpeg")


class SpeechItem:
    """A script, spoken in pieces when it is long; each piece is kept, so that none is paid twice."""

    def __init__(
        self,
        context: StartContext,
        script: str,
        voice: VoiceChoice,
        speed: float = 1.0,
        *,
        max_credits: float | None = None,
    ) -> None:
        self._context = context
        self._max_credits = max_credits
        self._voice = voice
        self._speed = speed
        self._texts = pieces(script)

    @property
    def steps(self) -> int:
        """How many steps it takes; the pieces of a long script are joined and uploaded, which is one more."""
        return len(self._texts) + (len(self._texts) > 1)

    async def price(self) -> Sequence[StepPrice]:
        """What the pieces cost that are not spoken yet, and the upload of a long script."""
        prices = [await self._price(text) for text in self._texts if await self._kept(self._key(text)) is None]
        spoken = self._together(prices)
        return [spoken] if len(self._texts) == 1 else [spoken, await price_of_sending(self._context, _JOINED)]

    async def execute(self, entry: LedgerEntry, meter: ChargeMeter) -> Sequence[str]:
        """Speak the script and give the URL of the sound."""
        urls: list[str] = []
        for number, text in enumerate(self._texts, 1):
            if urls:
                await self._hold_under_ceiling(self._texts[number - 1 :], meter)
            urls.append(await self._speak(number, text, entry, meter))
        if len(urls) == 1:
            return urls
        sound, content_type = join([await self._context.files.fetch(url) for url in urls])
        with tempfile.TemporaryDirectory(prefix="a2e-") as folder:
            file = _write_sound(Path(folder), sound, content_type)
            return await UploadItem(self._context, file).execute(entry, meter)

    def _together(self, prices: Sequence[StepPrice]) -> StepPrice:
        known = [price.credits for price in prices if price.credits is not None]
        total = sum(known) if len(known) == len(prices) else None
        return StepPrice("speech", total, prices[0].source if prices else "already made")

    async def _price(self, text: str) -> StepPrice:
        seconds = Estimate(spoken_seconds(text, self._speed), "second", None, UNPRICED)
        return await self._context.spending.price("speech", SPEAK, self._request(text), seconds)

    async def _hold_under_ceiling(self, texts: Sequence[str], meter: ChargeMeter) -> None:
        """Raises MoneyRefused when what was really charged until now leaves no room for the other pieces."""
        ceilings = self._context.ceilings
        if ceilings.ceiling(self._max_credits) is None:
            return
        step = self._together([await self._price(text) for text in texts if await self._kept(self._key(text)) is None])
        objection = ceilings.objection_after(meter.so_far, step, self._max_credits)
        if objection is not None:
            raise objection

    async def _speak(self, number: int, text: str, entry: LedgerEntry, meter: ChargeMeter) -> str:
        payments, key = self._context.payments, self._key(text)
        if (url := entry.details.speech.get(key)) is not None:
            # Who carried it out before has paid it.
            return self._context.fresh(url)
        async with payments.turn(key):
            paid = await payments.claim(entry, speech_key(key))
            if paid is not None:
                return self._context.fresh(paid.details.speech[key])
            part = f", part {number} of {len(self._texts)}" if len(self._texts) > 1 else ""
            self._context.progress.begin(entry.id, f"Speaking the script{part}")
            spoken = await payments.charge_once("speech", SPEAK, self._request(text), entry)
            await payments.keep(entry, speech={key: spoken.url})
            await meter.measure_step("speech", spoken_seconds(text, self._speed))
            return spoken.url

    async def _kept(self, key: str) -> str | None:
        ledger = self._context.ledger
        recent = await ledger.with_key(speech_key(key), since=ledger.now() - KEPT_SECONDS)
        url = next((url for entry in recent if (url := entry.details.speech.get(key))), None)
        return url and self._context.fresh(url)

    def _key(self, text: str) -> str:
        voice = self._voice
        spoken_by = f"{voice.id} {voice.language}" if voice.own else voice.id
        # Line breaks may be pauses; other blanks are the layout of a host.
        words = "\n".join(" ".join(line.split()) for line in text.splitlines())
        return hashlib.sha256(f"{spoken_by}\0{self._speed:g}\0{words}".encode()).hexdigest()

    def _request(self, text: str) -> SpeechRequest:
        voice, msg = self._voice, text[:LONGEST_SPEECH_TEXT]
        if not voice.own:
            return SpeechRequest(msg=msg, tts_id=voice.id, speechRate=self._speed)
        country, _, region = voice.language.partition("-")
        return SpeechRequest(
            msg=msg, user_voice_id=voice.id, country=country or "en", region=region or "US", speechRate=self._speed
        )


def _write_sound(folder: Path, sound: bytes, content_type: str) -> LocalFile:
    path = folder / f"speech{suffix_for(content_type)}"
    path.write_bytes(sound)
    return LocalFile(path, "audio", content_type, len(sound), hashlib.sha256(sound).hexdigest(), None)
