"""Text to video: a picture drawn for a prompt, over which the camera moves."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class TextToVideoOrder(ClipOrder, frozen=True, kw_only=True):
    """Make a clip for a prompt; the same prompt always gives the same clip."""

    prompt: str
    negative_prompt: str = ""
    seconds: float = 5.0
    sounds: bool = False


def render(order: TextToVideoOrder, rendering: Rendering) -> Outcome:
    """Make a clip for a prompt."""
    from a2e_mcp.sandbox.renderer.clips.prompt_clip import make_prompt_clip

    return make_prompt_clip(
        order,
        rendering,
        prompt=order.prompt,
        negative_prompt=order.negative_prompt,
        seconds=order.seconds,
        sounds=order.sounds,
    )
