"""Actor Swap: a clip with another person.

Source: A2E's newest developer spec, which states neither a longest clip nor a price.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.body_fields import needed, text, url
from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import OrNone, optional
from a2e_mcp.catalogue.models.family import model_family
from a2e_mcp.catalogue.models.tool import Clip, ModelInputs, Picture, Prompt, model_tool

ACTOR_SWAP = model_family(
    "actor_swap",
    "actorSwap",
    "actor_swap",
    "a clip with another person",
    {
        "name": text(),
        "image_url": needed(url()),
        "video_url": needed(url()),
        "prompt": text(),
        "negative_prompt": text(),
    },
)

FAMILIES = (ACTOR_SWAP,)
CAPABILITIES: tuple[Capability[Any, Any], ...] = ACTOR_SWAP.capabilities


class ActorSwapInputs(ModelInputs):
    """What `start_actor_swap` takes."""

    tool = "start_actor_swap"

    actor: Picture = Field(description="Picture of the person to put in")
    video: Clip = Field(description="Clip whose person is replaced")
    prompt: OrNone[Prompt] = optional("What to aim for")
    negative_prompt: OrNone[Annotated[Name, Field(max_length=5000)]] = optional("What should not appear")
    title: OrNone[Name] = optional("Label in your list")


START_ACTOR_SWAP = model_tool(
    ActorSwapInputs,
    title="Replace the person of a clip",
    about="Put another person into a clip. Needs the consent of both.",
    examples=({"actor": "zoe.png", "video": "dance.mp4", "consent": "Zoe and Ben agreed by email on 3 May 2026"},),
    toolset="models",
    family=ACTOR_SWAP,
    likeness=("actor", "video"),
)

TOOLS = (START_ACTOR_SWAP,)
