"""Avatar training, as far as a sandbox goes: a portrait is cut out and shown moving; nothing is trained."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class AvatarTrainingOrder(ClipOrder, frozen=True, kw_only=True):
    """Cut a `portrait` out of a picture or a video, and show at `output` how it will move."""

    source: str
    portrait: str
    minimum_seconds: float = 10.0
    width: int = 720
    height: int = 720
    fps: int = 25


def render(order: AvatarTrainingOrder, rendering: Rendering) -> Outcome:
    """Cut a portrait out of the source, and show it moving."""
    from a2e_mcp.sandbox.renderer.clips.portrait_preview import preview_training

    return preview_training(
        order, rendering, source=order.source, portrait=order.portrait, minimum_seconds=order.minimum_seconds
    )
