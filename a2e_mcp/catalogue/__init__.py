"""What A2E can do: one file per section of its menu, models and declarations, no logic.

Importing this package imports no section: the server reads one when a tool of it is first called.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a2e_mcp.catalogue.capability import Capability, JobFamily

SECTIONS = (
    "administration",
    "account",
    "voices",
    "voice_clones",
    "avatar_videos",
    "avatars",
    "backgrounds",
    "face_swap",
    "dubbing",
    "image_to_video",
    "caption_removal",
    "streaming",
    "text_to_image",
    "product_holding",
    "talking_photo",
    "virtual_try_on",
    "watermark",
)
"""The sections, in the order of A2E's menu."""

FAMILY_SECTIONS = {
    "avatar_video": "avatar_videos",
    "image_to_video": "image_to_video",
    "face_swap": "face_swap",
    "face_swap_preview": "face_swap",
    "avatar_training": "avatars",
    "lip_sync_training": "avatars",
    "voice_clone": "voice_clones",
    "video_voice_clone": "voice_clones",
    "dubbing": "dubbing",
    "caption_removal": "caption_removal",
    "text_to_image": "text_to_image",
    "product_avatar": "product_holding",
    "product_holding": "product_holding",
    "talking_photo": "talking_photo",
    "virtual_try_on": "virtual_try_on",
    "watermark": "watermark",
}
"""Which section declares a job family, so that one can be found without importing all."""


def capabilities() -> Iterator[Capability[Any, Any]]:
    """Every capability of every section."""
    for section in SECTIONS:
        yield from importlib.import_module(f"{__name__}.{section}").CAPABILITIES


def families() -> Iterator[JobFamily]:
    """Every job family."""
    for name in FAMILY_SECTIONS:
        yield family(name)


def family(name: str) -> JobFamily:
    """The job family of this name.

    Raises KeyError when there is none.
    """
    section = importlib.import_module(f"{__name__}.{FAMILY_SECTIONS[name]}")
    found: tuple[JobFamily, ...] = section.FAMILIES
    return next(each for each in found if each.name == name)
