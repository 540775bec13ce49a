"""What is visible: the tools in their order, and the committed snapshot of their schemas.

`tools.json` is written by `make schemas` from the declarations and held fresh by a test. The list is answered from it,
so a section's models are imported when one of its tools is first called.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a2e_mcp.capability import Tool

HOMES: Mapping[str, tuple[str, ...]] = {
    "a2e_mcp.server.job_tools": (
        "check_status",
        "wait_for_job",
        "list_jobs",
        "download_result",
        "delete_job",
    ),
    "a2e_mcp.server.account_tools": ("get_credits", "list_spending"),
    "a2e_mcp.server.start_tools": ("quote_job", "upload_file", "generate_speech"),
    "a2e_mcp.server.finding_tools": ("list_avatars", "list_voices", "list_languages", "delete_avatar"),
    "a2e_mcp.server.face_tools": ("list_face_images", "add_face_image", "delete_face_image"),
    "a2e_mcp.catalogue.avatar_videos": ("start_avatar_video",),
    "a2e_mcp.catalogue.image_to_video": ("start_image_to_video",),
    "a2e_mcp.catalogue.face_swap": ("start_face_swap", "start_face_swap_preview"),
    "a2e_mcp.catalogue.avatars": ("start_avatar_training", "start_lip_sync_training"),
}
"""Where each tool is declared, so that one can be found without importing all."""

# Some hosts send only the first tools of a list, so what every chat needs comes first.
ORDER = (
    "check_status",
    "wait_for_job",
    "list_jobs",
    "download_result",
    "delete_job",
    "get_credits",
    "quote_job",
    "list_spending",
    "upload_file",
    "list_avatars",
    "list_voices",
    "start_avatar_video",
    "start_image_to_video",
    "start_face_swap",
    "start_face_swap_preview",
    "generate_speech",
    "list_languages",
    "start_avatar_training",
    "start_lip_sync_training",
    "delete_avatar",
    "list_face_images",
    "add_face_image",
    "delete_face_image",
)


def find_tool(name: str) -> Tool[Any] | None:
    """The tool of this name; imports the module that declares it."""
    for home, names in HOMES.items():
        if name in names:
            tools: tuple[Tool[Any], ...] = importlib.import_module(home).TOOLS
            return next(tool for tool in tools if tool.name == name)
    return None


def every_tool() -> Iterator[Tool[Any]]:
    """Every tool in order; imports everything."""
    for name in ORDER:
        tool = find_tool(name)
        if tool is None:
            raise LookupError(f"{name} is in the order but has no home")
        yield tool


@cache
def snapshot() -> tuple[Mapping[str, Any], ...]:
    """The tools as they stand on the wire, in order."""
    text = resources.files("a2e_mcp.server").joinpath("tools.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))


def schema_of(name: str) -> Mapping[str, Any]:
    """The input schema of one tool. Raises StopIteration when there is none."""
    schema: Mapping[str, Any] = next(tool["inputSchema"] for tool in snapshot() if tool["name"] == name)
    return schema
