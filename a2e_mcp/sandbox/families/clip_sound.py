"""Clip sound: sounds for a silent clip."""

from __future__ import annotations

from collections.abc import Sequence

from a2e_mcp.catalogue.models.clip_sound import CLIP_SOUND
from a2e_mcp.sandbox.behaviour.model_jobs import Making, model_behaviour
from a2e_mcp.sandbox.orders.clip_sound import ClipSoundOrder
from a2e_mcp.sandbox.protocol import Order


def _with_sound(making: Making, outputs: Sequence[str], _: int) -> Order:
    seed = making.asked.values.get("seed", 0)
    return ClipSoundOrder(video=making.path("video"), prompt=making.prompt, seed=seed, output=outputs[0], **making.box)


BEHAVIOUR = model_behaviour(CLIP_SOUND, {"clip_sound": _with_sound})
