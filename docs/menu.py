"""A2E's own menu, entry by entry, with the call behind each and the tool that reaches it, from the declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from a2e_mcp.catalogue import capabilities, families
from a2e_mcp.catalogue import family as family_named
from a2e_mcp.catalogue.calls_without_tool import REASONS
from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.catalogue.declaration.tool import StartTool
from a2e_mcp.catalogue.models.index import models_of_tool
from a2e_mcp.server.tool_index import declared_tools
from docs.exercises import Exercise

CLIENT_ONLY = "client only: a password does not belong in a chat"
_WITHOUT_CALL = (
    ("Get Tokens", "Getting API Tokens (2025 version)", "no call: a web page"),
    (
        "Generate Avatar Videos",
        "Obtain the List of Personalized Lip-Sync Models (old)",
        "no call: A2E publishes no path",
    ),
)


@dataclass(frozen=True, slots=True)
class MenuRow:
    """One entry: the catalogue's call, if there is one, and the tools that reach it, or why there is none."""

    group: str
    entry: str
    call: Capability[Any, Any] | None
    tool: str


def menu_rows() -> list[MenuRow]:
    """Every entry, group by group in the order of the catalogue."""
    tools = _tools_by_call()
    rows = [
        MenuRow(call.menu.group, call.menu.label, call, _code(call.menu.tool) or tools.get(call.name) or CLIENT_ONLY)
        for call in capabilities()
        if call.menu is not None
    ]
    rows += [MenuRow(group, entry, None, why) for group, entry, why in _WITHOUT_CALL]
    groups = list(dict.fromkeys(row.group for row in rows))
    return sorted(rows, key=lambda row: groups.index(row.group))


_USED_BY: Mapping[str, str] = {
    "quote_generation": "quote_job",
    "rename_voice_clone": "rename_voice",
    "list_all_custom_avatars": "list_avatars",
    "list_custom_backgrounds": "list_backgrounds",
}
"""Calls beside the menu that a tool uses, or that do what it does."""
_NOT_USED: Mapping[str, str] = {
    **REASONS,
    "get_avatar_video_detail": "check_status asks another call, which returns more",
    "get_image_to_video_average_time": "a job's own progress says more",
    "retry_caption_removal": "a failed job is started again",
    "retry_custom_avatar": "a failed job is started again",
    "list_tts_presets": "list_voices asks another call, which returns more",
    "list_tts_previews": "list_jobs shows what was spoken",
    "delete_tts_preview": "speech costs nothing to keep, and expires",
    "list_credit_history": "list_spending knows more: each start with its steps, and what was refunded",
    "list_avatars_post": "list_avatars asks the same as GET",
    "enhance_eye_contact": "A2E's web pages offer it for an avatar that is being trained",
}


def beyond_rows() -> list[tuple[str, str]]:
    """Every call that the menu does not have: its endpoint, and the tool that reaches it or why none does.

    Raises ValueError for a call with neither.
    """
    tools = _tools_by_call()
    rows = []
    for call in capabilities():
        if call.menu is not None:
            continue
        tool = tools.get(call.name) or _code(_USED_BY.get(call.name))
        reason = _NOT_USED.get(call.name)
        if bool(tool) == bool(reason):
            raise ValueError(f"{call.name} needs a tool that reaches it, or a reason in docs/menu.py why none does")
        rows.append((f"`{call.endpoint.method} {call.endpoint.path}`", tool or f"none: {reason}"))
    return rows


def coverage_rows(exercises: Mapping[str, Exercise]) -> list[tuple[str, ...]]:
    """Group, entry, tool, endpoint, the evidence for the call and for its answer, and the test that exercises it.

    Raises ValueError: an entry's call that no test exercises, or a test of a call that there is none of.
    """
    known = {each.name for each in capabilities()}
    if strange := exercises.keys() - known:
        raise ValueError(f"tests exercise calls that are not in the catalogue: {', '.join(sorted(strange))}")
    rows = menu_rows()
    if untested := [row.call.name for row in rows if row.call and row.call.name not in exercises]:
        raise ValueError(
            f"no test exercises {', '.join(untested)}; mark one that does with @pytest.mark.exercises({untested[0]!r})"
        )
    return [(row.group, row.entry, *_reached(row, exercises)) for row in rows]


def _tools_by_call() -> Mapping[str, str]:
    """The tools that reach each call, as the tables show them."""
    found: dict[str, dict[str, None]] = {}
    for call, tool in _reached_by_family():
        found.setdefault(call, {})[tool] = None
    return {call: ", ".join(f"`{tool}`" for tool in tools) for call, tools in found.items()}


def _code(tool: str | None) -> str:
    return f"`{tool}`" if tool else ""


def _reached_by_family() -> Iterator[tuple[str, str]]:
    for family in families():
        for call, tool in (
            (family.detail, "check_status"),
            (family.listing, "list_jobs"),
            (family.remove, "delete_job"),
            (family.batch, "wait_for_job"),
        ):
            if call is not None:
                yield call.name, tool
    for _, declared in declared_tools():
        if isinstance(declared, StartTool):
            for model in models_of_tool(declared.name):
                yield family_named(model.family).start.name, declared.name
            yield declared.family.start.name, declared.name
            if declared.older is not None:
                yield declared.older.family.start.name, declared.name


def _reached(row: MenuRow, exercises: Mapping[str, Exercise]) -> tuple[str, str, str, str]:
    if row.call is None:
        return row.tool, "", "", ""
    test = exercises[row.call.name]
    return (
        row.tool,
        f"`{row.call.endpoint.method} {row.call.endpoint.path}`",
        f"{row.call.evidence}, answer {row.call.reply_evidence}",
        f"[{test.name}](../{test.path})",
    )
