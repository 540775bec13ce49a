"""The language of a text."""

from a2e_mcp.sandbox.protocol import Order, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class TextLanguageOrder(Order, frozen=True, kw_only=True):
    """Say which of the known languages, by their codes, a text is most likely in."""

    text: str
    known: tuple[str, ...]


def render(order: TextLanguageOrder, rendering: Rendering) -> Outcome:
    """Answer which of the known languages a text is most likely in."""
    import py3langid

    py3langid.set_languages(list(order.known))
    code, _score = py3langid.classify(order.text)
    return Outcome(note=f"Most likely {code}.", language=str(code))
