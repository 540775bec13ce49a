"""Head swap: another head in a picture or a clip."""

from __future__ import annotations

from collections.abc import Sequence

from a2e_mcp.catalogue.models.head_swap import HEAD_SWAP
from a2e_mcp.sandbox.behaviour.model_jobs import Making, model_behaviour
from a2e_mcp.sandbox.orders.head_swap import HeadSwapOrder
from a2e_mcp.sandbox.protocol import Order


def _with_head(making: Making, outputs: Sequence[str], _: int) -> Order:
    return HeadSwapOrder(face=making.path("head"), target=making.path("target"), output=outputs[0], **making.box)


BEHAVIOUR = model_behaviour(
    HEAD_SWAP, {"head_swap": _with_head}, kinds={"head": ("image",), "target": ("image", "video")}, remakes="target"
)
