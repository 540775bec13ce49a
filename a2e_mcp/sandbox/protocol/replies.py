"""What a worker answers."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from a2e_mcp.sandbox.protocol.parts import MediaKind

FailureCode: TypeAlias = Literal[
    "unreadable",
    "too_large",
    "too_long",
    "too_short",
    "no_face",
    "several_faces",
    "no_person",
    "no_sound",
    "unsupported_language",
    "nothing_spoken",
    "room_full",
    "extra_missing",
    "invalid_order",
    "internal",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an order could not be carried out, in words meant for the person who asked."""

    code: FailureCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker's first line: it listens. A package that is not installed has no version."""

    engine: str
    python: str
    packages: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an order has come, from 0 to 1."""

    id: str
    progress: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An order was carried out."""

    id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An order was refused or broke."""

    id: str
    failure: Failure


Reply: TypeAlias = Ready | Progress | Done | Failed
