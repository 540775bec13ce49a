"""What the sandbox may ask its render worker for, and what the worker answers: one JSON line each.

Both sides import this module, so it needs nothing but the standard library. Paths are absolute strings, sizes are
pixels, lengths are seconds, colours are "#rrggbb". Decoding is strict: an unknown kind or field, a missing field or
a value of the wrong type is an `InvalidLine`.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Gender: TypeAlias = Literal["female", "male"]
MediaKind: TypeAlias = Literal["image", "video", "audio"]
FailureCode: TypeAlias = Literal[
    "unreadable",
    "too_large",
    "too_long",
    "too_short",
    "no_face",
    "several_faces",
    "no_sound",
    "unsupported_language",
    "nothing_spoken",
    "extra_missing",
    "invalid_order",
    "internal",
]


class InvalidLine(ValueError):
    """A line that is not a well-formed order or reply; `errand_id` is set when it could still be read."""

    def __init__(self, message: str, errand_id: str | None = None) -> None:
        super().__init__(message)
        self.errand_id = errand_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAvatar:
    """A drawn person; the same seed and gender always give the same person."""

    seed: int
    gender: Gender


@dataclass(frozen=True, slots=True, kw_only=True)
class PortraitAvatar:
    """A person in a picture file."""

    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourBackground:
    """One flat colour, "#rrggbb"."""

    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureBackground:
    """A picture file, cropped to fill the frame."""

    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The box in the frame that the avatar is fitted into, standing on its lower edge."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Speak plain text into an MP3 at `output`, with mouth and word times as JSON at `track`."""

    text: str
    voice: str
    output: str
    track: str
    speed: float = 1.0
    pitch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AvatarVideo:
    """Let an avatar speak an audio file; without a track the mouth follows the sound itself."""

    audio: str
    avatar: DrawnAvatar | PortraitAvatar
    output: str
    track: str | None = None
    background: ColourBackground | PictureBackground | None = None
    placement: Placement | None = None
    captions: bool = False
    width: int = 1280
    height: int = 720
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageToVideo:
    """Bring a picture to life by moving the camera; `width` x `height` is a box that the result fits into."""

    image: str
    output: str
    prompt: str = ""
    negative_prompt: str = ""
    end_image: str | None = None
    seconds: float = 5.0
    width: int = 1280
    height: int = 720
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainAvatar:
    """Cut a `portrait` out of a picture or a video, and show at `output` how it will move."""

    source: str
    output: str
    portrait: str
    minimum_seconds: float = 10.0
    width: int = 720
    height: int = 720
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainLipSync:
    """Show a portrait going through its mouth shapes, each named in a caption."""

    portrait: str
    output: str
    width: int = 720
    height: int = 720
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSwap:
    """Put the face of one picture onto a picture or clip; `preview` asks for a still of a clip's middle."""

    face: str
    target: str
    output: str
    preview: bool = False
    width: int = 1280
    height: int = 1280
    fps: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class AvatarCover:
    """Draw a still of a drawn avatar."""

    avatar: DrawnAvatar
    output: str
    width: int = 720
    height: int = 720


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """Take a still out of a video."""

    video: str
    output: str
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Say what a file is, decoding no more of it than that needs."""

    path: str


Order: TypeAlias = (
    Speech | AvatarVideo | ImageToVideo | TrainAvatar | TrainLipSync | FaceSwap | AvatarCover | Poster | Probe
)

ORDER_KINDS: dict[str, type[Order]] = {
    "speech": Speech,
    "avatar_video": AvatarVideo,
    "image_to_video": ImageToVideo,
    "train_avatar": TrainAvatar,
    "train_lip_sync": TrainLipSync,
    "face_swap": FaceSwap,
    "avatar_cover": AvatarCover,
    "poster": Poster,
    "probe": Probe,
}

# Nested values that could be one of several things say which one in their own "kind".
_PART_KINDS: dict[type[Any], str] = {
    DrawnAvatar: "drawn",
    PortraitAvatar: "portrait",
    ColourBackground: "colour",
    PictureBackground: "picture",
    Placement: "placement",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an order made; `note` is one honest line of what was really done."""

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


def kind_of(order: Order) -> str:
    """The word an order goes by in JSON."""
    return next(kind for kind, order_type in ORDER_KINDS.items() if type(order) is order_type)


def order_to_json(order: Order) -> dict[str, Any]:
    """An order as plain JSON values."""
    return {"kind": kind_of(order), **_fields_to_json(order)}


def order_from_json(value: object) -> Order:
    """An order from plain JSON values. Raises InvalidLine."""
    members = dict(_object(value, "order"))
    kind = members.pop("kind", None)
    order_type = ORDER_KINDS.get(kind) if isinstance(kind, str) else None
    if order_type is None:
        raise InvalidLine(f"unknown kind of order {kind!r}; known are {', '.join(ORDER_KINDS)}")
    order: Order = _dataclass_from_json(order_type, members, str(kind))
    return order


def order_to_line(errand_id: str, order: Order) -> str:
    """The line that asks a worker to carry out an order."""
    return _line({"id": errand_id, "order": order_to_json(order)})


def order_from_line(line: str) -> tuple[str, Order]:
    """The id and order of a line sent to a worker. Raises InvalidLine."""
    members = _parse(line)
    errand_id = members.get("id")
    if not isinstance(errand_id, str):
        raise InvalidLine("an order line needs an id, a string")
    if unknown := set(members) - {"id", "order"}:
        raise InvalidLine(f"unknown fields around the order: {', '.join(sorted(unknown))}", errand_id)
    try:
        return errand_id, order_from_json(members.get("order"))
    except InvalidLine as problem:
        raise InvalidLine(str(problem), errand_id) from None


def reply_to_line(reply: Reply) -> str:
    """The line with which a worker answers."""
    match reply:
        case Ready():
            return _line({"ready": True, **_fields_to_json(reply)})
        case Progress():
            return _line({"id": reply.id, "progress": round(reply.progress, 3)})
        case Done():
            return _line({"id": reply.id, "done": _fields_to_json(reply.outcome)})
        case Failed():
            return _line({"id": reply.id, "failed": _fields_to_json(reply.failure)})


def reply_from_line(line: str) -> Reply:
    """A worker's answer from its line. Raises InvalidLine."""
    members = _parse(line)
    if members.get("ready") is True:
        ready: Ready = _dataclass_from_json(Ready, {k: v for k, v in members.items() if k != "ready"}, "ready")
        return ready
    match members:
        case {"id": str(errand_id), "progress": int() | float() as progress} if len(members) == 2:
            return Progress(id=errand_id, progress=float(progress))
        case {"id": str(errand_id), "done": done} if len(members) == 2:
            return Done(id=errand_id, outcome=_dataclass_from_json(Outcome, _object(done, "done"), "done"))
        case {"id": str(errand_id), "failed": failed} if len(members) == 2:
            return Failed(id=errand_id, failure=_dataclass_from_json(Failure, _object(failed, "failed"), "failed"))
    raise InvalidLine("not a reply: neither ready, progress, done nor failed")


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _parse(line: str) -> dict[str, Any]:
    try:
        return _object(json.loads(line), "line")
    except ValueError as problem:
        raise InvalidLine(f"not a JSON object: {problem}") from None


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidLine(f"{where} must be an object")
    return value


def _fields_to_json(value: Any) -> dict[str, Any]:
    return {part.name: _to_json(getattr(value, part.name)) for part in dataclasses.fields(value)}


def _to_json(value: Any) -> Any:
    kind = _PART_KINDS.get(type(value))
    return value if kind is None else {"kind": kind, **_fields_to_json(value)}


def _dataclass_from_json(of: type[Any], members: dict[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(of)
    if unknown := set(members) - set(hints):
        raise InvalidLine(f"{where}: unknown {', '.join(sorted(unknown))}")
    required = {part.name for part in dataclasses.fields(of) if _is_required(part)}
    if missing := required - set(members):
        raise InvalidLine(f"{where}: missing {', '.join(sorted(missing))}")
    return of(**{name: _from_json(hints[name], value, f"{where}.{name}") for name, value in members.items()})


def _is_required(part: dataclasses.Field[Any]) -> bool:
    return part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING


def _from_json(hint: Any, value: Any, where: str) -> Any:
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    for option in typing.get_args(hint) if is_union else (hint,):
        origin = typing.get_origin(option)
        if option in _PART_KINDS:
            if isinstance(value, dict) and value.get("kind") == _PART_KINDS[option]:
                return _dataclass_from_json(option, {k: v for k, v in value.items() if k != "kind"}, where)
        elif origin is Literal:
            if value in typing.get_args(option):
                return value
        elif option is float and type(value) in (int, float):
            return float(value)
        # The exact type, because True is an int and a number is never meant by it.
        elif type(value) is (origin or option):
            return value
    raise InvalidLine(f"{where}: not a valid value")
