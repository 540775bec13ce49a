"""Clip sound: sounds made for a clip."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class ClipSoundOrder(ClipOrder, frozen=True, kw_only=True):
    """Make sounds for a clip; the same prompt and seed always give the same sounds."""

    video: str
    prompt: str = ""
    seed: int = 0


def render(order: ClipSoundOrder, rendering: Rendering) -> Outcome:
    """Make sounds for a clip."""
    from a2e_mcp.sandbox.renderer.clips.edited_clip import add_sound

    return add_sound(order, rendering, video=order.video, prompt=order.prompt, seed=order.seed)
