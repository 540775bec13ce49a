"""Streaming Avatar: rooms on this computer, joined over WebRTC in place of Agora."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.streaming import InRoom, OpenRoom, SayInRoom, SetContext
from a2e_mcp.sandbox.assets.builtins import AVATARS
from a2e_mcp.sandbox.assets.media_inputs import cannot_render
from a2e_mcp.sandbox.assets.previews import cover_key
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import Refusal, invalid
from a2e_mcp.sandbox.families.text_language import language_of
from a2e_mcp.sandbox.live.rooms import CREDITS_PER_SECOND
from a2e_mcp.sandbox.magic_words import without_magic
from a2e_mcp.sandbox.render_workers.pool import RenderFailed

_FEWEST_LETTERS_TO_TELL = 20
"""Shorter texts are spoken in the language of the room's context."""
_FEWEST_OF_A_CONTEXT = 10
"""A context is often one short sentence of facts, and nothing else tells its language."""


async def _avatars(service: Service, _: Nothing) -> list[Body]:
    return [
        {
            "_id": avatar.id,
            "name": avatar.name,
            "gender": avatar.gender,
            "cover": service.files.url(cover_key(avatar)),
            "sandbox": True,
            "sandbox_note": "A drawn person.",
        }
        for avatar in AVATARS
    ]


async def _open(service: Service, request: OpenRoom) -> Body:
    avatar = next((each for each in AVATARS if each.id == request.avatar_id.lower()), None)
    if avatar is None:
        raise invalid("avatar_id", "no such streaming avatar")
    room = service.rooms.open(avatar, request.expire_seconds)
    until = datetime.fromtimestamp(room.body["until"], UTC)
    return {
        "appId": "sandbox",
        "channel": room.body["channel"],
        "token": f"sandbox-{secrets.token_urlsafe(12)}",
        "uid": secrets.randbelow(10**6),
        "expire_epoch_timestamp": int(room.body["until"]),
        "expire_date_UTC": until.strftime("%Y-%m-%d %H:%M:%S"),
        "sandbox": True,
        "sandbox_room_url": service.rooms.url(room),
        "sandbox_note": "A drawn avatar, streamed by this computer over WebRTC; there is no Agora room.",
    }


async def _room_price(_: Service, request: OpenRoom) -> int:
    return CREDITS_PER_SECOND * request.expire_seconds


async def _set_context(service: Service, request: SetContext) -> Body:
    service.rooms.find(request.channel)
    language = await _language(service, request.text, "en", fewest=_FEWEST_OF_A_CONTEXT)
    service.rooms.set_context(request.channel, request.text, language)
    return {}


async def _context(service: Service, request: InRoom) -> Body:
    return {"text": service.rooms.find(request.channel).body["context"]}


async def _ask(service: Service, request: SayInRoom) -> Body:
    try:
        await service.rooms.ask(request.channel, without_magic(request.text))
    except RenderFailed as failure:
        raise _cannot_say(failure) from None
    return {}


async def _speak(service: Service, request: SayInRoom) -> Body:
    room = service.rooms.find(request.channel)
    text = without_magic(request.text)
    try:
        await service.rooms.speak(request.channel, text, await _language(service, text, room.body["language"]))
    except RenderFailed as failure:
        raise _cannot_say(failure) from None
    return {}


async def _leave(service: Service, request: InRoom) -> Body:
    return {"coins": await service.rooms.leave(request.channel), "sandbox": True}


async def _language(service: Service, text: str, otherwise: str, fewest: int = _FEWEST_LETTERS_TO_TELL) -> str:
    if sum(letter.isalpha() for letter in text) < fewest:
        return otherwise
    return await language_of(service, text)


def _cannot_say(failure: RenderFailed) -> Refusal:
    return cannot_render(failure) if failure.code in {"internal", "extra_missing"} else invalid("text", failure.message)


BEHAVIOUR = Behaviour(
    answers={
        "list_streaming_avatars": _avatars,
        "create_streaming_token": _open,
        "set_streaming_context": _set_context,
        "get_streaming_context": _context,
        "ask_streaming_avatar": _ask,
        "speak_streaming_avatar": _speak,
        "leave_streaming_room": _leave,
    },
    prices={"create_streaming_token": _room_price},
)
