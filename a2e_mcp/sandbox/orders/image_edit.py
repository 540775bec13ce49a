"""Image edit: a picture changed as a prompt asks, as far as rules can."""

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class ImageEditOrder(StillOrder, frozen=True, kw_only=True):
    """Change a picture; other pictures are counted, not used."""

    image: str
    others: int = 0
    prompt: str = ""


def render(order: ImageEditOrder, rendering: Rendering) -> Outcome:
    """Change a picture."""
    from a2e_mcp.sandbox.renderer.clips.edited_clip import edit_still

    return edit_still(order, rendering, image=order.image, others=order.others, prompt=order.prompt)
