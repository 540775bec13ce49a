"""The wire protocol between the sandbox and its render worker: one JSON line per message.

Both sides import this package, so it needs nothing but the standard library and msgspec.
"""

from a2e_mcp.sandbox.protocol.order import ClipOrder, Order, StillOrder, encode_order, kind_of
from a2e_mcp.sandbox.protocol.parts import (
    ColourBackground,
    DrawnAvatar,
    Gender,
    MediaKind,
    PictureBackground,
    Placement,
    PortraitAvatar,
    Rectangle,
)
from a2e_mcp.sandbox.protocol.replies import (
    Done,
    Failed,
    FailureCode,
    Outcome,
    Progress,
    Ready,
    Reply,
    decode_reply,
    encode_reply,
)
from a2e_mcp.sandbox.protocol.requests import InvalidRequest, RenderRequest, decode_request, encode_request

__all__ = [
    "ClipOrder",
    "ColourBackground",
    "Done",
    "DrawnAvatar",
    "Failed",
    "FailureCode",
    "Gender",
    "InvalidRequest",
    "MediaKind",
    "Order",
    "Outcome",
    "PictureBackground",
    "Placement",
    "PortraitAvatar",
    "Progress",
    "Ready",
    "Rectangle",
    "RenderRequest",
    "Reply",
    "StillOrder",
    "decode_reply",
    "decode_request",
    "encode_order",
    "encode_reply",
    "encode_request",
    "kind_of",
]
