"""Clips by other models than A2E's own: from words, from references, from other clips, and by the motion of one.

Source: A2E's newest developer spec. Renaming and the larger copy of a Veo clip are calls of the client only.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, Request
from a2e_mcp.catalogue.declaration.records import ById, HexId, JobRecord, Opaque
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import OrNone, optional
from a2e_mcp.catalogue.models.clip_families import VIDEO_FAMILIES
from a2e_mcp.catalogue.models.tool import (
    MODEL,
    AspectRatio,
    Clip,
    Clips,
    ModelInputs,
    Picture,
    Pictures,
    Prompt,
    Resolution,
    Seconds,
    Seed,
    Sounds,
    model_tool,
)


class RenameRecord(Request):
    """A record's id and its new label."""

    id: HexId = Field(validation_alias="_id", serialization_alias="_id")
    name: str = Field(min_length=1, max_length=200)


def _rename(root: str, call: str) -> Capability[Any, Any]:
    return Capability(
        name=f"rename_{call}",
        endpoint=Endpoint("PUT", f"/api/v1/{root}/{{_id}}"),
        request=RenameRecord,
        reply=Opaque,
        effect=Effect.WRITES,
        evidence=Evidence.DOCUMENTED,
        reply_evidence=Evidence.INFERRED,
        about="Give a clip another label.",
    )


RENAMES = (
    _rename("seedance2Video", "seedance2_video"),
    _rename("klingVideo", "kling_video"),
    _rename("klingOmni", "kling_omni_video"),
)

VEO_1080P: Capability[ById, JobRecord] = Capability(
    name="get_veo_video_1080p",
    endpoint=Endpoint("GET", "/api/v1/veoVideo/{_id}/1080p"),
    request=ById,
    reply=JobRecord,
    # A2E does not say whether this is charged; what may be charged is treated as if it were.
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Get a Veo clip of 16:9 in 1080p, once it is made.",
)

FAMILIES = VIDEO_FAMILIES
CAPABILITIES: tuple[Capability[Any, Any], ...] = (
    *(call for family in FAMILIES for call in family.capabilities),
    *RENAMES,
    VEO_1080P,
)

_BY_NAME = {family.name: family for family in FAMILIES}


class TextToVideoInputs(ModelInputs):
    """What `start_text_to_video` takes."""

    tool = "start_text_to_video"

    prompt: Prompt = Field(description="What happens in the clip")
    seconds: OrNone[Seconds] = optional("Length, by model (default 5)")
    model: OrNone[Name] = optional(f"{MODEL} (default seedance-2.0-mini)")
    aspect_ratio: OrNone[AspectRatio] = optional("Such as 9:16 (default 16:9)")
    resolution: OrNone[Resolution] = optional("480p to 4k, by model")
    sound: OrNone[bool] = optional("true: with sound, by model")
    negative_prompt: OrNone[Annotated[Name, Field(max_length=5000)]] = optional("What should not appear")
    seed: OrNone[Seed] = optional("Same seed, similar clip")
    title: OrNone[Name] = optional("Label in your list")


class ReferenceVideoInputs(ModelInputs):
    """What `start_reference_video` takes."""

    tool = "start_reference_video"

    prompt: Prompt = Field(description="What happens, and with which reference")
    reference_images: OrNone[Pictures] = optional("Pictures: URLs, paths, job ids")
    reference_videos: OrNone[Clips] = optional("Clips; billed too by most models")
    reference_audios: OrNone[Sounds] = optional("Sounds, by model")
    seconds: OrNone[Seconds] = optional("Length, by model (default 5)")
    model: OrNone[Name] = optional(f"{MODEL} (default seedance-2.0-mini)")
    aspect_ratio: OrNone[AspectRatio] = optional("Such as 9:16")
    resolution: OrNone[Resolution] = optional("480p to 4k, by model")
    sound: OrNone[bool] = optional("true: with sound, by model")
    seed: OrNone[Seed] = optional("Same seed, similar clip")
    title: OrNone[Name] = optional("Label in your list")


class VideoEditInputs(ModelInputs):
    """What `start_video_edit` takes."""

    tool = "start_video_edit"

    video: Clip = Field(description="Clip: URL, path or job id")
    prompt: Prompt = Field(description="What should change, or happen next")
    action: Literal["edit", "extend"] = Field(default="edit", description="Change the clip, or continue it")
    reference_images: OrNone[Pictures] = optional("Pictures to use")
    seconds: OrNone[Seconds] = optional("Length, by model")
    model: OrNone[Name] = optional(f"{MODEL} (default happyhorse-1.0; to extend seedance-2.5)")
    resolution: OrNone[Resolution] = optional("480p to 1080p, by model")
    sound: OrNone[bool] = optional("true: with sound, by model")
    title: OrNone[Name] = optional("Label in your list")


class MotionTransferInputs(ModelInputs):
    """What `start_motion_transfer` takes."""

    tool = "start_motion_transfer"

    image: Picture = Field(description="Picture of the person to move")
    video: Clip = Field(description="Clip that gives the movement")
    prompt: OrNone[Prompt] = optional("What to aim for")
    negative_prompt: OrNone[Annotated[Name, Field(max_length=5000)]] = optional("What should not appear")
    model: OrNone[Name] = optional(f"{MODEL} (default motion-a2e)")
    resolution: OrNone[Resolution] = optional("720p or 1080p, by model")
    title: OrNone[Name] = optional("Label in your list")


START_TEXT_TO_VIDEO = model_tool(
    TextToVideoInputs,
    title="Make a clip from words",
    about="Make a clip from a prompt alone, with or without sound.",
    examples=({"prompt": "waves break on a beach at dawn", "seconds": 5, "aspect_ratio": "9:16"},),
    toolset="video",
    family=_BY_NAME["seedance2"],
)
START_REFERENCE_VIDEO = model_tool(
    ReferenceVideoInputs,
    title="Make a clip with references",
    about="Make a clip with the people, things and sounds of references.",
    examples=({"prompt": "the cup of the first picture on a beach", "reference_images": ["cup.png", "beach.png"]},),
    toolset="models",
    family=_BY_NAME["seedance2"],
    may_show=("reference_images", "reference_videos", "reference_audios"),
)
START_VIDEO_EDIT = model_tool(
    VideoEditInputs,
    title="Edit or continue a clip",
    about="Change a clip as a prompt says, or continue it.",
    examples=({"video": "harbour.mp4", "prompt": "make it black and white"},),
    toolset="models",
    family=_BY_NAME["happyhorse"],
    may_show=("video", "reference_images"),
)
START_MOTION_TRANSFER = model_tool(
    MotionTransferInputs,
    title="Move a picture like a clip",
    about="Make the person of a picture move like the one in a clip. Needs consent.",
    examples=({"image": "zoe.png", "video": "dance.mp4", "consent": "Zoe agreed by email on 3 May 2026"},),
    toolset="models",
    family=_BY_NAME["motion_transfer"],
    likeness=("image",),
    may_show=("video",),
)

TOOLS = (START_TEXT_TO_VIDEO, START_REFERENCE_VIDEO, START_VIDEO_EDIT, START_MOTION_TRANSFER)
