"""Talking photos: a person in a photo speaks a sound, in their own picture."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class TalkingPhotoOrder(ClipOrder, frozen=True, kw_only=True):
    """Let a photo speak an audio file; the prompts are noted and not used."""

    image: str
    audio: str
    prompt: str = ""
    negative_prompt: str = ""
    fps: int = 25


def render(order: TalkingPhotoOrder, rendering: Rendering) -> Outcome:
    """Let a photo speak."""
    from a2e_mcp.sandbox.renderer.clips.talking_photo_clip import make_talking_photo

    return make_talking_photo(
        order,
        rendering,
        image=order.image,
        audio=order.audio,
        prompt=order.prompt,
        negative_prompt=order.negative_prompt,
    )
