"""Upscale: a picture or clip twice as large."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class UpscaleOrder(ClipOrder, frozen=True, kw_only=True):
    """Enlarge a picture or clip."""

    source: str


def render(order: UpscaleOrder, rendering: Rendering) -> Outcome:
    """Enlarge a picture or clip."""
    from a2e_mcp.sandbox.renderer.clips.enlargement import enlarge

    return enlarge(order, rendering, source=order.source)
