"""Avatars, voices and languages as rows: what tools and resources show of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a2e_mcp.capability import AvatarChoice, VoiceChoice
    from a2e_mcp.names import Language

ROWS = 10
"""Rows on a page, unless said otherwise."""


def chosen_avatars(
    known: Sequence[AvatarChoice], *, name: str | None = None, gender: str | None = None, owner: str | None = None
) -> list[AvatarChoice]:
    """Avatars that fit; one whose gender A2E does not tell is left out when a gender is asked for."""
    return [
        each
        for each in known
        if (name is None or name.casefold() in each.name.casefold())
        and (gender is None or each.gender == gender)
        and (owner is None or each.own == (owner == "own"))
    ]


def avatar_row(avatar: AvatarChoice) -> dict[str, Any]:
    """An avatar as one row of a list."""
    row: dict[str, Any] = {"id": avatar.id, "name": avatar.name, "own": avatar.own}
    return row | {
        name: value for name, value in (("gender", avatar.gender), ("preview", avatar.cover)) if value is not None
    }


def voice_row(voice: VoiceChoice) -> dict[str, Any]:
    """A voice as one row of a list."""
    row: dict[str, Any] = {"id": voice.id, "name": voice.name, "language": voice.language, "own": voice.own}
    return row | ({"gender": voice.gender} if voice.gender else {})


def language_row(language: Language) -> dict[str, Any]:
    """A language as one row of a list."""
    return {"code": language.code, "name": language.name} | ({"note": language.note} if language.note else {})


def page_of(rows: Sequence[dict[str, Any]], page: int, size: int = ROWS) -> list[dict[str, Any]]:
    """One page of rows; pages count from 1."""
    return list(rows[(page - 1) * size : page * size])
