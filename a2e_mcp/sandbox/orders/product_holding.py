"""Product holding: a product placed before a person, with a soft shadow."""

from a2e_mcp.sandbox.protocol import Outcome, Rectangle, StillOrder
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class ProductHoldingOrder(StillOrder, frozen=True, kw_only=True):
    """Place a product before a person: into a rectangle of the person's picture, turned by degrees, or at the chest."""

    person: str
    product: str
    rectangle: Rectangle | None = None
    degrees: float = 0.0


def render(order: ProductHoldingOrder, rendering: Rendering) -> Outcome:
    """Place a product before a person."""
    from a2e_mcp.sandbox.renderer.vision.product_placer import place_product

    return place_product(
        order, rendering, person=order.person, product=order.product, rectangle=order.rectangle, degrees=order.degrees
    )
