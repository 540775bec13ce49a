"""What orders are made of: the values that several kinds of order share."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Gender: TypeAlias = Literal["female", "male"]
MediaKind: TypeAlias = Literal["image", "video", "audio"]


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
class Rectangle:
    """A rectangle in a picture's own pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMark:
    """One line of text to lay over media; `size` is the letters' size in the media's pixels."""

    text: str
    colour: str = "#ffffff"
    size: int = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureMark:
    """A picture file to lay over media, pixel on pixel; see-through where it is see-through."""

    image: str


# Nested values that could be one of several things say which one in their own "kind".
PART_KINDS: dict[type[Any], str] = {
    DrawnAvatar: "drawn",
    PortraitAvatar: "portrait",
    ColourBackground: "colour",
    PictureBackground: "picture",
    Placement: "placement",
    Rectangle: "rectangle",
    TextMark: "text",
    PictureMark: "picture",
}
