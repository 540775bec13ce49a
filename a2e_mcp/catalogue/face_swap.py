"""Face Swap: stored face pictures, quick previews, and swaps on pictures and clips.

Source: A2E docs menu "Face Swap". The docs call `face_url` and `video_url` alternatives; both are required.
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
    Reply,
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
)
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import Estimate, Inputs, MediaIn, OrNone, PreparedInputs, StartTool, optional
from a2e_mcp.catalogue.declaration.values import Id, Number, OneAddress, Text


class FaceImage(Reply):
    """A stored face picture."""

    id: Id = Field(validation_alias="_id")
    face_url: OneAddress = None
    created: Text = Field(default=None, validation_alias="createdAt")


class AddFace(Request):
    """Store a face picture."""

    face_url: str


class StartFaceSwap(Request):
    """A face and a clip or picture to put it into; model v2 is for pictures only."""

    name: str = Field(min_length=1, max_length=200)
    face_url: str
    video_url: str
    cover_url: str | None = None
    model_version: Literal["v1", "v2"] | None = None


class StartPreview(Request):
    """The same, as a quick preview."""

    face_url: str
    video_url: str


class FaceSwapTask(JobRecord):
    """One face swap; its error text is spelled `faild_message`."""

    name: Text = None
    face_url: OneAddress = None
    video_url: OneAddress = None
    duration: Number = None
    result_url: Text = None


LIST_FACES = Capability(
    name="list_face_swap_images",
    endpoint=Endpoint("GET", "/api/v1/userFaceSwapImage/records"),
    request=Nothing,
    reply=Rows[FaceImage],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List stored face pictures.",
    menu=MenuEntry("Face Swap", "Get Records of Face Swap Images", tool="list_face_images"),
)

ADD_FACE = Capability(
    name="add_face_swap_image",
    endpoint=Endpoint("POST", "/api/v1/userFaceSwapImage/add"),
    request=AddFace,
    reply=Rows[FaceImage],
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Store a face picture; answers with all of them.",
    menu=MenuEntry("Face Swap", "Add Face Swap Image", tool="add_face_image"),
)

DELETE_FACE = Capability(
    name="delete_face_swap_image",
    endpoint=Endpoint("DELETE", "/api/v1/userFaceSwapImage/{_id}"),
    request=ById,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Delete a stored face picture.",
    menu=MenuEntry("Face Swap", "Delete User Face Swap Image", tool="delete_face_image"),
)

START = Capability(
    name="start_face_swap",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/userFaceSwapTask/add"),
    request=StartFaceSwap,
    reply=FaceSwapTask,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Put a face into a clip or picture.",
    menu=MenuEntry("Face Swap", "Start a Face Swap Task"),
)

RUNNING = Capability(
    name="get_face_swap_status",
    endpoint=Endpoint("GET", "/api/v1/userFaceSwapTask/status"),
    request=Nothing,
    reply=Rows[FaceSwapTask],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="List the account's running face swaps.",
    menu=MenuEntry("Face Swap", "Get Status of Face Swap Task", tool="check_status"),
)

DETAIL = Capability(
    name="get_face_swap",
    endpoint=Endpoint("GET", "/api/v1/userFaceSwapTask/{_id}"),
    request=ById,
    reply=FaceSwapTask,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Get the state of one face swap.",
    menu=MenuEntry("Face Swap", "Get Details of Face Swap"),
)

LISTING = Capability(
    name="list_face_swaps",
    endpoint=Endpoint("GET", "/api/v1/userFaceSwapTask/records"),
    request=PageRequest,
    reply=Rows[FaceSwapTask],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="List face swaps, newest first.",
    menu=MenuEntry("Face Swap", "Get Face Swap Task Records"),
)

BATCH = Capability(
    name="batch_get_face_swaps",
    endpoint=Endpoint("POST", "/api/v1/userFaceSwapTask/batchDetail"),
    request=ByIds,
    reply=Rows[FaceSwapTask],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Get the state of several face swaps.",
)

DELETE = Capability(
    name="delete_face_swap",
    endpoint=Endpoint("DELETE", "/api/v1/userFaceSwapTask/{_id}"),
    request=ById,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Delete a face swap.",
    menu=MenuEntry("Face Swap", "Delete Record"),
)

START_PREVIEW = Capability(
    name="start_face_swap_preview",
    endpoint=Endpoint("POST", "/api/v1/userFaceSwapPreview/add"),
    request=StartPreview,
    reply=FaceSwapTask,
    # A2E does not say whether previews are charged; what may be charged is treated as if it were.
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Preview a face swap.",
    menu=MenuEntry("Face Swap", "Add User Face Swap Preview"),
)

PREVIEW = Capability(
    name="get_face_swap_preview_status",
    endpoint=Endpoint("GET", "/api/v1/userFaceSwapPreview/status"),
    request=ById,
    reply=FaceSwapTask,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Get the state of one preview.",
    menu=MenuEntry("Face Swap", "Get Status of Face Swap Preview Process"),
)

FACE_SWAP = JobFamily(
    name="face_swap",
    about="a face put into a clip or picture",
    start=START,
    detail=DETAIL,
    listing=LISTING,
    batch=BATCH,
    remove=DELETE,
    states=COMMON_STATES,
    results=("result_url",),
    polled="batch",
    recovery="by_name",
    typical_seconds=180,
    delete_note="A2E does not say whether this stops a running swap or refunds it.",
)

FACE_SWAP_PREVIEW = JobFamily(
    name="face_swap_preview",
    about="a quick look at a face swap",
    start=START_PREVIEW,
    detail=PREVIEW,
    states=COMMON_STATES,
    results=("result_url",),
    polled="each",
    recovery="never",
    typical_seconds=30,
    delete_note="A2E cannot delete previews.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (
    LIST_FACES,
    ADD_FACE,
    DELETE_FACE,
    RUNNING,
    *FACE_SWAP.capabilities,
    *FACE_SWAP_PREVIEW.capabilities,
)
FAMILIES = (FACE_SWAP, FACE_SWAP_PREVIEW)


class PreviewInputs(Inputs):
    """What `start_face_swap_preview` takes."""

    face: Annotated[str, MediaIn(("image",))] = Field(description="Picture of the face: URL or path")
    target: Annotated[str, MediaIn(("video", "image"))] = Field(description="Clip or picture to put it into")


class FaceSwapInputs(PreviewInputs):
    """What `start_face_swap` takes."""

    model: OrNone[Literal["v1", "v2"]] = optional("v2 is for pictures only")
    title: OrNone[Name] = optional("Label in your list")


def _start(inputs: FaceSwapInputs, found: PreparedInputs) -> StartFaceSwap:
    return StartFaceSwap(
        name=found.title,
        face_url=found.media["face"],
        video_url=found.media["target"],
        model_version=inputs.model,
    )


def _preview(_: PreviewInputs, found: PreparedInputs) -> StartPreview:
    return StartPreview(face_url=found.media["face"], video_url=found.media["target"])


def _price(_: PreviewInputs, lengths: Mapping[str, float]) -> Estimate:
    return Estimate(lengths.get("target"), "second", None, "A2E publishes no price")


def _price_of_preview(_: PreviewInputs, __: Mapping[str, float]) -> Estimate:
    return Estimate(1, "item", None, "A2E publishes no price")


START_FACE_SWAP = StartTool(
    name="start_face_swap",
    title="Swap a face",
    about="Put a face into a clip or picture. Needs everyone's consent.",
    inputs=FaceSwapInputs,
    examples=({"face": "zoe.png", "target": "clip.mp4", "consent": "Zoe agreed by email on 3 May 2026"},),
    fields={"face_url": "face", "video_url": "target", "model_version": "model"},
    toolset="video",
    family=FACE_SWAP,
    to_request=_start,
    estimate=_price,
    likeness=("face",),
)

START_FACE_SWAP_PREVIEW = StartTool(
    name="start_face_swap_preview",
    title="Preview a face swap",
    about="Preview one frame of a face swap. Needs everyone's consent.",
    inputs=PreviewInputs,
    examples=({"face": "zoe.png", "target": "clip.mp4", "consent": "Zoe agreed by email on 3 May 2026"},),
    fields={"face_url": "face", "video_url": "target"},
    toolset="video",
    family=FACE_SWAP_PREVIEW,
    to_request=_preview,
    estimate=_price_of_preview,
    likeness=("face",),
)

TOOLS = (START_FACE_SWAP, START_FACE_SWAP_PREVIEW)
