"""Product Holding: a person with a product.

A2E documents two ways: `productAvatar` (newest spec, with a place for the product) and `userImageEdit` (docs page). The
newer is tried first when a place is given, the older on 404 and without one, because the newer insists on a place.
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
    Request,
)
from a2e_mcp.catalogue.declaration.crud import FamilyMenu, standard_calls
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, JobRecord
from a2e_mcp.catalogue.declaration.spellings import DEGREES, PIXELS, Name
from a2e_mcp.catalogue.declaration.tool import (
    Estimate,
    Inputs,
    LegacyStart,
    MediaIn,
    OrNone,
    PreparedInputs,
    StartTool,
    optional,
)


class ProductPlace(Request):
    """Where the product goes, in pixels of the person's picture; rotation in degrees."""

    x: float
    y: float
    width: float = Field(gt=0, le=8192)
    height: float = Field(gt=0, le=8192)
    rotation: float = 0
    scale: float = Field(default=1, gt=0, le=20)


class StartProductAvatar(Request):
    """Product picture, person picture, and the product's place."""

    name: str | None = Field(default=None, max_length=200)
    image_urls: list[str] = Field(min_length=2, max_length=2)
    product_rect: ProductPlace
    prompt: str | None = Field(default=None, max_length=5000)
    timeout: float | None = Field(default=None, ge=1, le=7200)


class StartProductHolding(Request):
    """Product picture and person picture."""

    name: str | None = Field(default=None, max_length=200)
    edit_type: Literal["product", "clothing"] = "product"
    image_urls: list[str] = Field(min_length=2, max_length=10)
    timeout: float | None = Field(default=None, ge=1, le=7200)


START_NEWER = Capability(
    name="start_product_avatar",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/productAvatar/start"),
    request=StartProductAvatar,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Put a product at a place on a person.",
)

START_OLDER = Capability(
    name="start_product_holding",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/userImageEdit/start"),
    request=StartProductHolding,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Let a person hold a product.",
    menu=MenuEntry("Product Holding", "Start Product Holding"),
)

_RESULTS = ("result_image_url", "result_url")
_NEWER = standard_calls(
    "product_avatar",
    "product_avatars",
    "/api/v1/productAvatar",
    what="a placed product",
    detail=Evidence.INFERRED,
)
_OLDER = standard_calls(
    "product_holding",
    "product_holdings",
    "/api/v1/userImageEdit",
    what="a held product",
    detail=Evidence.INFERRED,
    menu=FamilyMenu(
        "Product Holding",
        listing="List Tasks of Product Holding Tasks",
        detail="Get Details of One Task",
        remove="Delete Record",
    ),
)

PRODUCT_AVATAR = JobFamily(
    name="product_avatar",
    about="a person with a product",
    start=START_NEWER,
    detail=_NEWER.detail,
    listing=_NEWER.listing,
    batch=_NEWER.batch,
    remove=_NEWER.remove,
    states=COMMON_STATES,
    results=_RESULTS,
    polled="batch",
    recovery="by_name",
    typical_seconds=120,
    delete_note="A2E refunds jobs that fail or take over two hours; it does not mention a refund for deleted ones.",
)

PRODUCT_HOLDING = JobFamily(
    name="product_holding",
    about="a person with a product",
    start=START_OLDER,
    detail=_OLDER.detail,
    listing=_OLDER.listing,
    batch=_OLDER.batch,
    remove=_OLDER.remove,
    states=COMMON_STATES,
    results=_RESULTS,
    polled="batch",
    recovery="by_name",
    typical_seconds=120,
    delete_note="A2E does not say whether this stops a running job or refunds it.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (*PRODUCT_AVATAR.capabilities, *PRODUCT_HOLDING.capabilities)
FAMILIES = (PRODUCT_AVATAR, PRODUCT_HOLDING)

_PICTURE = MediaIn(("image",))
_PLACE = ("x", "y", "width", "height")


class ProductHoldingInputs(Inputs):
    """What `start_product_holding` takes."""

    product: Annotated[str, _PICTURE] = Field(description="Picture of the product: URL or path")
    person: Annotated[str, _PICTURE] = Field(description="Picture of the person: URL or path")
    prompt: OrNone[Annotated[Name, Field(max_length=2000)]] = optional("How it is held; only with a place")
    x: OrNone[Annotated[float, PIXELS]] = optional("Left edge of the product, in pixels")
    y: OrNone[Annotated[float, PIXELS]] = optional("Top edge, in pixels")
    width: OrNone[Annotated[float, Field(gt=0, le=8192), PIXELS]] = optional("Width, in pixels")
    height: OrNone[Annotated[float, Field(gt=0, le=8192), PIXELS]] = optional("Height, in pixels")
    rotation: Annotated[float, DEGREES] = Field(default=0, description="Rotation in degrees")
    title: OrNone[Name] = optional("Label in your list")

    @model_validator(mode="after")
    def _whole_place(self) -> ProductHoldingInputs:
        given = [getattr(self, name) is not None for name in _PLACE]
        if any(given) and not all(given):
            raise ValueError("give all of x, y, width and height, or none")
        return self


def _newer(inputs: ProductHoldingInputs, found: PreparedInputs) -> StartProductAvatar | None:
    if inputs.x is None or inputs.y is None or inputs.width is None or inputs.height is None:
        return None
    return StartProductAvatar(
        name=found.title,
        image_urls=[found.media["product"], found.media["person"]],
        product_rect=ProductPlace(
            x=inputs.x, y=inputs.y, width=inputs.width, height=inputs.height, rotation=inputs.rotation
        ),
        prompt=inputs.prompt,
    )


def _older(_: ProductHoldingInputs, found: PreparedInputs) -> StartProductHolding:
    return StartProductHolding(name=found.title, image_urls=[found.media["product"], found.media["person"]])


def _price(_: ProductHoldingInputs, __: Mapping[str, float]) -> Estimate:
    return Estimate(1, "item", None, "A2E publishes no price")


START_PRODUCT_HOLDING = StartTool(
    name="start_product_holding",
    title="Show a person with a product",
    about="Make a picture of a person holding a product, from one picture of each. Needs consent.",
    inputs=ProductHoldingInputs,
    examples=({"product": "mug.png", "person": "zoe.png", "consent": "Zoe agreed by email on 3 May 2026"},),
    toolset="video",
    family=PRODUCT_AVATAR,
    to_request=_newer,
    older=LegacyStart(PRODUCT_HOLDING, _older),
    estimate=_price,
    likeness=("person",),
)

TOOLS = (START_PRODUCT_HOLDING,)
