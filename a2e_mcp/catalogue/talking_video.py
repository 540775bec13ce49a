"""Talking Video: the person of a clip speaks new words.

Source: A2E's newest developer spec, where the answer of the start is printed empty; A2E's menu does not have it. As for
a talking photo both prompts are required, and the length is 3 s when none is sent, so it always is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, JobFamily, Request
from a2e_mcp.catalogue.declaration.crud import standard_calls
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

_LONGEST = 20
STANDARD_PROMPT = "the person is speaking, looking at the camera"
STANDARD_NEGATIVE = "blurry, distorted face"


class StartTalkingVideo(Request):
    """A clip, a sound, and for how long (1 to 20 s)."""

    name: str = Field(min_length=1, max_length=200)
    video_url: str
    audio_url: str | None = None
    duration: int = Field(default=3, ge=1, le=_LONGEST)
    prompt: str = Field(max_length=5000)
    negative_prompt: str = Field(max_length=5000)


START = Capability(
    name="start_talking_video",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/talkingVideo/start"),
    request=StartTalkingVideo,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Make the person of a clip speak new words.",
)

_CALLS = standard_calls(
    "talking_video", "talking_videos", "/api/v1/talkingVideo", what="a talking video", detail=Evidence.INFERRED
)

TALKING_VIDEO = JobFamily(
    name="talking_video",
    about="a clip that speaks new words",
    start=START,
    detail=_CALLS.detail,
    listing=_CALLS.listing,
    batch=_CALLS.batch,
    remove=_CALLS.remove,
    states=COMMON_STATES,
    results=("result_url",),
    polled="batch",
    recovery="by_name",
    typical_seconds=300,
    delete_note="A2E does not say whether this stops a running job or refunds it.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = TALKING_VIDEO.capabilities
FAMILIES = (TALKING_VIDEO,)


class TalkingVideoInputs(Inputs):
    """What `start_talking_video` takes."""

    one_of = ("script", "audio")
    needs = (VOICE_FOR_SCRIPT,)

    video: Annotated[str, MediaIn(("video",))] = Field(description="Clip of one person: URL, path or job id")
    script: OrNone[str] = optional("What the person says, up to 20 seconds")
    voice: OrNone[Annotated[str, VoiceRef()]] = optional("Voice name or id, with script")
    audio: OrNone[Annotated[str, MediaIn(("audio",), longest=_LONGEST)]] = optional("Speech instead of script")
    seconds: OrNone[Annotated[int, Field(ge=1, le=_LONGEST), SECONDS, ZeroMeansNone()]] = optional(
        "By default as long as the speech"
    )
    prompt: OrNone[Annotated[Name, Field(max_length=2000)]] = optional("How the person moves")
    title: OrNone[Name] = optional("Label in your list")

    @model_validator(mode="after")
    def _one_source(self) -> TalkingVideoInputs:
        if self.script is not None and not self.script.strip():
            raise ValueError("script is empty; write what the person should say")
        if self.script is not None and spoken_seconds(self.script) > _LONGEST * 1.5:
            raise ValueError(f"script is too long: at most {_LONGEST} seconds can be spoken")
        return self


def _start(inputs: TalkingVideoInputs, found: PreparedInputs) -> StartTalkingVideo:
    return StartTalkingVideo(
        name=found.title,
        video_url=found.media["video"],
        audio_url=found.media.get("audio") or found.speech,
        duration=min(_LONGEST, _seconds(inputs, found.lengths) or _LONGEST),
        prompt=inputs.prompt or STANDARD_PROMPT,
        negative_prompt=STANDARD_NEGATIVE,
    )


def _seconds(inputs: TalkingVideoInputs, lengths: Mapping[str, float]) -> int | None:
    """Seconds of the video: those asked for, else those of the sound; None when they are not known."""
    known = lengths.get("audio" if inputs.script is None else "speech")
    return inputs.seconds or (None if known is None else whole_seconds(known))


def _objection(inputs: TalkingVideoInputs, found: PreparedInputs) -> str:
    return length_objection(_seconds(inputs, found.lengths), _LONGEST)


def _price(inputs: TalkingVideoInputs, lengths: Mapping[str, float]) -> Estimate:
    return Estimate(_seconds(inputs, lengths), "second", 2.6, "A2E docs: 13 credits for 5 s in the example")


START_TALKING_VIDEO = StartTool(
    name="start_talking_video",
    title="Make a clip speak new words",
    about="Make the person of a clip speak a script or finished audio, up to 20 seconds. Needs consent.",
    inputs=TalkingVideoInputs,
    examples=(
        {
            "video": "zoe.mp4",
            "script": "Hello, I am Zoe.",
            "voice": "Aria",
            "consent": "Zoe agreed by email on 3 May 2026",
        },
    ),
    fields={**SPEECH_FIELDS, "video_url": "video", "audio_url": "audio", "duration": "seconds"},
    toolset="video",
    family=TALKING_VIDEO,
    to_request=_start,
    estimate=_price,
    objection=_objection,
    likeness=("video",),
    likeness_may_be_made=True,
    speech=SpeechStep(longest=_LONGEST),
)

TOOLS = (START_TALKING_VIDEO,)
