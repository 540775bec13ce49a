"""The orders of the render worker: one module per kind, with its fields and its `render`.

The service builds orders and the worker carries them out, so a module imports nothing heavy before `render` is called.
"""

import importlib
import pkgutil
from types import ModuleType

import msgspec

from a2e_mcp.sandbox.protocol import InvalidRequest, Order, Outcome, kind_of
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class _Kind(msgspec.Struct):
    kind: str


def kinds() -> list[str]:
    """The kinds of order."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def order_type(kind: str) -> type[Order]:
    """The type of the orders of a kind."""
    name = "".join(word.capitalize() for word in kind.split("_")) + "Order"
    found: type[Order] = getattr(_module(kind), name)
    return found


def decode_order(order: msgspec.Raw | bytes) -> Order:
    """An order from its JSON, checked to its last field.

    Raises InvalidRequest.
    """
    try:
        kind = msgspec.json.decode(order, type=_Kind).kind
        # Looked up, not just imported: the word comes from outside.
        if kind not in (known := kinds()):
            raise InvalidRequest(f"unknown kind of order {kind[:40]!r}; known are {', '.join(known)}")
        return msgspec.json.decode(order, type=order_type(kind))
    except msgspec.MsgspecError as problem:
        raise InvalidRequest(f"not a valid order: {problem}") from None


def render(order: Order, rendering: Rendering) -> Outcome:
    """Carry out an order.

    Raises OrderRefused, and ImportError when a package is missing.
    """
    outcome: Outcome = _module(kind_of(order)).render(order, rendering)
    return outcome


def _module(kind: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{kind}")
