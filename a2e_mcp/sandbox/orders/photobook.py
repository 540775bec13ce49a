"""Photobook: a person cut out of a photo, before drawn places."""

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class PhotobookOrder(StillOrder, frozen=True, kw_only=True):
    """Make a picture for `output` and for each of the `more`."""

    face: str
    place: str = ""
    more: tuple[str, ...] = ()


def render(order: PhotobookOrder, rendering: Rendering) -> Outcome:
    """Make the photos."""
    from a2e_mcp.sandbox.renderer.clips.photo_series import make_photo_series

    return make_photo_series(order, rendering, face=order.face, place=order.place, outputs=(order.output, *order.more))
