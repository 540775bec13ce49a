"""What every order has: a kind, and for what it makes, a file and a size.

Paths are absolute strings, sizes are pixels, lengths are seconds, colours are "#rrggbb".
"""

import re

import msgspec


def _kind(class_name: str) -> str:
    """`avatar_video` for AvatarVideoOrder."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name.removesuffix("Order")).lower()


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag=_kind):
    """What a render worker is asked for; its kind is its class's name and the module that renders it."""


class StillOrder(Order, frozen=True, kw_only=True):
    """An order for a picture; `width` x `height` is its size, or a box that a remade picture fits into."""

    output: str
    width: int = 1280
    height: int = 1280


class ClipOrder(StillOrder, frozen=True, kw_only=True):
    """An order for a clip, or for a picture where its source is one."""

    fps: int = 30


def kind_of(order: Order) -> str:
    """The kind of an order."""
    return str(order.__struct_config__.tag)


def encode_order(order: Order) -> bytes:
    """An order as JSON."""
    return msgspec.json.encode(order)
