"""The wire protocol between the server and the film worker: one JSON line per message.

Both sides import this module, so it needs nothing but msgspec. Paths are absolute, times are seconds.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

Corner: TypeAlias = Literal["top_left", "top_right", "bottom_left", "bottom_right"]
CaptionStyle: TypeAlias = Literal["outline", "box", "highlight"]
Shape: TypeAlias = Literal["16:9", "9:16", "1:1", "4:5"]


class FilmPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value inside an order."""


class FilmClip(FilmPart, frozen=True, kw_only=True):
    """One file of a film; `name` is what messages call it, `script` what is said in it.

    From `start` to `end` of a clip, each counted from its end where it is below zero, or for so many `seconds` of a
    picture.
    """

    path: str
    name: str
    start: float = 0.0
    end: float | None = None
    seconds: float | None = None
    script: str | None = None


class Music(FilmPart, frozen=True, kw_only=True):
    """A sound under the film; `volume` is its loudness in percent of the speech's."""

    path: str
    name: str
    volume: int = 30


class Cue(FilmPart, frozen=True, kw_only=True):
    """A caption of an SRT file and when it is shown."""

    start: float
    end: float
    text: str


class FilmCaptions(FilmPart, frozen=True, kw_only=True):
    """What is shown while it is spoken: the clips' own scripts, a text over the whole film, or ready cues."""

    text: str | None = None
    cues: tuple[Cue, ...] = ()
    style: CaptionStyle = "outline"
    subtitles: str | None = None
    """Where the SRT file is written."""


class Logo(FilmPart, frozen=True, kw_only=True):
    """A picture in a corner of every frame."""

    path: str
    name: str
    corner: Corner = "top_right"


def _kind(class_name: str) -> str:
    """`compose` for ComposeOrder."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name.removesuffix("Order")).lower()


class FilmOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag=_kind):
    """What the film worker is asked for."""


class ComposeOrder(FilmOrder, frozen=True, kw_only=True):
    """Clips joined into one film; the folder of the `output` holds what is needed while it is made.

    One that `is_finished` is brought to an even loudness; else the sound stays as it is.
    """

    output: str
    clips: tuple[FilmClip, ...]
    transition: Literal["cut", "crossfade"] = "cut"
    shape: Shape | None = None
    fit: Literal["letterbox", "fill"] = "letterbox"
    music: Music | None = None
    captions: FilmCaptions | None = None
    logo: Logo | None = None
    title: str | None = None
    is_finished: bool = True


class TrimOrder(FilmOrder, frozen=True, kw_only=True):
    """A part of a clip; its streams are copied where that is exact."""

    output: str
    clip: FilmClip


class LettersOrder(FilmOrder, frozen=True, kw_only=True):
    """The question which scripts of a text no font here has."""

    text: str


AnyOrder: TypeAlias = ComposeOrder | TrimOrder | LettersOrder


class FilmReady(msgspec.Struct, frozen=True, tag="ready"):
    """The worker's first line: it listens."""


class FilmProgress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """How far an order has come, from 0 to 1."""

    share: float


class FilmMade(msgspec.Struct, frozen=True, kw_only=True, tag="made", omit_defaults=True):
    """An order was carried out; `note` is what was really done, in whole sentences.

    `script` is what is said in the film, where that is known of all its parts: empty when nothing is.
    """

    note: str = ""
    seconds: float = 0.0
    script: str | None = None
    missing: tuple[str, ...] = ()


class FilmFailed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """An order was refused or broke; the message is meant for the person who asked."""

    message: str
    is_refused: bool = True


Reply: TypeAlias = FilmReady | FilmProgress | FilmMade | FilmFailed

_orders: msgspec.json.Decoder[AnyOrder] = msgspec.json.Decoder(AnyOrder)
_replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def encode(message: AnyOrder | Reply) -> bytes:
    """A message as a line."""
    return msgspec.json.encode(message) + b"\n"


def decode_order(line: bytes) -> AnyOrder:
    """The order of a line. Raises ValueError."""
    return _orders.decode(line)


def decode_reply(line: bytes) -> Reply:
    """The worker's answer of a line. Raises ValueError."""
    return _replies.decode(line)
