"""What A2E can do: one module per section of its menu, with its requests, replies and declarations.

Importing this package imports no section: the server reads one when a tool of it is first called.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from a2e_mcp.catalogue.declaration.capability import Capability, JobFamily
    from a2e_mcp.catalogue.declaration.tool import StartTool


class Section(NamedTuple):
    """A module of this package, and the job families that it declares."""

    name: str
    families: tuple[str, ...]


def _of(name: str, *families: str) -> Section:
    return Section(name, families or (name.rpartition(".")[2],))


def _without_jobs(name: str) -> Section:
    return Section(name, ())


SECTIONS = (
    _of("avatar_videos", "avatar_video"),
    _of("image_to_video"),
    _of("talking_photo"),
    _of("talking_video"),
    _of("face_swap", "face_swap", "face_swap_preview"),
    _of("dubbing"),
    _of("caption_removal"),
    _of("product_holding", "product_avatar", "product_holding"),
    _of("virtual_try_on"),
    _of("watermark"),
    _of("text_to_image"),
    _of(
        "models.picture_families",
        *("nano_banana", "gpt_image", "flux_image", "qwen_image", "kling_image", "wan26_image", "wan27_image"),
    ),
    _of(
        "models.clip_tools",
        *("wan_video", "wan26_reference", "wan30_video", "wan_spicy", "happyhorse", "seedance15", "seedance2"),
        *("veo", "grok", "kling_video", "kling_omni", "sora", "hailuo", "minimax_h3", "motion_transfer"),
    ),
    _of("models.upscale"),
    _of("models.head_swap"),
    _of("models.actor_swap"),
    _of("models.clip_sound"),
    _of("models.photobook"),
    _without_jobs("voices"),
    _of("voice_clones", "voice_clone", "video_voice_clone"),
    _without_jobs("avatars"),
    _of("avatar_training", "avatar_training", "lip_sync_training"),
    _without_jobs("backgrounds"),
    _without_jobs("streaming"),
    _without_jobs("account"),
    _without_jobs("administration"),
    _without_jobs("calls_without_tool"),
)
"""The index: every section, in the order in which its tools are listed. A family is found from it without importing
all sections."""

_HOMES = {family: section.name for section in SECTIONS for family in section.families}

FAMILIES = tuple(_HOMES)
"""The names of the job families."""


def capabilities() -> Iterator[Capability[Any, Any]]:
    """Every capability of every section."""
    for section in SECTIONS:
        yield from importlib.import_module(f"{__name__}.{section.name}").CAPABILITIES


def find_capability(name: str) -> Capability[Any, Any]:
    """The capability of this name. Raises KeyError when there is none."""
    for each in capabilities():
        if each.name == name:
            return each
    raise KeyError(name)


def families() -> Iterator[JobFamily]:
    """Every job family."""
    for name in FAMILIES:
        yield family(name)


def family(name: str) -> JobFamily:
    """The job family of this name.

    Raises KeyError when there is none.
    """
    section = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    found: tuple[JobFamily, ...] = section.FAMILIES
    return next(each for each in found if each.name == name)


def start_tool(family_name: str, name: str) -> StartTool[Any]:
    """The tool of this name that starts jobs of a family. Raises KeyError when there is none."""
    tools: tuple[StartTool[Any], ...] = importlib.import_module(f"{__name__}.{_HOMES[family_name]}").TOOLS
    for each in tools:
        if each.name == name:
            return each
    raise KeyError(name)
