"""Clip Sound: sounds for a silent clip, which A2E calls ThinkSound.

Source: A2E's newest developer spec, which does not say whether the result is a clip or a sound file.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.body_fields import integer, needed, text, url
from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.catalogue.declaration.spellings import Name
from a2e_mcp.catalogue.declaration.tool import OrNone, optional
from a2e_mcp.catalogue.models.family import model_family
from a2e_mcp.catalogue.models.tool import Clip, ModelInputs, Prompt, Seed, model_tool

CLIP_SOUND = model_family(
    "clip_sound",
    "thinkSound",
    "think_sound",
    "sound for a clip",
    {
        "name": text(),
        "video_url": needed(url()),
        "caption": text(),
        "cot_description": text(),
        "seed": integer(),
    },
)

FAMILIES = (CLIP_SOUND,)
CAPABILITIES: tuple[Capability[Any, Any], ...] = CLIP_SOUND.capabilities


class ClipSoundInputs(ModelInputs):
    """What `start_clip_sound` takes."""

    tool = "start_clip_sound"

    video: Clip = Field(description="Clip: URL, path or job id")
    prompt: OrNone[Prompt] = optional("What is to be heard")
    seed: OrNone[Seed] = optional("Same seed, similar sound")
    title: OrNone[Name] = optional("Label in your list")


START_CLIP_SOUND = model_tool(
    ClipSoundInputs,
    title="Make sound for a clip",
    about="Make sounds that fit what a clip shows.",
    examples=({"video": "harbour.mp4", "prompt": "waves and distant gulls"},),
    toolset="models",
    family=CLIP_SOUND,
)

TOOLS = (START_CLIP_SOUND,)
