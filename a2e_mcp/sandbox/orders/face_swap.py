"""Face swap: one face laid onto those of a picture or a clip."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class FaceSwapOrder(ClipOrder, frozen=True, kw_only=True):
    """Put the face of one picture onto a picture or clip; `preview` asks for a still of a clip's middle."""

    face: str
    target: str
    preview: bool = False


def render(order: FaceSwapOrder, rendering: Rendering) -> Outcome:
    """Put a face onto a picture or a clip."""
    from a2e_mcp.sandbox.renderer.clips.swapped_clip import swap_face

    return swap_face(order, rendering, face=order.face, target=order.target, preview=order.preview)
