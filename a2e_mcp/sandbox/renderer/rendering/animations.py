"""Animated pictures, of which an order takes the first image: that is said, whatever is made of it."""

import os
from collections.abc import Iterator

from msgspec.structs import asdict, replace

from a2e_mcp.sandbox.protocol import Order, Outcome

_MAY_BE_ANIMATED = (b"GIF8", b"RIFF", b"\x89PNG")
_NOTE = "Of an animated picture only the first image is used."


def with_stills_named(outcome: Outcome, order: Order) -> Outcome:
    """What an order made, with a sentence about animated pictures that it was made from."""
    if outcome.media_kind is None or not hasattr(order, "output"):
        return outcome
    output = str(order.output)
    if not any(path != output and _is_animated(path) for path in _texts(asdict(order))):
        return outcome
    return replace(outcome, note=f"{outcome.note} {_NOTE}")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _texts(each)
    elif hasattr(value, "__struct_fields__"):
        yield from _texts([getattr(value, name) for name in value.__struct_fields__])


def _is_animated(path: str) -> bool:
    """Whether a path is that of a picture with more than one image."""
    if not os.path.isabs(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        if not file.read(4).startswith(_MAY_BE_ANIMATED):
            return False
    from PIL import Image

    try:
        with Image.open(path, formats=("GIF", "WEBP", "PNG")) as image:
            return bool(getattr(image, "is_animated", False))
    except (OSError, ValueError, SyntaxError):
        return False
