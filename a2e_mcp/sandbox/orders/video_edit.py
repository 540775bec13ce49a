"""Video edit: every frame of a clip changed as a prompt asks, or a clip continued."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class VideoEditOrder(ClipOrder, frozen=True, kw_only=True):
    """Change a clip, or continue it for `more` seconds."""

    video: str
    prompt: str = ""
    more: float = 0.0


def render(order: VideoEditOrder, rendering: Rendering) -> Outcome:
    """Change or continue a clip."""
    from a2e_mcp.sandbox.renderer.clips.edited_clip import edit_clip, extend_clip

    return (
        extend_clip(order, rendering, video=order.video, seconds=order.more)
        if order.more
        else edit_clip(order, rendering, video=order.video, prompt=order.prompt)
    )
