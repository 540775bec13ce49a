"""Photobook: photos of a person in a place, all in one job."""

from __future__ import annotations

from collections.abc import Sequence

from a2e_mcp.catalogue.models.photobook import PHOTOBOOK
from a2e_mcp.sandbox.behaviour.model_jobs import Making, model_behaviour
from a2e_mcp.sandbox.orders.photobook import PhotobookOrder
from a2e_mcp.sandbox.protocol import Order


def _photobook(making: Making, outputs: Sequence[str], _: int) -> Order:
    first, *more = outputs
    side = making.quality.short_side
    return PhotobookOrder(
        face=making.path("face"),
        place=making.asked.text("place").strip(),
        output=first,
        more=tuple(more),
        width=round(side * 3 / 4) // 2 * 2,
        height=side,
    )


BEHAVIOUR = model_behaviour(PHOTOBOOK, {"photobook": _photobook}, kinds={"face": ("image",)}, at_once=True)
