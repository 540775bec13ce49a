"""The wire protocol between the sandbox and its render worker: one JSON line per message.

Both sides import this package, so it needs nothing but the standard library and msgspec.
"""

from a2e_mcp.sandbox.protocol.order import ClipOrder, Order, StillOrder, encode_order, kind_of
from a2e_mcp.sandbox.protocol.parts import (
    ColourBackground,
    DrawnAvatar,
    Gender,
    MarkPosition,
    MediaKind,
    PictureBackground,
    PictureMark,
    Placement,
    PortraitAvatar,
    Rectangle,
    TextMark,
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
    "MarkPosition",
    "MediaKind",
    "Order",
    "Outcome",
    "PictureBackground",
    "PictureMark",
    "Placement",
    "PortraitAvatar",
    "Progress",
    "Ready",
    "Rectangle",
    "RenderRequest",
    "Reply",
    "StillOrder",
    "TextMark",
    "decode_reply",
    "decode_request",
    "encode_order",
    "encode_reply",
    "encode_request",
    "kind_of",
]
