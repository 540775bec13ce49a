"""What a worker answers."""

from typing import Literal, TypeAlias

import msgspec

from a2e_mcp.sandbox.protocol.parts import MediaKind

FailureCode: TypeAlias = Literal[
    "unreadable",
    "too_large",
    "too_long",
    "too_short",
    "no_face",
    "several_faces",
    "no_person",
    "no_object",
    "no_sound",
    "unsupported_language",
    "nothing_spoken",
    "room_full",
    "extra_missing",
    "invalid_order",
    "internal",
]


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an order made; `note` is one honest line of what was really done.

    `pitch` is in Hz, `loudness` in dB below full scale.
    """

    note: str
    media_kind: MediaKind | None = None
    media_type: str | None = None
    container: str | None = None
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    has_audio: bool | None = None
    bytes: int | None = None
    words: int | None = None
    language: str | None = None
    pitch: float | None = None
    loudness: float | None = None


class _WorkerReply(msgspec.Struct, frozen=True, kw_only=True, tag=str.lower):
    """The base of what a worker answers; `type` tells which it is."""


class Ready(_WorkerReply, frozen=True, kw_only=True):
    """The worker's first line: it listens."""


class Progress(_WorkerReply, frozen=True, kw_only=True):
    """How far an order has come, from 0 to 1."""

    id: str
    progress: float


class Done(_WorkerReply, frozen=True, kw_only=True):
    """An order was carried out."""

    id: str
    outcome: Outcome


class Failed(_WorkerReply, frozen=True, kw_only=True):
    """An order was refused or broke; the message is meant for the person who asked."""

    id: str
    code: FailureCode
    message: str


Reply: TypeAlias = Ready | Progress | Done | Failed

_decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def encode_reply(reply: Reply) -> bytes:
    """The line with which a worker answers."""
    return msgspec.json.encode(reply) + b"\n"


def decode_reply(line: bytes | str) -> Reply:
    """A worker's answer from its line.

    Raises ValueError.
    """
    return _decoder.decode(line)
