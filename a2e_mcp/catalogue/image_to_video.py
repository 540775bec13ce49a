"""Image to Video: a still picture becomes a moving clip.

Source: A2E docs menu "Image to Video", the newest developer spec, and A2E's printed example.
"""

from __future__ import annotations

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
from a2e_mcp.catalogue.declaration.records import (
    COMMON_STATES,
    ById,
    ByIds,
    JobRecord,
    Nothing,
    Opaque,
    PageRequest,
    Rows,
    StartedJobs,
)
from a2e_mcp.catalogue.declaration.spellings import COUNT, Name
from a2e_mcp.catalogue.declaration.tool import OrNone, optional
from a2e_mcp.catalogue.declaration.values import OneAddress, Text
from a2e_mcp.catalogue.models.tool import (
    MODEL,
    AspectRatio,
    ModelInputs,
    Picture,
    Resolution,
    Seconds,
    Seed,
    Sound,
    model_tool,
)

ModelVersion = Literal["a2e", "a2e-v2", "a2e-v2-flash"]


class StartImageToVideo(Request):
    """A picture, what should move, and for how long (5, 10, 15 or 20 s).

    Ultra accounts silently get the dearer a2e-v2 when `model_version` is left out, so it is always sent.
    """

    name: str | None = Field(default=None, max_length=200)
    image_url: str
    prompt: str | None = Field(default=None, max_length=5000)
    negative_prompt: str | None = Field(default=None, max_length=5000)
    lora: str | None = Field(default=None, max_length=100)
    model_type: Literal["GENERAL", "FLF2V"] = "GENERAL"
    model_version: ModelVersion = "a2e"
    end_image_url: str | None = None
    extend_prompt: bool = True
    number_of_images: int = Field(default=1, ge=1, le=8)
    video_time: int = Field(default=5, ge=5, le=20)
    skip_face_enhance: bool | None = None


class ImageToVideoTask(JobRecord):
    """One clip made from a picture."""

    name: Text = None
    image_url: OneAddress = None
    prompt: Text = None
    negative_prompt: Text = None
    result_url: Text = None


START = Capability(
    name="start_image_to_video",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/userImage2Video/start"),
    request=StartImageToVideo,
    reply=StartedJobs,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Turn a picture into a clip.",
    menu=MenuEntry("Image to Video", "Start Image-to-Video"),
)

DETAIL = Capability(
    name="get_image_to_video",
    endpoint=Endpoint("GET", "/api/v1/userImage2Video/{_id}"),
    request=ById,
    reply=ImageToVideoTask,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Get the state of one clip.",
    menu=MenuEntry("Image to Video", "Check Status of One Task"),
)

LISTING = Capability(
    name="list_image_to_videos",
    endpoint=Endpoint("GET", "/api/v1/userImage2Video/allRecords"),
    request=PageRequest,
    reply=Rows[ImageToVideoTask],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List clips made from pictures, newest first.",
    menu=MenuEntry("Image to Video", "List Status of All Tasks"),
)

BATCH = Capability(
    name="batch_get_image_to_videos",
    endpoint=Endpoint("POST", "/api/v1/userImage2Video/batchDetail"),
    request=ByIds,
    reply=Rows[ImageToVideoTask],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Get the state of several clips.",
)

DELETE = Capability(
    name="delete_image_to_video",
    endpoint=Endpoint("DELETE", "/api/v1/userImage2Video/{_id}"),
    request=ById,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Delete a clip; refused while it is running.",
    menu=MenuEntry("Image to Video", "Delete Record"),
)

AVERAGE_TIME = Capability(
    name="get_image_to_video_average_time",
    endpoint=Endpoint("GET", "/api/v1/userImage2Video/avgProcessingTime"),
    request=Nothing,
    reply=Opaque,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Get the average time that clips take.",
)

IMAGE_TO_VIDEO = JobFamily(
    name="image_to_video",
    about="a clip made from a picture",
    start=START,
    detail=DETAIL,
    listing=LISTING,
    batch=BATCH,
    remove=DELETE,
    states=COMMON_STATES,
    results=("result_url",),
    polled="batch",
    recovery="by_name",
    typical_seconds=300,
    delete_note="A job that has not begun is cancelled and refunded; A2E refuses to delete a running one.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (*IMAGE_TO_VIDEO.capabilities, AVERAGE_TIME)
FAMILIES = (IMAGE_TO_VIDEO,)


class ImageToVideoInputs(ModelInputs):
    """What `start_image_to_video` takes."""

    tool = "start_image_to_video"

    image: Picture = Field(description="First picture: URL or path")
    prompt: OrNone[Annotated[Name, Field(max_length=5000)]] = optional("What should move, and how")
    negative_prompt: OrNone[Annotated[Name, Field(max_length=5000)]] = optional("What should not appear")
    seconds: OrNone[Seconds] = optional("Length, by model (default 5)")
    end_image: OrNone[Picture] = optional("Last picture, where the clip should end")
    model: OrNone[Name] = optional(f"{MODEL} (default a2e)")
    resolution: OrNone[Resolution] = optional("480p to 4k, by model")
    aspect_ratio: OrNone[AspectRatio] = optional("Default: the picture's")
    sound: OrNone[bool] = optional("true: with sound, by model")
    audio: OrNone[Sound] = optional("Sound to use, by model")
    seed: OrNone[Seed] = optional("Same seed, similar clip")
    count: Annotated[int, Field(ge=1, le=8), COUNT] = Field(
        default=1, description="Number of clips; each one is charged"
    )
    title: OrNone[Name] = optional("Label in your list")


START_IMAGE_TO_VIDEO = model_tool(
    ImageToVideoInputs,
    title="Turn a picture into a clip",
    about="Animate a still picture, guided by a prompt, by A2E's own or another model.",
    examples=({"image": "harbour.png", "prompt": "slow zoom in, the waves move", "seconds": 5},),
    toolset="video",
    family=IMAGE_TO_VIDEO,
    may_show=("image", "end_image"),
)

TOOLS = (START_IMAGE_TO_VIDEO,)
