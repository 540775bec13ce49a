"""The values that several kinds of order share."""

from typing import Literal, TypeAlias

import msgspec

Gender: TypeAlias = Literal["female", "male"]
MediaKind: TypeAlias = Literal["image", "video", "audio"]
MarkPosition: TypeAlias = Literal[
    "top_left", "top", "top_right", "left", "center", "right", "bottom_left", "bottom", "bottom_right"
]


class OrderPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A value inside an order; where one of several fits, `kind` tells which."""


class DrawnAvatar(OrderPart, frozen=True, kw_only=True, tag="drawn"):
    """A drawn person; the same seed and gender always give the same person."""

    seed: int
    gender: Gender


class PortraitAvatar(OrderPart, frozen=True, kw_only=True, tag="portrait"):
    """A person in a picture file."""

    image: str


class ColourBackground(OrderPart, frozen=True, kw_only=True, tag="colour"):
    """One flat colour, "#rrggbb"."""

    colour: str


class PictureBackground(OrderPart, frozen=True, kw_only=True, tag="picture"):
    """A picture file, cropped to fill the frame."""

    image: str


class Placement(OrderPart, frozen=True, kw_only=True, tag="placement"):
    """The box in the frame that an avatar is fitted into, standing on its lower edge."""

    x: int
    y: int
    width: int
    height: int


class Rectangle(OrderPart, frozen=True, kw_only=True, tag="rectangle"):
    """A rectangle in a picture's own pixels."""

    x: float
    y: float
    width: float
    height: float


class TextMark(OrderPart, frozen=True, kw_only=True, tag="text"):
    """One line of text to lay over media; `size` is the letters' size in the media's pixels."""

    text: str
    colour: str = "#ffffff"
    size: int = 48


class PictureMark(OrderPart, frozen=True, kw_only=True, tag="picture"):
    """A picture file to lay over media, pixel on pixel; transparent where it is transparent."""

    image: str
