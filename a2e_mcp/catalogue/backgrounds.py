"""Background Matting and Replacement: stored pictures, and colours as A2E writes them."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, MenuEntry, Reply, Request
from a2e_mcp.catalogue.declaration.records import ById, Nothing, Opaque, Rows
from a2e_mcp.catalogue.declaration.values import Id, OneAddress, Text

_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,[^)]*)?\)")
_NAMED = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
    "red": (200, 40, 40),
    "green": (0, 177, 64),
    "blue": (30, 80, 180),
    "yellow": (245, 200, 60),
    "orange": (240, 140, 50),
    "purple": (120, 70, 170),
    "pink": (240, 160, 190),
    "teal": (20, 130, 130),
    "beige": (230, 215, 190),
}


class AddBackground(Request):
    """Store a picture as a background."""

    img_url: str


class Background(Reply):
    """A stored background."""

    id: Id = Field(validation_alias="_id")
    name: Text = None
    type: Text = None
    img_url: OneAddress = None


LIST_BACKGROUNDS = Capability(
    name="list_backgrounds",
    endpoint=Endpoint("POST", "/api/v1/custom_back/allBackground"),
    request=Nothing,
    reply=Rows[Background],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="List A2E's and the account's background pictures.",
    menu=MenuEntry(
        "Background Matting and Replacement", "Obtain the List of Background Images", tool="list_backgrounds"
    ),
)

LIST_OWN_BACKGROUNDS = Capability(
    name="list_custom_backgrounds",
    endpoint=Endpoint("POST", "/api/v1/custom_back/list"),
    request=Nothing,
    reply=Rows[Background],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List the account's own background pictures.",
)

ADD_BACKGROUND = Capability(
    name="add_custom_background",
    endpoint=Endpoint("POST", "/api/v1/custom_back/add"),
    request=AddBackground,
    reply=Rows[Background],
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Store a picture as a background.",
    menu=MenuEntry("Background Matting and Replacement", "Add Custom Background Image", tool="add_background"),
)

DELETE_BACKGROUND = Capability(
    name="delete_custom_background",
    endpoint=Endpoint("POST", "/api/v1/custom_back/del"),
    request=ById,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Delete an own background picture.",
    menu=MenuEntry("Background Matting and Replacement", "Delete Custom Image", tool="delete_background"),
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (
    LIST_BACKGROUNDS,
    LIST_OWN_BACKGROUNDS,
    ADD_BACKGROUND,
    DELETE_BACKGROUND,
)


def rgb(color: str) -> str | None:
    """A colour as A2E writes it, `rgb(r,g,b)`, from #rrggbb, rgb() or a common name; None when it is no colour."""
    text = color.strip().lower()
    if text in _NAMED:
        parts = _NAMED[text]
    elif match := _HEX.fullmatch(text):
        value = int(match[1], 16)
        parts = (value >> 16, value >> 8 & 255, value & 255)
    elif match := _RGB.fullmatch(text):
        parts = (int(match[1]), int(match[2]), int(match[3]))
    else:
        return None
    return f"rgb({parts[0]},{parts[1]},{parts[2]})" if max(parts) <= 255 else None
