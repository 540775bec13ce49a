"""Live talking avatars: a room in which an avatar speaks and answers, opened by a token and prepaid by its time.

Source: A2E docs menu "Streaming Avatar". Rooms are Agora's: the holder of the token joins with Agora's web SDK. The
whole group is missing from A2E's newest description, so A2E may have retired it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, MenuEntry, Reply, Request
from a2e_mcp.catalogue.declaration.records import Nothing, Opaque, Rows
from a2e_mcp.catalogue.declaration.values import Id, Number, OneAddress, Text

LONGEST_CONTEXT = 5000
"""Characters of a question-answering context (A2E docs)."""
SHORTEST_ROOM, LONGEST_ROOM = 15, 7200
"""Seconds; the bounds that public clients keep to, A2E publishes none."""

Channel = Annotated[str, Field(min_length=1, max_length=128)]
# Agora identifies users by a number or by a text, never by both.
_UserId = Annotated[int | str | None, BeforeValidator(lambda value: value if isinstance(value, int | str) else None)]


class StreamingAvatar(Reply):
    """An avatar available for live rooms."""

    id: Id = Field(validation_alias=AliasChoices("_id", "avatar_id"))
    name: Text = None
    gender: Text = None
    cover: OneAddress = Field(
        default=None, validation_alias=AliasChoices("cover", "preview", "image_url", "base_image")
    )


class OpenRoom(Request):
    """Which avatar, and for how many seconds."""

    avatar_id: str = Field(min_length=1, max_length=64)
    expire_seconds: int = Field(default=60, ge=SHORTEST_ROOM, le=LONGEST_ROOM)


class RoomToken(Reply):
    """What a browser needs to join a room; the token opens it, and no more.

    `sandbox_room_url` is the sandbox's own: its rooms are joined there, over WebRTC.
    """

    app_id: str = Field(validation_alias=AliasChoices("appId", "app_id"))
    channel: Channel
    token: SecretStr
    uid: _UserId = None
    expires: Number = Field(default=None, validation_alias="expire_epoch_timestamp")
    sandbox_room_url: OneAddress = None


class InRoom(Request):
    """A room, by its channel."""

    channel: Channel


class SetContext(InRoom):
    """What the avatar may answer from."""

    text: str = Field(max_length=LONGEST_CONTEXT)


class SayInRoom(InRoom):
    """A question to answer, or a text to speak."""

    text: str = Field(min_length=1, max_length=LONGEST_CONTEXT)


LIST_STREAMING_AVATARS = Capability(
    name="list_streaming_avatars",
    endpoint=Endpoint("GET", "/api/v1/streaming-avatar/all_avatars"),
    request=Nothing,
    reply=Rows[StreamingAvatar],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="List the avatars available for live rooms.",
    menu=MenuEntry("Streaming Avatar", "Get All avatars", tool="list_streaming_avatars"),
)

OPEN_ROOM = Capability(
    name="create_streaming_token",
    endpoint=Endpoint("POST", "/api/v1/streaming-avatar/agora-token"),
    request=OpenRoom,
    reply=RoomToken,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Open a room and pay for its whole time.",
    menu=MenuEntry("Streaming Avatar", "Get a Streaming Avatar Token", tool="start_streaming"),
)

SET_CONTEXT = Capability(
    name="set_streaming_context",
    endpoint=Endpoint("POST", "/api/v1/streaming-avatar/set-qa-context"),
    request=SetContext,
    reply=Opaque,
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Set what the avatar answers from.",
    menu=MenuEntry("Streaming Avatar", "Set QA Context", tool="set_streaming_qa_context"),
)

GET_CONTEXT = Capability(
    name="get_streaming_context",
    endpoint=Endpoint("GET", "/api/v1/streaming-avatar/get-qa-context"),
    request=InRoom,
    reply=Opaque,
    effect=Effect.READS,
    evidence=Evidence.INFERRED,
    reply_evidence=Evidence.INFERRED,
    about="Read what the avatar answers from.",
    menu=MenuEntry("Streaming Avatar", "Get QA Context", tool="get_streaming_qa_context"),
)

ASK_IN_ROOM = Capability(
    name="ask_streaming_avatar",
    endpoint=Endpoint("POST", "/api/v1/streaming-avatar/ask"),
    request=SayInRoom,
    reply=Opaque,
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Ask the avatar; it answers in the room.",
    menu=MenuEntry("Streaming Avatar", "Ask a Question to the Avatar", tool="ask_streaming_avatar"),
)

SPEAK_IN_ROOM = Capability(
    name="speak_streaming_avatar",
    endpoint=Endpoint("POST", "/api/v1/streaming-avatar/speak"),
    request=SayInRoom,
    reply=Opaque,
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Make the avatar say a text.",
    menu=MenuEntry("Streaming Avatar", "Let the Avatar Speak Directly", tool="speak_streaming_avatar"),
)

LEAVE_ROOM = Capability(
    name="leave_streaming_room",
    endpoint=Endpoint("POST", "/api/v1/streaming-avatar/leave"),
    request=InRoom,
    reply=Opaque,
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Close a room; unused credits are refunded.",
    menu=MenuEntry("Streaming Avatar", "Leave the Room", tool="leave_streaming"),
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (
    LIST_STREAMING_AVATARS,
    OPEN_ROOM,
    SET_CONTEXT,
    GET_CONTEXT,
    ASK_IN_ROOM,
    SPEAK_IN_ROOM,
    LEAVE_ROOM,
)
