"""Avatars: the sandbox's drawn ones, and those the account has trained."""

from __future__ import annotations

from dataclasses import dataclass

from a2e_mcp.catalogue.avatar_training import AVATAR_TRAINING
from a2e_mcp.catalogue.avatars import AvatarQuery, SiteQuery
from a2e_mcp.sandbox.assets.builtins import AVATARS, SystemAvatar
from a2e_mcp.sandbox.assets.previews import cover_key
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.protocol import DrawnAvatar, Gender, PortraitAvatar
from a2e_mcp.sandbox.store import Record

TWINS = AVATAR_TRAINING.name
"""The family of the records that trained avatars come from."""

ANCHOR = "anchor_id"
DRAWN_SEED = "sandbox_seed"
"""Where a twin that was seeded, not trained, keeps the seed of its drawing."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An avatar that can speak; `has_background` when its original background is known."""

    id: str
    person: DrawnAvatar | PortraitAvatar
    has_background: bool


def find_anchor(service: Service, anchor_id: str, anchor_type: int) -> Anchor:
    """The avatar of a request. Raises Refusal when there is none of this id and type."""
    system = next((avatar for avatar in AVATARS if avatar.id == anchor_id.lower()), None)
    if system is not None:
        if anchor_type != 0:
            raise invalid("anchor_type", "this is a system avatar, whose type is 0")
        return Anchor(system.id, system.drawn, has_background=True)
    twin = next((each for each in _ready_twins(service) if each.body.get(ANCHOR) == anchor_id.lower()), None)
    if twin is None:
        raise invalid("anchor_id", "no such avatar in the sandbox")
    if anchor_type != 1:
        raise invalid("anchor_type", "this is an own avatar, whose type is 1")
    has_background = bool(twin.body.get("video_backgroud_color") or twin.body.get("video_backgroud_image"))
    return Anchor(anchor_id.lower(), _person(service, twin), has_background)


def portrait_key(service: Service, twin: Record) -> str | None:
    """The picture that training cut out; None while it is not finished, or for a drawn one."""
    trained = [view for family, view in service.jobs.views(twin.id) if family == TWINS and view.stage == "done"]
    return trained[0].results.get("portrait") if trained else None


async def _character_list(service: Service, request: AvatarQuery) -> list[Body]:
    custom = [] if request.type == "default" else [own_avatar(service, twin) for twin in _ready_twins(service)]
    if request.user_video_twin_id is not None:
        return [avatar for avatar in custom if avatar["user_video_twin_id"] == request.user_video_twin_id.lower()]
    system = [] if request.type == "custom" else [_system(service, avatar) for avatar in AVATARS]
    return custom + system


async def _anchor_list(service: Service, request: SiteQuery) -> list[Body]:
    custom = [own_avatar(service, twin) for twin in _ready_twins(service)]
    # The other site's avatars are not A2E's, and the sandbox has none for it.
    return custom + ([_system(service, avatar) for avatar in AVATARS] if request.web_type == "a2e" else [])


def _system(service: Service, avatar: SystemAvatar) -> Body:
    cover = service.files.url(cover_key(avatar))
    return {
        "_id": avatar.id,
        "name": avatar.name,
        "type": "default",
        "gender": avatar.gender,
        "video_cover": cover,
        "people_img": cover,
        "background_img": "",
        "background_color": "rgb(225,230,235)",
        "sandbox": True,
        "sandbox_note": "A drawn person.",
    }


def own_avatar(service: Service, twin: Record) -> Body:
    """An avatar of the account's, as lists show it."""
    # Without a name, as A2E's own answer is: it stands on the training's record only.
    key = portrait_key(service, twin)
    cover = "" if key is None else service.files.url(key)
    shown = service.files.showing(twin.body)
    return {
        "_id": twin.body.get(ANCHOR),
        "type": "custom",
        "user_video_twin_id": twin.id,
        "video_cover": cover,
        "people_img": cover,
        "background_img": shown.get("video_backgroud_image", ""),
        "background_color": shown.get("video_backgroud_color", ""),
        "createdAt": iso(twin.created),
        "sandbox": True,
        "sandbox_note": "An animated portrait; nothing was trained.",
    }


def _ready_twins(service: Service) -> list[Record]:
    return [
        twin
        for twin in service.store.records(TWINS)
        if any(family == TWINS and view.stage == "done" for family, view in service.jobs.views(twin.id))
    ]


def _person(service: Service, twin: Record) -> DrawnAvatar | PortraitAvatar:
    key = portrait_key(service, twin)
    if key is not None:
        return PortraitAvatar(image=str(service.files.path(key)))
    gender: Gender = "male" if twin.body.get("gender") == "male" else "female"
    return DrawnAvatar(seed=int(twin.body.get(DRAWN_SEED, 0)), gender=gender)


BEHAVIOUR = Behaviour(answers={"list_avatars": _character_list, "list_avatars_post": _anchor_list})
