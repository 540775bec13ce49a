"""Speech: an MP3, and a track of the mouth and the words beside it."""

from a2e_mcp.sandbox.protocol import Order, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class SpeechOrder(Order, frozen=True, kw_only=True):
    """Speak plain text into an MP3 at `output`, with mouth and word times as JSON at `track`."""

    text: str
    voice: str
    output: str
    track: str
    speed: float = 1.0
    pitch: int | None = None


def render(order: SpeechOrder, rendering: Rendering) -> Outcome:
    """Speak a text."""
    from a2e_mcp.sandbox.renderer.audio.spoken_text import speak_text

    return speak_text(
        rendering,
        text=order.text,
        voice=order.voice,
        speed=order.speed,
        pitch=order.pitch,
        output=order.output,
        track=order.track,
    )
