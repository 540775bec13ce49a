"""The picture families whose models are rows: pictures from words, and pictures changed by words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from a2e_mcp.catalogue.models.picture_families import FAMILIES
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.model_jobs import Making, model_behaviour
from a2e_mcp.sandbox.orders.image_edit import ImageEditOrder
from a2e_mcp.sandbox.orders.text_to_image import TextToImageOrder
from a2e_mcp.sandbox.protocol import Order


def _drawn(making: Making, outputs: Sequence[str], index: int) -> Order:
    width, height = making.size
    pictures = [*making.media.get("image", []), *making.media.get("reference_images", [])]
    if pictures:
        first, *others = pictures
        return ImageEditOrder(
            image=str(first.path),
            others=len(others),
            prompt=making.prompt,
            output=outputs[0],
            width=width,
            height=height,
        )
    return TextToImageOrder(prompt=making.prompt, output=outputs[0], index=index, width=width, height=height)


BEHAVIOUR = reduce(or_, (model_behaviour(family, {"draw": _drawn}) for family in FAMILIES), Behaviour())
