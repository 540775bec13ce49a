"""Text to Image: a picture from words, and an avatar made of it.

Source: A2E docs menu "Text to Image". The docs write `userText2image` in the path, the newest spec `userText2Image`;
the answer is an array in the newest spec and one object, at times already finished, in the docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

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
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, HexId, Opaque, StartedJobs
from a2e_mcp.catalogue.declaration.spellings import COUNT, SHAPES, Name
from a2e_mcp.catalogue.declaration.tool import OrNone, optional
from a2e_mcp.catalogue.models.tool import (
    MODEL,
    AspectRatio,
    ModelInputs,
    Picture,
    Pictures,
    Prompt,
    Resolution,
    model_tool,
)

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
    aspect_ratio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "2:3", "3:2", "21:9"] | None = None
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
    webhook=True,
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

Shape = Literal["landscape", "portrait", "square"]
_RATIOS: Mapping[Shape, str] = {"square": "1:1", "landscape": "16:9", "portrait": "9:16"}


class TextToImageInputs(ModelInputs):
    """What `start_text_to_image` takes."""

    tool = "start_text_to_image"
    merged: ClassVar[Mapping[str, str]] = {"reference": "reference_images", "second_reference": "reference_images"}

    prompt: Prompt = Field(description="What the picture shows")
    shape: OrNone[Annotated[Shape, SHAPES]] = optional("landscape is 16:9, portrait 9:16 (default square)")
    aspect_ratio: OrNone[AspectRatio] = optional("Instead of shape, such as 4:3")
    resolution: OrNone[Resolution] = optional("1k, 2k or 4k, by model")
    model: OrNone[Name] = optional(f"{MODEL} (default a2e-image)")
    reference: OrNone[Picture] = optional("Reference picture: URL, path or job id")
    second_reference: OrNone[Picture] = optional("Second reference picture")
    negative_prompt: OrNone[Annotated[Name, Field(max_length=2000)]] = optional("What should not appear")
    count: Annotated[int, Field(ge=1, le=9), COUNT] = Field(
        default=1, description="Number of pictures; each one is charged"
    )
    title: OrNone[Name] = optional("Label in your list")

    @model_validator(mode="before")
    @classmethod
    def _one_shape(cls, values: Any) -> Any:
        shape, ratio = values.get("shape"), values.get("aspect_ratio")
        if shape and ratio and _RATIOS.get(shape) != ratio:
            raise ValueError("shape and aspect_ratio contradict each other; give one of them")
        return values

    def arguments(self, media: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The arguments that are given; a shape is one of the ratios."""
        values = super().arguments(media)
        if self.shape is not None:
            values["aspect_ratio"] = _RATIOS[self.shape]
        return values


START_TEXT_TO_IMAGE = model_tool(
    TextToImageInputs,
    title="Generate a picture",
    about="Generate pictures from a prompt, by A2E's own or another model.",
    examples=({"prompt": "a lighthouse at dawn, watercolour", "shape": "landscape"},),
    toolset="image",
    family=TEXT_TO_IMAGE,
    may_show=("reference", "second_reference"),
)


class ImageEditInputs(ModelInputs):
    """What `start_image_edit` takes."""

    tool = "start_image_edit"

    image: Picture = Field(description="Picture to edit: URL, path or job id")
    prompt: Prompt = Field(description="What should change")
    reference_images: OrNone[Pictures] = optional("More pictures to use")
    model: OrNone[Name] = optional(f"{MODEL} (default a2e-image)")
    aspect_ratio: OrNone[AspectRatio] = optional("Such as 4:3")
    resolution: OrNone[Resolution] = optional("1k, 2k or 4k, by model")
    title: OrNone[Name] = optional("Label in your list")


START_IMAGE_EDIT = model_tool(
    ImageEditInputs,
    title="Edit a picture",
    about="Change or restore a picture, or combine several, as a prompt says.",
    examples=({"image": "grandma.png", "prompt": "restore this old photo", "model": "nano-banana"},),
    toolset="image",
    family=TEXT_TO_IMAGE,
    may_show=("image", "reference_images"),
)

TOOLS = (START_TEXT_TO_IMAGE, START_IMAGE_EDIT)
