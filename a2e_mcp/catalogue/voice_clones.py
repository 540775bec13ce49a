"""Voice Clone: own voices from recordings, or from an avatar's video.

Source: A2E docs menu "TTS and Voice Clone", "Clone Voice from a Video". A finished clone's record id is the voice id;
one training at a time for each user; a failed one is refunded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import (
    Capability,
    Effect,
    Endpoint,
    Evidence,
    JobFamily,
    MenuEntry,
    Request,
)
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, ById, HexId, JobRecord, Nothing, Opaque, Rows
from a2e_mcp.catalogue.declaration.spellings import GENDERS, Name
from a2e_mcp.catalogue.declaration.tool import (
    AvatarRef,
    Estimate,
    Inputs,
    LanguageRef,
    MediaIn,
    OrNone,
    PreparedInputs,
    StartTool,
    optional,
)

Model = Literal["a2e", "cartesia", "minimax", "elevenlabs"]


class TrainVoice(Request):
    """Recordings of one speaker, 15 to 60 s in all, and the language they speak."""

    name: str = Field(min_length=1, max_length=200)
    voice_urls: list[str] = Field(min_length=1, max_length=10)
    gender: Literal["female", "male"] = "female"
    denoise: bool | None = None
    enhance_voice_similarity: bool | None = None
    model: Model = "a2e"
    language: str | None = Field(default=None, max_length=20)


class RenameVoice(Request):
    """A clone's id and its new name."""

    id: HexId = Field(validation_alias="_id", serialization_alias="_id")
    name: str = Field(min_length=1, max_length=200)


TRAIN = Capability(
    name="train_voice_clone",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/userVoice/training"),
    request=TrainVoice,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Clone a voice from recordings.",
    menu=MenuEntry("TTS and Voice Clone", "Train TTS Model"),
)

DETAIL = Capability(
    name="get_voice_clone",
    endpoint=Endpoint("GET", "/api/v1/userVoice/{_id}"),
    request=ById,
    reply=JobRecord,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Get the state of one clone.",
    menu=MenuEntry("TTS and Voice Clone", "Get Details of a Voice"),
)

LIST_TRAINING = Capability(
    name="list_ongoing_voice_clones",
    endpoint=Endpoint("GET", "/api/v1/userVoice/trainingRecord"),
    request=Nothing,
    reply=Rows[JobRecord],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="List clone trainings of every state, newest first.",
    menu=MenuEntry("TTS and Voice Clone", "List Ongoing Voice Clone Tasks"),
)

DELETE = Capability(
    name="delete_voice_clone",
    endpoint=Endpoint("DELETE", "/api/v1/userVoice/{_id}"),
    request=ById,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Delete a clone.",
    menu=MenuEntry("TTS and Voice Clone", "Delete a User Voice", tool="delete_voice"),
)

RENAME = Capability(
    name="rename_voice_clone",
    endpoint=Endpoint("PUT", "/api/v1/userVoice/{_id}"),
    request=RenameVoice,
    reply=Opaque,
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Rename a clone.",
)

FROM_VIDEO = Capability(
    name="clone_voice_from_avatar_video",
    endpoint=Endpoint("POST", "/api/v1/userVideoTwin/addVoiceClone"),
    request=ById,
    reply=JobRecord,
    # Whether this is charged is not known; what may be charged is treated as if it were.
    effect=Effect.SPENDS,
    evidence=Evidence.OBSERVED,
    reply_evidence=Evidence.INFERRED,
    about="Clone the voice heard in an own avatar's video.",
    menu=MenuEntry("Create Avatars", "Clone Voice from a Video"),
)

_READY = "use it by its name as `voice`; a voice has no file."

VOICE_CLONE = JobFamily(
    name="voice_clone",
    about="a cloned voice",
    start=TRAIN,
    detail=DETAIL,
    listing=LIST_TRAINING,
    remove=DELETE,
    states=COMMON_STATES,
    results=(),
    polled="list",
    recovery="by_name",
    typical_seconds=120,
    delete_note="This deletes the voice itself; A2E does not mention a refund.",
    next_step=_READY,
    gives_name=True,
)

VIDEO_VOICE_CLONE = JobFamily(
    name="video_voice_clone",
    about="a voice cloned from an avatar's video",
    start=FROM_VIDEO,
    detail=DETAIL,
    remove=DELETE,
    states=COMMON_STATES,
    results=(),
    polled="each",
    recovery="never",
    typical_seconds=120,
    delete_note="This deletes the voice itself; A2E does not mention a refund.",
    next_step=_READY,
    gives_name=True,
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (*VOICE_CLONE.capabilities, FROM_VIDEO, RENAME)
FAMILIES = (VOICE_CLONE, VIDEO_VOICE_CLONE)

# A2E asks for 15 to 60 s on one line and for at least 30 s on another, so a little less is left to its judgement.
_SAMPLE = MediaIn(("audio", "video"), shortest=10, longest=60, voice=True)


class VoiceCloneInputs(Inputs):
    """What `start_voice_clone` takes."""

    name: Annotated[Name, Field(min_length=1, max_length=40)] = Field(description="Name of the new voice")
    sample: Annotated[str, _SAMPLE] = Field(description="Recording of one speaker, 15 to 60 s")
    gender: Annotated[Literal["female", "male"], GENDERS] = Field(description="Gender")
    language: Annotated[str, LanguageRef(region=True)] = Field(
        default="en-US", description="Language of the recording, for example es-MX"
    )
    denoise: bool = Field(default=False, description="Remove noise from the recording first")
    model: Model = Field(default="a2e", description="Cloning engine")


class VideoVoiceCloneInputs(Inputs):
    """What `start_voice_clone_from_video` takes."""

    avatar: Annotated[str, AvatarRef()] = Field(description="One of your own video avatars, by name or id")
    title: OrNone[Name] = optional("Label in your list")


def _train(inputs: VoiceCloneInputs, found: PreparedInputs) -> TrainVoice:
    return TrainVoice(
        name=found.title,
        voice_urls=[found.media["sample"]],
        gender=inputs.gender,
        denoise=inputs.denoise or None,
        model=inputs.model,
        language=found.languages["language"],
    )


def _from_video(_: VideoVoiceCloneInputs, found: PreparedInputs) -> ById:
    return ById(id=found.avatars["avatar"].twin_id or "")


def _price(_: Inputs, __: Mapping[str, float]) -> Estimate:
    return Estimate(1, "item", None, "depends on the model; A2E publishes no price")


START_VOICE_CLONE = StartTool(
    name="start_voice_clone",
    title="Clone a voice",
    about="Clone a voice from a recording of 15 to 60 seconds. Needs consent. One at a time.",
    inputs=VoiceCloneInputs,
    examples=(
        {
            "name": "Narrator",
            "sample": "narrator.wav",
            "gender": "male",
            "consent": "Tom agreed by email on 3 May 2026",
        },
    ),
    fields={"voice_urls": "sample"},
    toolset="voices",
    family=VOICE_CLONE,
    to_request=_train,
    estimate=_price,
    likeness=("sample",),
)

START_VOICE_CLONE_FROM_VIDEO = StartTool(
    name="start_voice_clone_from_video",
    title="Clone the voice of your avatar",
    about="Clone the voice heard in the video that one of your own avatars was made from.",
    inputs=VideoVoiceCloneInputs,
    examples=({"avatar": "Zoe", "consent": "Zoe agreed by email on 3 May 2026"},),
    toolset="voices",
    family=VIDEO_VOICE_CLONE,
    to_request=_from_video,
    estimate=_price,
    likeness=("avatar",),
    on_own_avatar=True,
)

TOOLS = (START_VOICE_CLONE, START_VOICE_CLONE_FROM_VIDEO)
