"""Head Swap: a picture or clip with another head.

Source: A2E's newest developer spec. It refuses minors, and takes no label.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.body_fields import needed, url
from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import MediaIn, OrNone, optional
from a2e_mcp.catalogue.models.family import model_family
from a2e_mcp.catalogue.models.tool import ModelInputs, Picture, model_tool

HEAD_SWAP = model_family(
    "head_swap",
    "headSwap",
    "head_swap",
    "a picture or clip with another head",
    {"image_url": needed(url()), "target_image_url": needed(url())},
    # Its start takes no name.
    recovery="never",
    delete_note="A job that has not begun is cancelled and refunded.",
)

FAMILIES = (HEAD_SWAP,)
CAPABILITIES: tuple[Capability[Any, Any], ...] = HEAD_SWAP.capabilities


class HeadSwapInputs(ModelInputs):
    """What `start_head_swap` takes."""

    tool = "start_head_swap"

    head: Picture = Field(description="Picture of the head to take")
    target: Annotated[str, MediaIn(("image", "video"), longest=15)] = Field(
        description="Picture, or clip up to 15 s, that receives it"
    )
    title: OrNone[Name] = optional("Label in your list")


START_HEAD_SWAP = model_tool(
    HeadSwapInputs,
    title="Swap a head",
    about="Put another head onto the person of a picture or clip. Needs the consent of both.",
    examples=({"head": "zoe.png", "target": "dance.mp4", "consent": "Zoe and Ben agreed by email on 3 May 2026"},),
    toolset="models",
    family=HEAD_SWAP,
    likeness=("head", "target"),
)

TOOLS = (START_HEAD_SWAP,)
