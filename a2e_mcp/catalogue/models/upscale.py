"""Upscale: a larger picture or clip.

Source: A2E's newest developer spec, which says neither by how much it enlarges nor what it costs.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.body_fields import needed, text, url
from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import MediaIn, OrNone, optional
from a2e_mcp.catalogue.models.family import model_family
from a2e_mcp.catalogue.models.tool import ModelInputs, model_tool

UPSCALE = model_family(
    "upscale",
    "userUpscale",
    "upscale",
    "a larger picture or clip",
    {"name": text(), "source_url": needed(url())},
)

FAMILIES = (UPSCALE,)
CAPABILITIES: tuple[Capability[Any, Any], ...] = UPSCALE.capabilities


class UpscaleInputs(ModelInputs):
    """What `start_upscale` takes."""

    tool = "start_upscale"

    source: Annotated[str, MediaIn(("image", "video"))] = Field(description="Picture or clip: URL, path or job id")
    title: OrNone[Name] = optional("Label in your list")


START_UPSCALE = model_tool(
    UpscaleInputs,
    title="Enlarge a picture or clip",
    about="Make a picture or clip larger and sharper.",
    examples=({"source": "harbour.png"},),
    toolset="models",
    family=UPSCALE,
)

TOOLS = (START_UPSCALE,)
