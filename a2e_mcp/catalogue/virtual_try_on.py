"""Virtual Try-On: a person wears a garment.

Source: A2E docs menu "Virtual Try-On". The newest spec takes two pictures, older docs four with masks.
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
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, JobRecord
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import Estimate, Inputs, MediaIn, OrNone, PreparedInputs, StartTool, optional


class StartTryOn(Request):
    """Person and garment, or person, its mask, garment, its mask."""

    name: str | None = Field(default=None, max_length=200)
    image_urls: list[str] = Field(min_length=2, max_length=4)
    timeout: float | None = Field(default=None, ge=1, le=7200)


START = Capability(
    name="start_virtual_try_on",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/virtualTryOn/start"),
    request=StartTryOn,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Dress a person in a garment.",
    menu=MenuEntry("Virtual Try-On", "Start Virtual Try-On"),
)

_CALLS = standard_calls(
    "virtual_try_on",
    "virtual_try_ons",
    "/api/v1/virtualTryOn",
    what="a virtual try-on",
    menu=FamilyMenu(
        "Virtual Try-On",
        listing="List Tasks of Virtual Try-On",
        detail="Get Details of One Task",
        remove="Delete Record",
    ),
)

VIRTUAL_TRY_ON = JobFamily(
    name="virtual_try_on",
    about="a person in another garment",
    start=START,
    detail=_CALLS.detail,
    listing=_CALLS.listing,
    batch=_CALLS.batch,
    remove=_CALLS.remove,
    states=COMMON_STATES,
    results=("result_image_url", "result_url"),
    polled="batch",
    recovery="by_name",
    typical_seconds=90,
    delete_note="A2E does not say whether this stops a running job or refunds it.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = VIRTUAL_TRY_ON.capabilities
FAMILIES = (VIRTUAL_TRY_ON,)

_PICTURE = MediaIn(("image",))


class TryOnInputs(Inputs):
    """What `start_virtual_try_on` takes."""

    needs = (
        ("person_mask", "garment_mask", "give both masks or neither"),
        ("garment_mask", "person_mask", "give both masks or neither"),
    )

    person: Annotated[str, _PICTURE] = Field(description="Picture of the person: URL or path")
    garment: Annotated[str, _PICTURE] = Field(description="Picture of the garment: URL or path")
    person_mask: OrNone[Annotated[str, _PICTURE]] = optional("Mask of where the garment goes, white on black")
    garment_mask: OrNone[Annotated[str, _PICTURE]] = optional("Mask of the garment, white on black")
    title: OrNone[Name] = optional("Label in your list")


def _start(inputs: TryOnInputs, found: PreparedInputs) -> StartTryOn:
    order = ("person", "person_mask", "garment", "garment_mask") if inputs.person_mask else ("person", "garment")
    return StartTryOn(name=found.title, image_urls=[found.media[name] for name in order])


def _price(_: TryOnInputs, __: Mapping[str, float]) -> Estimate:
    return Estimate(1, "item", None, "A2E publishes no price")


START_VIRTUAL_TRY_ON = StartTool(
    name="start_virtual_try_on",
    title="Try on a garment",
    about="Show a person wearing a garment, from one picture of each. Needs consent.",
    inputs=TryOnInputs,
    examples=({"person": "zoe.png", "garment": "jacket.png", "consent": "Zoe agreed by email on 3 May 2026"},),
    toolset="video",
    family=VIRTUAL_TRY_ON,
    to_request=_start,
    estimate=_price,
    likeness=("person",),
)

TOOLS = (START_VIRTUAL_TRY_ON,)
