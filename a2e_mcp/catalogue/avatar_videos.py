"""Generate Avatar Videos: an avatar says something in front of something.

Source: A2E docs menu "Generate Avatar Videos" and the newest developer spec; status words observed in public clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from a2e_mcp.catalogue.declaration.capability import (
    Capability,
    Effect,
    Endpoint,
    Evidence,
    JobFamily,
    MenuEntry,
    Reply,
    Request,
    State,
)
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, ById, HexId, JobRecord, Opaque, Rows
from a2e_mcp.catalogue.declaration.spellings import PIXELS, RESOLUTIONS, SHAPES, Name, ZeroMeansNone
from a2e_mcp.catalogue.declaration.tool import (
    AvatarRef,
    BackgroundRef,
    Estimate,
    Inputs,
    MediaIn,
    OrNone,
    PreparedInputs,
    SpeechStep,
    StartTool,
    VoiceRef,
    optional,
)
from a2e_mcp.catalogue.declaration.values import Text
from a2e_mcp.catalogue.voices import SPEECH_FIELDS, VOICE_FOR_SCRIPT, Speed

LONGEST_TITLE = 40


class CaptionStyle(Request):
    """How captions are burned in; only the language is needed."""

    language: str = Field(default="en-US", max_length=20)


class GenerateVideo(Request):
    """A lip-synced avatar video.

    The `web_*` sizes matter only when the background is replaced. Both background ids together give code 30005.
    """

    title: str | None = Field(default=None, max_length=LONGEST_TITLE)
    anchor_id: HexId
    anchor_type: Literal[0, 1]
    audioSrc: str | None = None
    custom_voice: str | None = None
    resolution: int = Field(default=1080, ge=100, le=4320)
    web_bg_width: float = Field(default=0, ge=0, le=8192)
    web_bg_height: float = Field(default=0, ge=0, le=8192)
    web_people_width: float = Field(default=0, ge=0, le=8192)
    web_people_height: float = Field(default=0, ge=0, le=8192)
    web_people_x: float = Field(default=0, ge=-8192, le=8192)
    web_people_y: float = Field(default=0, ge=-8192, le=8192)
    back_id: str | None = None
    custom_back_id: str | None = None
    color: str | None = None
    anchor_background_img: str | None = None
    anchor_background_color: str | None = None
    isSkipRs: bool = True
    isCaptionEnabled: bool | None = None
    msg: str | None = None
    captionAlign: CaptionStyle | None = None


class AvatarVideo(JobRecord):
    """An avatar video; `result` is its address once `status` is success."""

    title: Text = None
    result: Text = None
    anchor_id: Text = None


class ByVideoId(Request):
    """One video's id; the newest spec's detail call spells it `video_id`."""

    id: HexId = Field(validation_alias="video_id", serialization_alias="video_id")


class VideoList(Request):
    """A page of avatar videos; this list pages by `current`."""

    page: int = Field(default=1, validation_alias="current", serialization_alias="current", ge=1)
    size: int = Field(default=10, validation_alias="pageSize", serialization_alias="pageSize", ge=1, le=100)


class PublicPool(Request):
    """Whether jobs may overflow into the public pool; only customers with dedicated lines have one."""

    isAutoToPublicPool: bool


class PublicPoolState(Reply):
    """How it is set now."""

    isAutoToPublicPool: bool | None = None


GENERATE = Capability(
    name="generate_avatar_video",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/video/generate"),
    request=GenerateVideo,
    reply=AvatarVideo,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Make an avatar speak a sound file.",
    menu=MenuEntry("Generate Avatar Videos", "Generate AI Avatar Videos"),
)

STATUS = Capability(
    name="get_avatar_video_status",
    endpoint=Endpoint("POST", "/api/v1/video/awsResult"),
    request=ById,
    reply=Rows[AvatarVideo],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Get the state of one avatar video.",
    menu=MenuEntry("Generate Avatar Videos", "Obtain the Status of One Avatar Video Task"),
)

VIDEO_DETAIL = Capability(
    name="get_avatar_video_detail",
    endpoint=Endpoint("GET", "/api/v1/video/detail"),
    request=ByVideoId,
    reply=AvatarVideo,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="The state of one avatar video, as the newest spec reads it.",
)

LIST_VIDEOS = Capability(
    name="list_avatar_videos",
    endpoint=Endpoint("GET", "/api/v1/video/awsList"),
    request=VideoList,
    reply=Rows[AvatarVideo],
    effect=Effect.READS,
    evidence=Evidence.OBSERVED,
    reply_evidence=Evidence.OBSERVED,
    about="List avatar videos, newest first.",
    menu=MenuEntry("Generate Avatar Videos", "List of Result Videos"),
)

DELETE_VIDEO = Capability(
    name="delete_avatar_video",
    endpoint=Endpoint("DELETE", "/api/v1/video/{_id}"),
    request=ById,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.INFERRED,
    reply_evidence=Evidence.INFERRED,
    about="Delete an avatar video.",
    menu=MenuEntry("Generate Avatar Videos", "Delete or Cancel a Video"),
)

PUBLIC_POOL = Capability(
    name="set_auto_public_pool",
    endpoint=Endpoint("POST", "/api/v1/video/auto-public-pool"),
    request=PublicPool,
    reply=PublicPoolState,
    effect=Effect.WRITES,
    evidence=Evidence.OBSERVED,
    reply_evidence=Evidence.OBSERVED,
    about="Let jobs of a dedicated line overflow into the public pool.",
    menu=MenuEntry("Generate Avatar Videos", "Auto Swith to Public Computing Pool", tool="set_auto_public_pool"),
)

_STATES: Mapping[str, State] = {
    **COMMON_STATES,
    "init": "queued",
    "start": "queued",
    "process": "running",
    "copy": "running",
}

AVATAR_VIDEO = JobFamily(
    name="avatar_video",
    about="an avatar that speaks",
    start=GENERATE,
    detail=STATUS,
    listing=LIST_VIDEOS,
    remove=DELETE_VIDEO,
    states=_STATES,
    results=("result", "result_url"),
    polled="list",
    recovery="by_name",
    typical_seconds=120,
    delete_note="A2E does not say whether this stops a running video or refunds it.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (*AVATAR_VIDEO.capabilities, VIDEO_DETAIL, PUBLIC_POOL)
FAMILIES = (AVATAR_VIDEO,)

Shape = Literal["landscape", "portrait", "square"]
_CANVAS: Mapping[Shape, tuple[int, int]] = {"landscape": (16, 9), "portrait": (9, 16), "square": (1, 1)}


class AvatarVideoInputs(Inputs):
    """What `start_avatar_video` takes."""

    one_of = ("script", "audio")
    needs = (VOICE_FOR_SCRIPT,)

    script: OrNone[str] = optional("What the avatar says, as plain text")
    voice: OrNone[Annotated[str, VoiceRef()]] = optional("Voice name or id, with script")
    speed: Speed = Field(default=1.0, description="Of the script, 0.5 to 2")
    audio: OrNone[Annotated[str, MediaIn(("audio",))]] = optional("Speech instead of script: URL, path or job id")
    avatar: Annotated[str, AvatarRef()] = Field(description="Avatar name or id; see list_avatars")
    background: OrNone[Annotated[str, BackgroundRef()]] = optional("Colour (#rrggbb), picture (URL, path) or id")
    shape: Annotated[Shape, SHAPES] = Field(default="landscape", description="landscape is 16:9, portrait 9:16")
    resolution: Annotated[Literal[480, 720, 1080], RESOLUTIONS, PIXELS, ZeroMeansNone()] = Field(
        default=720, description="Shorter side: 480, 720 or 1080"
    )
    captions: bool = Field(default=False, description="Burn in the script as captions")
    smart_motion: bool = Field(default=False, description="More natural motion; much slower")
    title: OrNone[Name] = optional("Label in your list, up to 40 characters")

    @model_validator(mode="after")
    def _one_source(self) -> AvatarVideoInputs:
        if self.script is not None and not self.script.strip():
            raise ValueError("script is empty; write what the avatar should say")
        if self.speed != 1.0 and self.script is None:
            raise ValueError("speed needs script: finished audio is spoken as it is")
        if self.captions and self.script is None:
            raise ValueError("captions need script: A2E makes them from the text")
        return self


def _generate(inputs: AvatarVideoInputs, found: PreparedInputs) -> GenerateVideo:
    avatar = found.avatars["avatar"]
    background = found.backgrounds.get("background")
    across, down = _CANVAS[inputs.shape]
    short = inputs.resolution
    width = short * across // min(across, down)
    height = short * down // min(across, down)
    # A2E reads the canvas only when it is not zero; landscape without a background is the avatar's own footage.
    own_footage = background is None and inputs.shape == "landscape"
    return GenerateVideo(
        title=found.title,
        anchor_id=avatar.id,
        anchor_type=1 if avatar.own else 0,
        audioSrc=found.media.get("audio") or found.speech,
        resolution=height,
        web_bg_width=0 if own_footage else width,
        web_bg_height=0 if own_footage else height,
        web_people_width=0 if own_footage else width,
        web_people_height=0 if own_footage else height,
        color=background.color if background else None,
        back_id=background.system_id if background else None,
        custom_back_id=background.custom_id if background else None,
        anchor_background_img=avatar.background_image if background else None,
        anchor_background_color=avatar.background_color if background else None,
        isSkipRs=not inputs.smart_motion,
        isCaptionEnabled=True if inputs.captions else None,
        msg=inputs.script[:3000] if inputs.captions and inputs.script else None,
        captionAlign=CaptionStyle() if inputs.captions else None,
    )


def _objection(inputs: AvatarVideoInputs, found: PreparedInputs) -> str:
    """A2E cuts an avatar out only where it knows what stands behind it (its newest spec, `video/generate`)."""
    avatar = found.avatars["avatar"]
    if inputs.background is None or not avatar.own or avatar.background_color or avatar.background_image:
        return ""
    return (
        "A2E can replace the background of an own avatar only if it was made with background_color or"
        " background_image, and this one was not. Leave background out, use another avatar, or make this one again"
        " with start_avatar_training and one of the two"
    )


def _price(inputs: AvatarVideoInputs, lengths: Mapping[str, float]) -> Estimate:
    seconds = lengths.get("audio" if inputs.script is None else "speech")
    source = "about 1 credit a second, reported by third parties"
    return Estimate(seconds, "second", 1.0, source if seconds is not None else "the length of the audio is not known")


START_AVATAR_VIDEO = StartTool(
    name="start_avatar_video",
    title="Make an avatar video",
    about=(
        "Make a video of an avatar that speaks a script or finished audio. Returns a job at once; then call"
        " wait_for_job."
    ),
    inputs=AvatarVideoInputs,
    examples=(
        {"script": "Good morning.", "voice": "Aria", "avatar": "Ada"},
        {"audio": "speech.wav", "avatar": "Ada", "background": "#204080", "shape": "portrait"},
    ),
    fields={
        **SPEECH_FIELDS,
        "speechRate": "speed",
        "anchor_id": "avatar",
        "audioSrc": "audio",
        "color": "background",
        "back_id": "background",
        "custom_back_id": "background",
        "img_url": "background",
        "web_bg_width": "shape",
        "web_bg_height": "shape",
        "isSkipRs": "smart_motion",
        "isCaptionEnabled": "captions",
    },
    toolset="video",
    family=AVATAR_VIDEO,
    to_request=_generate,
    estimate=_price,
    speech=SpeechStep(),
    objection=_objection,
)

TOOLS = (START_AVATAR_VIDEO,)
