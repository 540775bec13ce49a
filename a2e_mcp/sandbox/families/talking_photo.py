"""Talking Photo: a portrait speaks a sound, or looks about in silence when there is none."""

from __future__ import annotations

from pathlib import Path

from a2e_mcp.catalogue.talking_photo import STANDARD_NEGATIVE, STANDARD_PROMPT, TALKING_PHOTO, StartTalkingPhoto
from a2e_mcp.sandbox.assets.media_inputs import MediaFile, cannot_analyse
from a2e_mcp.sandbox.behaviour.behaviour import job_behaviour
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file, started_units
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.magic_words import without_magic
from a2e_mcp.sandbox.orders.talking_photo import TalkingPhotoOrder
from a2e_mcp.sandbox.render_workers.pool import RenderFailed

PRICE_PER_FIVE_SECONDS = 13

PHOTO = RecordFamily(TALKING_PHOTO.name)


async def _plan(service: Service, request: StartTalkingPhoto) -> JobPlan:
    image = await service.inputs.take(request.image_url, "image_url", "image")
    audio = None
    if request.audio_url:
        audio = await service.inputs.take(request.audio_url, "audio_url", "audio")
    sound, remark = await sound_of(service, audio, request.duration)

    def order(output: str) -> TalkingPhotoOrder:
        side = service.quality.long_side
        return TalkingPhotoOrder(
            image=str(image.path),
            audio=str(sound),
            output=output,
            prompt=given_prompt(request.prompt, STANDARD_PROMPT),
            negative_prompt=given_prompt(request.negative_prompt, STANDARD_NEGATIVE),
            width=side,
            height=side,
            fps=service.quality.fps,
        )

    body: Body = {
        "name": request.name,
        "image_url": request.image_url,
        "audio_url": request.audio_url or "",
        "duration": request.duration,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "cover_url": "",
    }
    traits = frozenset() if audio is None else audio.stored.traits
    return plan_file(service, PHOTO, ".mp4", order, price=_price(request), body=body, remark=remark, traits=traits)


async def sound_of(service: Service, audio: MediaFile | None, seconds: int) -> tuple[Path, str]:
    """The sound as long as it may be, and a sentence when that is not the sound as given."""
    if audio is not None and audio.seconds <= seconds + 0.05:
        return audio.path, ""
    # Made once: a quote and its start need the same. The first letters of a key are its own alone.
    key = f"first-{seconds}s-{'silence' if audio is None else audio.path.name[:24]}.mp3"
    path = service.files.path(key)
    if not path.exists():
        try:
            await service.analysis.write_beginning(None if audio is None else audio.path, seconds, path)
        except RenderFailed as failure:
            raise cannot_analyse(failure, "audio_url") from None
    if audio is None:
        return path, "Nothing is spoken, since no audio_url was given."
    return path, f"The sound of {audio.seconds:.1f} s was cut to the duration, {seconds} s."


def given_prompt(prompt: str, standard: str) -> str:
    """What the request says, unless it is the standard text that stands in for nothing."""
    return "" if prompt == standard else without_magic(prompt)


def _price(request: StartTalkingPhoto) -> int:
    return PRICE_PER_FIVE_SECONDS * started_units(request.duration, 5)


BEHAVIOUR = job_behaviour(TALKING_PHOTO, PHOTO, _plan, _price)
