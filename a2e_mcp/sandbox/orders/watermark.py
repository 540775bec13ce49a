"""Watermarks: a text or a picture laid over a picture or a clip."""

from typing import Literal, TypeAlias

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.protocol.parts import OrderPart
from a2e_mcp.sandbox.renderer.core.render import Rendering

MarkPosition: TypeAlias = Literal[
    "top_left", "top", "top_right", "left", "center", "right", "bottom_left", "bottom", "bottom_right"
]


class TextMark(OrderPart, frozen=True, kw_only=True, tag="text"):
    """One line of text to lay over media; `size` is the letters' size in the media's pixels."""

    text: str
    colour: str = "#ffffff"
    size: int = 48


class PictureMark(OrderPart, frozen=True, kw_only=True, tag="picture"):
    """A picture file to lay over media, pixel on pixel; transparent where it is transparent."""

    image: str


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

    return lay_watermark(order, rendering)
