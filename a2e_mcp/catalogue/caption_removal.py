"""Caption Removal: burned-in captions are painted over.

Source: A2E docs menu "Caption Removal"; two clients send `video_url`, the spec and working clients `source_url`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

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
from a2e_mcp.catalogue.declaration.crud import FamilyMenu, standard_calls
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, ById, JobRecord, Nothing, Opaque, Rows
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import Estimate, Inputs, MediaIn, OrNone, PreparedInputs, StartTool, optional


class StartCaptionRemoval(Request):
    """The clip to clean."""

    name: str = Field(min_length=1, max_length=200)
    source_url: str


START = Capability(
    name="start_caption_removal",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/userCaptionRemoval/start"),
    request=StartCaptionRemoval,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Remove burned-in captions from a clip.",
    menu=MenuEntry("Caption Removal", "Start Caption Removal"),
)

PROCESSING = Capability(
    name="list_processing_caption_removals",
    endpoint=Endpoint("GET", "/api/v1/userCaptionRemoval/allProcessing"),
    request=Nothing,
    reply=Rows[JobRecord],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List caption removals that are still running.",
    menu=MenuEntry("Caption Removal", "Get Status of All Tasks in Processing", tool="list_jobs"),
)

# A2E does not say whether a retry is charged, so it is never sent twice.
RETRY = Capability(
    name="retry_caption_removal",
    endpoint=Endpoint("POST", "/api/v1/userCaptionRemoval/retry"),
    request=ById,
    reply=Opaque,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Retry a caption removal that has failed.",
)

_CALLS = standard_calls(
    "caption_removal",
    "caption_removals",
    "/api/v1/userCaptionRemoval",
    what="a caption removal",
    menu=FamilyMenu(
        "Caption Removal", listing="Get Records of All Tasks", detail="Get Details of One Task", remove="Delete a Task"
    ),
)

CAPTION_REMOVAL = JobFamily(
    name="caption_removal",
    about="a clip without its captions",
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

CAPABILITIES: tuple[Capability[Any, Any], ...] = (*CAPTION_REMOVAL.capabilities, RETRY, PROCESSING)
FAMILIES = (CAPTION_REMOVAL,)


class CaptionRemovalInputs(Inputs):
    """What `start_caption_removal` takes."""

    video: Annotated[str, MediaIn(("video",))] = Field(description="Clip with captions: URL, path or job id")
    title: OrNone[Name] = optional("Label in your list")


def _start(_: CaptionRemovalInputs, found: PreparedInputs) -> StartCaptionRemoval:
    return StartCaptionRemoval(name=found.title, source_url=found.media["video"])


def _price(_: CaptionRemovalInputs, lengths: Mapping[str, float]) -> Estimate:
    return Estimate(lengths.get("video"), "second", None, "A2E publishes no price")


START_CAPTION_REMOVAL = StartTool(
    name="start_caption_removal",
    title="Remove captions",
    about="Remove captions that are burned into a clip.",
    inputs=CaptionRemovalInputs,
    examples=({"video": "clip.mp4"},),
    fields={"source_url": "video"},
    toolset="video",
    family=CAPTION_REMOVAL,
    to_request=_start,
    estimate=_price,
)

TOOLS = (START_CAPTION_REMOVAL,)
