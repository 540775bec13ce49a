"""Watermarks: a text or a picture laid over a picture or a clip."""

from a2e_mcp.sandbox.protocol import ClipOrder, MarkPosition, Outcome, PictureMark, TextMark
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class WatermarkOrder(ClipOrder, frozen=True, kw_only=True):
    """Lay a text or a picture over a picture or a clip; `opacity` is 0 to 1, `scale` multiplies the mark's size."""

    source: str
    mark: TextMark | PictureMark
    position: MarkPosition = "bottom_right"
    opacity: float = 0.8
    scale: float = 1.0
    width: int = 1920
    height: int = 1920


def render(order: WatermarkOrder, rendering: Rendering) -> Outcome:
    """Lay a mark over a picture or a clip."""
    from a2e_mcp.sandbox.renderer.clips.overlay import lay_watermark

    return lay_watermark(
        order,
        rendering,
        source=order.source,
        mark=order.mark,
        position=order.position,
        opacity=order.opacity,
        scale=order.scale,
    )
