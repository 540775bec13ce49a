"""The beginning of a sound, or silence."""

from a2e_mcp.sandbox.protocol import Order, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering


class SoundExcerptOrder(Order, frozen=True, kw_only=True):
    """Write the first seconds of a sound, or silence without one, as an MP3 file."""

    seconds: float
    output: str
    source: str | None = None


def render(order: SoundExcerptOrder, rendering: Rendering) -> Outcome:
    """Write the beginning of a sound, or that much silence."""
    from a2e_mcp.sandbox.renderer.audio.sound import read_sound, silence, write_mp3

    sound = silence(order.seconds) if order.source is None else read_sound(order.source)
    if sound is None:
        raise OrderRefused("no_sound", "The file holds no sound.")
    beginning = sound.first(order.seconds)
    write_mp3(beginning, order.output, rendering)
    return Outcome(note="The beginning of the sound.", seconds=beginning.seconds)
