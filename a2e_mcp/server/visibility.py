"""What is visible: the tools in their order, and the committed snapshot of their schemas.

`tools.json` is written by `make schemas` from the declarations and held fresh by a test. The list is answered from it,
so a section's models are imported when one of its tools is first called.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from a2e_mcp.errors import SettingsError
from a2e_mcp.text import one_line

if TYPE_CHECKING:
    from a2e_mcp.server.tool_call import AnyTool
    from a2e_mcp.settings import Settings

HOMES: Mapping[str, tuple[str, ...]] = {
    "a2e_mcp.server.tools.jobs": (
        "check_status",
        "wait_for_job",
        "list_jobs",
        "download_result",
        "delete_job",
    ),
    "a2e_mcp.server.tools.account": (
        "get_credits",
        "quote_job",
        "list_spending",
        "upload_file",
        "copy_url_to_storage",
    ),
    "a2e_mcp.server.tools.voices": (
        "list_voices",
        "generate_speech",
        "rename_voice",
        "delete_voice",
        "detect_language",
        "list_languages",
    ),
    "a2e_mcp.server.tools.avatars": ("list_avatars", "add_avatar_from_image", "delete_avatar"),
    "a2e_mcp.server.tools.stored_pictures": (
        "list_backgrounds",
        "add_background",
        "delete_background",
        "list_face_images",
        "add_face_image",
        "delete_face_image",
    ),
    "a2e_mcp.server.tools.streaming": (
        "list_streaming_avatars",
        "start_streaming",
        "ask_streaming_avatar",
        "speak_streaming_avatar",
        "set_streaming_qa_context",
        "get_streaming_qa_context",
        "leave_streaming",
    ),
    "a2e_mcp.server.tools.admin": (
        "add_user",
        "exchange_diamonds",
        "set_auto_public_pool",
        "list_api_tokens",
        "create_api_token",
        "delete_api_token",
    ),
    "a2e_mcp.catalogue.avatar_videos": ("start_avatar_video",),
    "a2e_mcp.catalogue.image_to_video": ("start_image_to_video",),
    "a2e_mcp.catalogue.talking_photo": ("start_talking_photo",),
    "a2e_mcp.catalogue.face_swap": ("start_face_swap", "start_face_swap_preview"),
    "a2e_mcp.catalogue.dubbing": ("start_dubbing",),
    "a2e_mcp.catalogue.caption_removal": ("start_caption_removal",),
    "a2e_mcp.catalogue.product_holding": ("start_product_holding",),
    "a2e_mcp.catalogue.virtual_try_on": ("start_virtual_try_on",),
    "a2e_mcp.catalogue.watermark": ("add_watermark",),
    "a2e_mcp.catalogue.text_to_image": ("start_text_to_image",),
    "a2e_mcp.catalogue.voice_clones": ("start_voice_clone", "start_voice_clone_from_video"),
    "a2e_mcp.catalogue.avatars": ("start_avatar_training", "start_lip_sync_training"),
}
"""Where each tool is declared, so that one can be found without importing all."""

# Some hosts send only the first tools of a list, so what every chat needs comes first.
TOOLSETS: Mapping[str, tuple[str, ...]] = {
    "jobs": ("check_status", "wait_for_job", "list_jobs", "download_result", "delete_job"),
    "account": ("get_credits", "quote_job", "list_spending", "upload_file", "copy_url_to_storage"),
    "video": (
        "start_avatar_video",
        "start_image_to_video",
        "start_talking_photo",
        "start_face_swap",
        "start_face_swap_preview",
        "start_dubbing",
        "start_caption_removal",
        "start_product_holding",
        "start_virtual_try_on",
        "add_watermark",
    ),
    "image": ("start_text_to_image",),
    "voices": (
        "list_voices",
        "generate_speech",
        "start_voice_clone",
        "start_voice_clone_from_video",
        "rename_voice",
        "delete_voice",
        "detect_language",
        "list_languages",
    ),
    "avatars": (
        "list_avatars",
        "start_avatar_training",
        "start_lip_sync_training",
        "add_avatar_from_image",
        "delete_avatar",
        "list_backgrounds",
        "add_background",
        "delete_background",
        "list_face_images",
        "add_face_image",
        "delete_face_image",
    ),
    "streaming": (
        "list_streaming_avatars",
        "start_streaming",
        "ask_streaming_avatar",
        "speak_streaming_avatar",
        "set_streaming_qa_context",
        "get_streaming_qa_context",
        "leave_streaming",
    ),
    "admin": (
        "add_user",
        "exchange_diamonds",
        "set_auto_public_pool",
        "list_api_tokens",
        "create_api_token",
        "delete_api_token",
    ),
}
"""Which tools a toolset has, in their order."""

ALWAYS = (*TOOLSETS["jobs"], *TOOLSETS["account"], "list_avatars", "list_voices")
"""Tools that are in every set."""

ORDER = tuple(dict.fromkeys((*ALWAYS, *(name for names in TOOLSETS.values() for name in names))))
"""Every tool, in the order of the list."""

_USUAL = tuple(name for name in TOOLSETS if name != "admin")
_A_TOOL = re.compile(rf"\b({'|'.join(ORDER)})\b")


def find_tool(name: str) -> AnyTool | None:
    """The tool of this name; imports the module that declares it."""
    for home, names in HOMES.items():
        if name in names:
            tools: tuple[AnyTool, ...] = importlib.import_module(home).TOOLS
            return next(tool for tool in tools if tool.name == name)
    return None


def every_tool() -> Iterator[AnyTool]:
    """Every tool in order; imports everything."""
    for name in ORDER:
        tool = find_tool(name)
        if tool is None:
            raise LookupError(f"{name} is in the order but has no home")
        yield tool


def visible(settings: Settings) -> tuple[str, ...]:
    """The tools that are shown, in order. Raises SettingsError: a toolset or tool of a name that does not exist."""
    for variable, given, known in (
        ("A2E_TOOLSETS", settings.toolsets, (*TOOLSETS, "all")),
        ("A2E_TOOLS", settings.tools, ORDER),
        ("A2E_EXCLUDE_TOOLS", settings.exclude_tools, ORDER),
    ):
        for name in given:
            if name not in known:
                raise _no_such(variable, name, known)
    return tuple(name for name in ORDER if hidden_by(name, settings) is None)


def switched_off(name: str, settings: Settings) -> str | None:
    """The sentence for a tool that exists and is hidden, or None."""
    variable = hidden_by(name, settings) if name in ORDER else None
    if variable is None:
        return None
    home = next(toolset for toolset, names in TOOLSETS.items() if name in names)
    why = f" (it belongs to the toolset {home})" if variable == "A2E_TOOLSETS" else ""
    return f"{name} is switched off by {variable}{why}. Nothing was charged. The user can change that setting."


def offered_toolsets(settings: Settings) -> tuple[str, ...]:
    """The toolsets that the settings show, in order; `all` only where they say so."""
    wanted = settings.toolsets or _USUAL
    known = (*TOOLSETS, "all")
    return known if "all" in wanted else tuple(name for name in known if name in (*wanted, "jobs", "account"))


def listed(shown: Sequence[str], prefix: str) -> list[Mapping[str, Any]]:
    """These tools as they stand on the wire."""
    if not prefix:
        return [tool for tool in snapshot() if tool["name"] in shown]
    return [json.loads(prefixed(json.dumps(tool), prefix)) for tool in snapshot() if tool["name"] in shown]


def bare_name(name: str, prefix: str) -> str:
    """A tool's own name; without the prefix it is understood as well."""
    bare = name.removeprefix(prefix)
    return bare if bare in ORDER or name not in ORDER else name


def prefixed(text: str, prefix: str) -> str:
    """A text with the prefix before every tool's name in it."""
    return _A_TOOL.sub(rf"{prefix}\g<0>", text) if prefix else text


def prefixed_data(data: Any, prefix: str) -> Any:
    """JSON with the prefix before every tool's name in its sentences; single words are ids, names and addresses."""
    if not prefix:
        return data
    if isinstance(data, dict):
        return {name: prefixed_data(item, prefix) for name, item in data.items()}
    if isinstance(data, list):
        return [prefixed_data(item, prefix) for item in data]
    return prefixed(data, prefix) if isinstance(data, str) and " " in data else data


def hidden_by(name: str, settings: Settings) -> str | None:
    """The setting that hides a tool, or None."""
    if name in settings.exclude_tools:
        return "A2E_EXCLUDE_TOOLS"
    if settings.read_only and not reads(name):
        return "A2E_READ_ONLY"
    wanted = settings.toolsets or _USUAL
    chosen = name in ALWAYS or any("all" in wanted or each in wanted for each, of in TOOLSETS.items() if name in of)
    return None if chosen or name in settings.tools else "A2E_TOOLSETS"


def reads(name: str) -> bool:
    """Whether a tool changes and costs nothing."""
    return any(tool["name"] == name and tool["annotations"]["readOnlyHint"] for tool in snapshot())


def _no_such(variable: str, name: str, known: Sequence[str]) -> SettingsError:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    kind = "toolset" if variable == "A2E_TOOLSETS" else "tool"
    near_hint = f"; did you mean {near[0]}?" if near else ""
    flag = variable.removeprefix("A2E_").lower().replace("_", "-")
    hint = f"Toolsets are {', '.join(known)}" if kind == "toolset" else "Run `a2e-mcp tools` to see them all"
    return SettingsError(
        f"{variable} (--{flag}): there is no {kind} '{one_line(name)}'{near_hint}", charged=None, hint=hint
    )


@cache
def snapshot() -> tuple[Mapping[str, Any], ...]:
    """The tools as they stand on the wire, in order."""
    text = resources.files("a2e_mcp.server").joinpath("tools.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))


def schema_of(name: str) -> Mapping[str, Any]:
    """The input schema of one tool. Raises StopIteration when there is none."""
    schema: Mapping[str, Any] = next(tool["inputSchema"] for tool in snapshot() if tool["name"] == name)
    return schema
