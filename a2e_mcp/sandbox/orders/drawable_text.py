"""Whether a text can be drawn here."""

from a2e_mcp.sandbox.protocol import Order, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering


class DrawableTextOrder(Order, frozen=True, kw_only=True):
    """Refuse a text that no font here has the letters of."""

    text: str


def render(order: DrawableTextOrder, rendering: Rendering) -> Outcome:
    """Say that a text can be drawn. Raises OrderRefused, naming its scripts, where it cannot."""
    from a2e_mcp.sandbox.renderer.pictures.text_sprites import can_draw, drawable, scripts_without_font

    shown = drawable(order.text)
    if not shown:
        raise OrderRefused("invalid_order", "No font here can draw any sign of the text.")
    if not can_draw(shown):
        scripts = " and ".join(scripts_without_font(shown))
        raise OrderRefused("invalid_order", f"No font here has {scripts} letters; install one, such as Noto Sans.")
    return Outcome(note="It can be drawn.")
