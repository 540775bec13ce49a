"""Caption removal: burned-in text taken out of a clip."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome, Rectangle
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class CaptionRemovalOrder(ClipOrder, frozen=True, kw_only=True):
    """Take burned-in text out of a clip: what a detector finds, or what lies in `boxes` of the clip's own pixels."""

    video: str
    boxes: tuple[Rectangle, ...] = ()


def render(order: CaptionRemovalOrder, rendering: Rendering) -> Outcome:
    """Take the text out of a clip."""
    from a2e_mcp.sandbox.renderer.clips.caption_eraser import erase_captions

    return erase_captions(order, rendering, video=order.video, boxes=order.boxes)
