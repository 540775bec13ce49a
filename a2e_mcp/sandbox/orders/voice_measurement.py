"""The pitch and loudness of a voice in recordings."""

from a2e_mcp.sandbox.protocol import Order, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class VoiceMeasurementOrder(Order, frozen=True, kw_only=True):
    """Measure the voice in some recordings."""

    sounds: tuple[str, ...]


def render(order: VoiceMeasurementOrder, rendering: Rendering) -> Outcome:
    """Answer the middle pitch, none when no voice is heard, and the loudness."""
    from a2e_mcp.sandbox.renderer.audio.voice_pitch import measure_voice

    return measure_voice(order.sounds)
