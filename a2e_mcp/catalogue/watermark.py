"""Watermark: a text or picture on a clip or picture. Source: A2E docs menu "Miscellaneous"; answers finished."""

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
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, JobRecord
from a2e_mcp.catalogue.declaration.spellings import CORNERS, PIXELS, TIMES, ZeroMeansNone
from a2e_mcp.catalogue.declaration.tool import Estimate, Inputs, MediaIn, OrNone, PreparedInputs, StartTool, optional

Corner = Literal["bottom_right", "bottom_left", "top_right", "top_left", "center"]


class AddWatermark(Request):
    """What is marked with what, and where; `fontcolor` is RGBA."""

    media_url: str
    watermark_type: Literal["text", "image"]
    text: str | None = Field(default=None, max_length=200)
    watermark_image_url: str | None = None
    fontsize: int | None = Field(default=None, ge=4, le=400)
    fontcolor: list[int] | None = Field(default=None, min_length=4, max_length=4)
    position: str | None = Field(default=None, max_length=40)
    scale_ratio: float | None = Field(default=None, gt=0, le=20)
    to_720p: bool | None = None


ADD = Capability(
    name="add_watermark",
    endpoint=Endpoint("POST", "/api/v1/watermark/start"),
    request=AddWatermark,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Mark a clip or picture.",
    menu=MenuEntry("Miscellaneous", "Add Watermark to Video or Image"),
)

WATERMARK = JobFamily(
    name="watermark",
    about="a marked clip or picture",
    start=ADD,
    detail=None,
    states=COMMON_STATES,
    results=("result_url",),
    polled="each",
    recovery="never",
    typical_seconds=30,
    delete_note="A2E cannot delete marked files.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = WATERMARK.capabilities
FAMILIES = (WATERMARK,)


class WatermarkInputs(Inputs):
    """What `add_watermark` takes."""

    one_of = ("text", "image")

    media: Annotated[str, MediaIn(("video", "image"))] = Field(description="Clip or picture: URL, path or job id")
    text: OrNone[Annotated[str, Field(min_length=1, max_length=200)]] = optional("Text of the mark")
    image: OrNone[Annotated[str, MediaIn(("image",))]] = optional("Picture of the mark, instead of text")
    position: Annotated[Corner, CORNERS] = Field(
        default="bottom_right", description="bottom_right, top_left ... or center"
    )
    size: Annotated[int, Field(ge=4, le=400), PIXELS, ZeroMeansNone()] = Field(
        default=48, description="Text height in pixels"
    )
    scale: Annotated[float, Field(gt=0, le=20), TIMES, ZeroMeansNone()] = Field(
        default=1.0, description="Scale of a picture mark"
    )


def _add(inputs: WatermarkInputs, found: PreparedInputs) -> AddWatermark:
    return AddWatermark(
        media_url=found.media["media"],
        watermark_type="text" if inputs.text else "image",
        text=inputs.text,
        watermark_image_url=found.media.get("image"),
        fontsize=inputs.size if inputs.text else None,
        fontcolor=[255, 255, 255, 200] if inputs.text else None,
        position=inputs.position,
        scale_ratio=inputs.scale,
        to_720p=False,
    )


def _price(_: WatermarkInputs, __: Mapping[str, float]) -> Estimate:
    return Estimate(1, "item", 1, "A2E docs: 1 credit in the example")


ADD_WATERMARK = StartTool(
    name="add_watermark",
    title="Add a watermark",
    about="Put a text or picture onto a clip or picture. Returns the finished file.",
    inputs=WatermarkInputs,
    examples=({"media": "clip.mp4", "text": "Example Ltd", "position": "bottom_right"},),
    fields={
        "media_url": "media",
        "watermark_image_url": "image",
        "fontsize": "size",
        "scale_ratio": "scale",
    },
    toolset="video",
    family=WATERMARK,
    to_request=_add,
    estimate=_price,
)

TOOLS = (ADD_WATERMARK,)
