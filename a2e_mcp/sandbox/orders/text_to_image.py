"""Text to image, as far as a sandbox goes: a picture drawn by rules, without an AI model."""

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class TextToImageOrder(StillOrder, frozen=True, kw_only=True):
    """Draw a picture for a prompt; the same prompt and index always give the same picture."""

    prompt: str
    index: int = 0
    width: int = 1024
    height: int = 1024


def render(order: TextToImageOrder, rendering: Rendering) -> Outcome:
    """Draw a picture for a prompt."""
    from a2e_mcp.sandbox.renderer.drawn.prompt_picture import draw_prompt

    return draw_prompt(order, rendering, prompt=order.prompt, index=order.index)
