"""Motion transfer: a picture bent by the movement of a clip."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class MotionTransferOrder(ClipOrder, frozen=True, kw_only=True):
    """Move a picture as a clip moves."""

    image: str
    video: str


def render(order: MotionTransferOrder, rendering: Rendering) -> Outcome:
    """Move a picture."""
    from a2e_mcp.sandbox.renderer.clips.moved_picture import move_picture

    return move_picture(order, rendering, image=order.image, video=order.video)
