"""Virtual try-on: a garment's picture laid onto a person's clothes."""

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class VirtualTryOnOrder(StillOrder, frozen=True, kw_only=True):
    """Dress a person in a garment; masks are pictures, white where the clothes are to go and where the garment is."""

    person: str
    garment: str
    person_mask: str | None = None
    garment_mask: str | None = None


def render(order: VirtualTryOnOrder, rendering: Rendering) -> Outcome:
    """Dress a person in a garment."""
    from a2e_mcp.sandbox.renderer.vision.garment_fitter import fit_garment

    return fit_garment(
        order,
        rendering,
        person=order.person,
        garment=order.garment,
        person_mask=order.person_mask,
        garment_mask=order.garment_mask,
    )
