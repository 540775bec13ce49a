"""Lip-sync training, as far as a sandbox goes: a portrait goes through its mouth shapes; nothing is trained."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class LipSyncTrainingOrder(ClipOrder, frozen=True, kw_only=True):
    """Show a portrait going through its mouth shapes, each named in a caption."""

    portrait: str
    width: int = 720
    height: int = 720
    fps: int = 25


def render(order: LipSyncTrainingOrder, rendering: Rendering) -> Outcome:
    """Show a portrait going through the mouth shapes of speech."""
    from a2e_mcp.sandbox.renderer.clips.portrait_preview import preview_lip_sync

    return preview_lip_sync(order, rendering, portrait=order.portrait)
