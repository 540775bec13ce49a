"""Dubbing: the speech of a clip or a sound spoken over in another voice."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class DubbingOrder(ClipOrder, frozen=True, kw_only=True):
    """Speak over a clip or a sound in another voice; the output is MP4 for a clip and MP3 for a sound."""

    source: str
    voice: str
    script: str | None = None


def render(order: DubbingOrder, rendering: Rendering) -> Outcome:
    """Speak over a clip or a sound."""
    from a2e_mcp.sandbox.renderer.clips.dubber import dub

    return dub(order, rendering, source=order.source, voice=order.voice, script=order.script)
