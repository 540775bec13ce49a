"""The avatars that can be used: A2E's own, and the account's."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, Field

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, MenuEntry, Reply, Request
from a2e_mcp.catalogue.declaration.records import Rows
from a2e_mcp.catalogue.declaration.values import Id, OneAddress, Text


class AvatarQuery(Request):
    """Which avatars: A2E's own (`default`) or the account's (`custom`), or one training's."""

    type: Literal["default", "custom"] | None = None
    user_video_twin_id: str | None = Field(default=None, max_length=64)


class SiteQuery(Request):
    """Whose system avatars are wanted beside the account's own; without a site, none are."""

    web_type: Literal["a2e", "tyzn"] | None = None


class Avatar(Reply):
    """An avatar that can speak; its `_id` is the `anchor_id` of a video."""

    id: Id = Field(validation_alias="_id")
    name: Text = None
    type: Text = None
    gender: Text = None
    user_video_twin_id: Text = None
    cover: OneAddress = Field(default=None, validation_alias=AliasChoices("video_cover", "people_img", "cover"))
    background_img: OneAddress = None
    background_color: Text = None


LIST_AVATARS = Capability(
    name="list_avatars",
    endpoint=Endpoint("GET", "/api/v1/anchor/character_list"),
    request=AvatarQuery,
    reply=Rows[Avatar],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="List avatars, A2E's own and the account's.",
    menu=MenuEntry("Generate Avatar Videos", "List One or All Avatars", tool="list_avatars"),
)

LIST_AVATARS_POST = Capability(
    name="list_avatars_post",
    endpoint=Endpoint("POST", "/api/v1/anchor/list"),
    request=SiteQuery,
    reply=Rows[Avatar],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List the account's avatars, and A2E's own for web_type a2e.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (LIST_AVATARS, LIST_AVATARS_POST)
