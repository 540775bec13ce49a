"""Actor swap, as far as the sandbox goes: the face alone is swapped."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class ActorSwapOrder(ClipOrder, frozen=True, kw_only=True):
    """Put the person of a picture into a picture or clip."""

    face: str
    target: str


def render(order: ActorSwapOrder, rendering: Rendering) -> Outcome:
    """Swap the face."""
    import msgspec

    from a2e_mcp.sandbox.renderer.clips.swapped_clip import swap_face

    made = swap_face(order, rendering, face=order.face, target=order.target, preview=False)

    return msgspec.structs.replace(
        made, note=f"A stand-in: only the face is swapped, not the whole person. {made.note}"
    )
