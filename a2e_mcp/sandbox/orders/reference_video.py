"""Reference video: references shown one after another."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class ReferenceVideoOrder(ClipOrder, frozen=True, kw_only=True):
    """Make a clip of pictures, clips and sounds."""

    references: tuple[str, ...]
    prompt: str = ""
    seconds: float = 5.0
    sounds: bool = False


def render(order: ReferenceVideoOrder, rendering: Rendering) -> Outcome:
    """Make a clip of references."""
    from a2e_mcp.sandbox.renderer.clips.references_clip import show_references

    return show_references(
        order,
        rendering,
        references=order.references,
        prompt=order.prompt,
        seconds=order.seconds,
        sound=order.sounds,
    )
