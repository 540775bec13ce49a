"""Photobook: photos of a person in a place.

Source: A2E's newest developer spec; that its result is `image_urls` is by analogy.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from a2e_mcp.catalogue.declaration.body_fields import integer, needed, text, url
from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.catalogue.declaration.crud import PLAIN_ID
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import OrNone, optional
from a2e_mcp.catalogue.models.family import PICTURES, model_family
from a2e_mcp.catalogue.models.tool import ModelInputs, Picture, model_tool

PHOTOBOOK = model_family(
    "photobook",
    "userPhotobook",
    "photobook",
    "photos of a person",
    {
        "name": text(),
        "face_image_url": needed(url()),
        "location": text(),
        "clothing": text(),
        "total_count": integer(4, 16, default=4),
    },
    paths=PLAIN_ID,
    results=PICTURES,
    webhook=False,
)

FAMILIES = (PHOTOBOOK,)
CAPABILITIES: tuple[Capability[Any, Any], ...] = PHOTOBOOK.capabilities


class PhotobookInputs(ModelInputs):
    """What `start_photobook` takes."""

    tool = "start_photobook"

    face: Picture = Field(description="Picture of the person")
    place: OrNone[Annotated[Name, Field(max_length=500)]] = optional("Where, such as Paris in spring")
    clothing: OrNone[Annotated[Name, Field(max_length=500)]] = optional("What the person wears")
    count: Literal[4, 8, 12, 16] = Field(default=4, description="Photos: 4, 8, 12 or 16")
    title: OrNone[Name] = optional("Label in your list")


START_PHOTOBOOK = model_tool(
    PhotobookInputs,
    title="Make photos of a person",
    about="Make 4 to 16 photos of a person in a place. Needs consent.",
    examples=({"face": "zoe.png", "place": "Paris in spring", "consent": "Zoe agreed by email on 3 May 2026"},),
    toolset="models",
    family=PHOTOBOOK,
    likeness=("face",),
)

TOOLS = (START_PHOTOBOOK,)
