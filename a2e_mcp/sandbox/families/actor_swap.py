"""Actor swap: another person in a clip."""

from __future__ import annotations

from collections.abc import Sequence

from a2e_mcp.catalogue.models.actor_swap import ACTOR_SWAP
from a2e_mcp.sandbox.behaviour.model_jobs import Making, model_behaviour
from a2e_mcp.sandbox.orders.actor_swap import ActorSwapOrder
from a2e_mcp.sandbox.protocol import Order


def _with_actor(making: Making, outputs: Sequence[str], _: int) -> Order:
    return ActorSwapOrder(face=making.path("actor"), target=making.path("video"), output=outputs[0], **making.box)


BEHAVIOUR = model_behaviour(ACTOR_SWAP, {"actor_swap": _with_actor}, kinds={"actor": ("image",)})
