"""Upscale: a larger picture or clip."""

from __future__ import annotations

from collections.abc import Sequence

from a2e_mcp.catalogue.models.upscale import UPSCALE
from a2e_mcp.sandbox.behaviour.model_jobs import Making, model_behaviour
from a2e_mcp.sandbox.orders.upscale import UpscaleOrder
from a2e_mcp.sandbox.protocol import Order


def _larger(making: Making, outputs: Sequence[str], _: int) -> Order:
    return UpscaleOrder(source=making.path("source"), output=outputs[0], **making.box)


BEHAVIOUR = model_behaviour(UPSCALE, {"upscale": _larger}, kinds={"source": ("image", "video")}, remakes="source")
