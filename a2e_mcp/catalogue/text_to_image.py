"""Text to Image: a picture from words, and an avatar made of it.

Source: A2E docs menu "Text to Image". The docs write `userText2image` in the path, the newest spec `userText2Image`;
the answer is an array in the newest spec and one object, at times already finished, in the docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from a2e_mcp.catalogue.capability import Capability, Effect, Endpoint, Evidence, JobFamily, MenuEntry, Request
from a2e_mcp.catalogue.crud import FamilyMenu, standard_calls
from a2e_mcp.catalogue.records import COMMON_STATES, HexId, Opaque, StartedJobs
from a2e_mcp.catalogue.spellings import SHAPES, Name
from a2e_mcp.catalogue.tool import Estimate, Inputs, MediaIn, OrNone, PreparedInputs, StartTool, optional

_ROOT = "/api/v1/userText2Image"
_OLDER_ROOT = "/api/v1/userText2image"
"""Both spellings are in use (A2E docs and spec)."""


class StartTextToImage(Request):
    """What to draw, how large (pixels), how many.

    `req_key` was required by the older docs and harms nothing.
    """

    name: str | None = Field(default=None, max_length=200)
    prompt: str = Field(min_length=1, max_length=5000)
    width: int = Field(default=1024, ge=64, le=4096)
    height: int = Field(default=1024, ge=64, le=4096)
    model_type: Literal["a2e", "seedream"] = "a2e"
    input_images: list[str] | None = Field(default=None, max_length=10)
    max_images: int | None = Field(default=None, ge=1, le=8)
    req_key: Literal["high_aes_general_v21_L", "high_aes"] = "high_aes_general_v21_L"


class QuickAvatar(Request):
    """A finished picture's id, and the gender of the avatar to be."""

    id: HexId = Field(validation_alias="_id", serialization_alias="_id")
    gender: Literal["female", "male"] | None = None


START = Capability(
    name="start_text_to_image",
    endpoint=Endpoint("POST", f"{_ROOT}/start"),
    older=Endpoint("POST", f"{_OLDER_ROOT}/start"),
    request=StartTextToImage,
    reply=StartedJobs,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Draw a picture from words.",
    menu=MenuEntry("Text to Image", "Start Text-to-Image"),
)

QUICK_AVATAR = Capability(
    name="quick_add_avatar",
    endpoint=Endpoint("POST", f"{_ROOT}/quickAddAvatar"),
    older=Endpoint("POST", f"{_OLDER_ROOT}/quickAddAvatar"),
    request=QuickAvatar,
    reply=Opaque,
    # A2E does not say whether this is charged; what may be charged is treated as if it were.
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Make an avatar of a generated picture.",
    menu=MenuEntry("Text to Image", "Quick Add Avarar", tool="add_avatar_from_image"),
)

_CALLS = standard_calls(
    "text_to_image",
    "text_to_images",
    _ROOT,
    what="a picture from words",
    listing=Evidence.OBSERVED,
    older_root=_OLDER_ROOT,
    menu=FamilyMenu(
        "Text to Image",
        listing="List Tasks of Text-to-Image Tasks",
        detail="Get Details of One Task",
        remove="Delete Record",
    ),
)

TEXT_TO_IMAGE = JobFamily(
    name="text_to_image",
    about="a picture from words",
    start=START,
    detail=_CALLS.detail,
    listing=_CALLS.listing,
    batch=_CALLS.batch,
    remove=_CALLS.remove,
    states=COMMON_STATES,
    results=("image_urls", "result_image_url", "result_url"),
    polled="batch",
    recovery="by_name",
    typical_seconds=60,
    delete_note="A2E does not say whether this stops a running job or refunds it.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (*TEXT_TO_IMAGE.capabilities, QUICK_AVATAR)
FAMILIES = (TEXT_TO_IMAGE,)

_PICTURE = MediaIn(("image",))
Shape = Literal["landscape", "portrait", "square"]
_SIZES: Mapping[Shape, tuple[int, int]] = {"square": (1024, 1024), "landscape": (1280, 720), "portrait": (720, 1280)}


class TextToImageInputs(Inputs):
    """What `start_text_to_image` takes."""

    prompt: Annotated[str, Field(min_length=1, max_length=2000)] = Field(description="What the picture shows")
    shape: Annotated[Shape, SHAPES] = Field(default="square", description="landscape is 16:9, portrait 9:16")
    model: Literal["a2e", "seedream"] = Field(default="a2e", description="a2e or seedream")
    reference: OrNone[Annotated[str, _PICTURE]] = optional("Reference picture: URL, path or job id")
    second_reference: OrNone[Annotated[str, _PICTURE]] = optional("Second reference picture")
    count: Annotated[int, Field(ge=1, le=8)] = Field(default=1, description="Number of pictures; each one is charged")
    title: OrNone[Name] = optional("Label in your list")


def _start(inputs: TextToImageInputs, found: PreparedInputs) -> StartTextToImage:
    width, height = _SIZES[inputs.shape]
    references = [found.media[name] for name in ("reference", "second_reference") if name in found.media]
    return StartTextToImage(
        name=found.title,
        prompt=inputs.prompt,
        width=width,
        height=height,
        model_type=inputs.model,
        input_images=references or None,
        max_images=inputs.count if inputs.count > 1 else None,
    )


def _price(inputs: TextToImageInputs, _: Mapping[str, float]) -> Estimate:
    return Estimate(inputs.count, "item", 20, "10 to 20 credits a picture, reported by third parties")


START_TEXT_TO_IMAGE = StartTool(
    name="start_text_to_image",
    title="Generate a picture",
    about="Generate one to eight pictures from a prompt.",
    inputs=TextToImageInputs,
    examples=({"prompt": "a lighthouse at dawn, watercolour", "shape": "landscape"},),
    fields={"input_images": "reference", "model_type": "model", "max_images": "count"},
    toolset="image",
    family=TEXT_TO_IMAGE,
    to_request=_start,
    estimate=_price,
    may_show=("reference", "second_reference"),
)

TOOLS = (START_TEXT_TO_IMAGE,)
