"""A line sent to a worker: an id and an order.

The order stays as it came until its kind is known, since only the module of that kind can read it.
"""

import msgspec

from a2e_mcp.sandbox.protocol.order import Order


class InvalidRequest(ValueError):
    """A line or an order that is not well formed."""


class RenderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order that is not read yet."""

    id: str
    order: msgspec.Raw


def encode_request(request_id: str, order: Order | msgspec.Raw) -> bytes:
    """The line that asks a worker to carry out an order, which may be given as JSON."""
    return msgspec.json.encode({"id": request_id, "order": order}) + b"\n"


def decode_request(line: bytes | str) -> RenderRequest:
    """The request of a line.

    Raises InvalidRequest.
    """
    try:
        return msgspec.json.decode(line, type=RenderRequest)
    except ValueError as problem:
        raise InvalidRequest(str(problem)) from None
