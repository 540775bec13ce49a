"""Talking Photo: a portrait speaks a sound file.

Source: A2E docs menu "Talking Photo". `prompt` and `negative_prompt` look optional there; leaving them out gives 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from a2e_mcp.catalogue.declaration.capability import (
    Capability,
    Effect,
    Endpoint,
    Evidence,
    JobFamily,
    MenuEntry,
    Request,
)
from a2e_mcp.catalogue.declaration.crud import FamilyMenu, standard_calls
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, JobRecord
from a2e_mcp.catalogue.declaration.spellings import SECONDS, Name, ZeroMeansNone
from a2e_mcp.catalogue.declaration.tool import (
    Estimate,
    Inputs,
    MediaIn,
    OrNone,
    PreparedInputs,
    SpeechStep,
    StartTool,
    VoiceRef,
    length_objection,
    optional,
    whole_seconds,
)
from a2e_mcp.catalogue.voices import SPEECH_FIELDS, VOICE_FOR_SCRIPT, spoken_seconds

LONGEST = 20
"""Seconds (newest spec; an older copy says 10)."""

STANDARD_PROMPT = "the person is speaking, looking at the camera, natural expression, still background"
STANDARD_NEGATIVE = "blurry, distorted face, extra fingers, moving camera"
"""The prompts that are sent when none is given: A2E refuses a talking photo without both."""


class StartTalkingPhoto(Request):
    """A portrait, a sound, and for how long (1 to 20 s)."""

    name: str = Field(min_length=1, max_length=200)
    image_url: str
    audio_url: str | None = None
    duration: int = Field(default=3, ge=1, le=LONGEST)
    prompt: str = Field(max_length=5000)
    negative_prompt: str = Field(max_length=5000)


START = Capability(
    name="start_talking_photo",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/talkingPhoto/start"),
    request=StartTalkingPhoto,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Make a portrait speak.",
    menu=MenuEntry("Talking Photo", "Start a Task"),
)

_CALLS = standard_calls(
    "talking_photo",
    "talking_photos",
    "/api/v1/talkingPhoto",
    what="a talking photo",
    menu=FamilyMenu("Talking Photo", listing="List Tasks", detail="Get Task Detail", remove="Delete Task"),
)

TALKING_PHOTO = JobFamily(
    name="talking_photo",
    about="a photo that speaks",
    start=START,
    detail=_CALLS.detail,
    listing=_CALLS.listing,
    batch=_CALLS.batch,
    remove=_CALLS.remove,
    states=COMMON_STATES,
    results=("result_url",),
    polled="batch",
    recovery="by_name",
    typical_seconds=240,
    delete_note="A2E does not say whether this stops a running job or refunds it.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = TALKING_PHOTO.capabilities
FAMILIES = (TALKING_PHOTO,)


class TalkingPhotoInputs(Inputs):
    """What `start_talking_photo` takes."""

    one_of = ("script", "audio")
    needs = (VOICE_FOR_SCRIPT,)

    image: Annotated[str, MediaIn(("image",))] = Field(description="Portrait of one face: URL or path")
    script: OrNone[str] = optional("What the photo says, up to 20 seconds")
    voice: OrNone[Annotated[str, VoiceRef()]] = optional("Voice name or id, with script")
    audio: OrNone[Annotated[str, MediaIn(("audio",), longest=LONGEST)]] = optional(
        "Speech instead of script: URL, path or job id"
    )
    seconds: OrNone[Annotated[int, Field(ge=1, le=LONGEST), SECONDS, ZeroMeansNone()]] = optional(
        "By default as long as the speech"
    )
    prompt: OrNone[Annotated[Name, Field(max_length=2000)]] = optional("How the person moves")
    title: OrNone[Name] = optional("Label in your list")

    @model_validator(mode="after")
    def _one_source(self) -> TalkingPhotoInputs:
        if self.script is not None and not self.script.strip():
            raise ValueError("script is empty; write what the photo should say")
        if self.script is not None and spoken_seconds(self.script) > LONGEST * 1.5:
            raise ValueError(f"script is too long: a photo speaks {LONGEST} seconds at most")
        return self


def _start(inputs: TalkingPhotoInputs, found: PreparedInputs) -> StartTalkingPhoto:
    return StartTalkingPhoto(
        name=found.title,
        image_url=found.media["image"],
        audio_url=found.media.get("audio") or found.speech,
        duration=min(LONGEST, _seconds(inputs, found.lengths) or LONGEST),
        prompt=inputs.prompt or STANDARD_PROMPT,
        negative_prompt=STANDARD_NEGATIVE,
    )


def _seconds(inputs: TalkingPhotoInputs, lengths: Mapping[str, float]) -> int | None:
    """Seconds of the video: those asked for, else those of the sound; None when they are not known."""
    known = lengths.get("audio" if inputs.script is None else "speech")
    return inputs.seconds or (None if known is None else whole_seconds(known))


def _price(inputs: TalkingPhotoInputs, lengths: Mapping[str, float]) -> Estimate:
    seconds = _seconds(inputs, lengths)
    return Estimate(seconds, "second", 2.6, "A2E docs: 13 credits for 5 s in a sibling's example")


def _objection(inputs: TalkingPhotoInputs, found: PreparedInputs) -> str:
    return length_objection(_seconds(inputs, found.lengths), LONGEST)


START_TALKING_PHOTO = StartTool(
    name="start_talking_photo",
    title="Make a photo speak",
    about="Make a portrait photo speak a script or finished audio, up to 20 seconds. Needs consent.",
    inputs=TalkingPhotoInputs,
    examples=(
        {
            "image": "zoe.png",
            "script": "Hello, I am Zoe.",
            "voice": "Aria",
            "consent": "Zoe agreed by email on 3 May 2026",
        },
    ),
    fields={**SPEECH_FIELDS, "image_url": "image", "audio_url": "audio", "duration": "seconds"},
    toolset="video",
    family=TALKING_PHOTO,
    to_request=_start,
    estimate=_price,
    objection=_objection,
    likeness=("image",),
    likeness_may_be_made=True,
    speech=SpeechStep(longest=LONGEST),
)

TOOLS = (START_TALKING_PHOTO,)
