"""Pictures by other models than A2E's own: the families behind `start_text_to_image` and `start_image_edit`.

Source: A2E's newest developer spec, which prints their answers empty; its menu had Nano Banana for a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a2e_mcp.catalogue.declaration.body_fields import BodyField, choice, flag, integer, model_choice, needed, text, urls
from a2e_mcp.catalogue.declaration.capability import Capability, Evidence
from a2e_mcp.catalogue.declaration.crud import ALL_APART, DETAIL_APART, DETAIL_APART_UNPAGED
from a2e_mcp.catalogue.models.family import PICTURES, ModelFamily, model_family

_EIGHT = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9")
# A2E ignores that its content check fired, unless this is sent.
_STOPS_AT_CONTENT: Mapping[str, Any] = {"force_generate": False}
_OBSERVED = Evidence.OBSERVED


def _picture_family(
    name: str, root: str, call: str, about: str, fields: Mapping[str, BodyField], **more: Any
) -> ModelFamily:
    wanted = {"name": needed(text()), "prompt": needed(text()), "input_images": urls(), **fields}
    return model_family(
        name, root, call, about, wanted, **{"results": PICTURES, "paths": DETAIL_APART, "typical_seconds": 60, **more}
    )


FAMILIES = (
    _picture_family(
        "nano_banana",
        "userNanoBanana",
        "nano_banana_image",
        "a picture by Nano Banana",
        {
            "model": model_choice("nano-banana-pro"),
            "aspect_ratio": choice(
                *("auto", "16:9", "1:1", "9:16", "4:3", "3:4", "2:3", "3:2", "4:5", "5:4", "21:9"), default="auto"
            ),
            "image_size": choice("1K", "2K", "4K", default="1K"),
            "google_search": flag(False),
            "force_generate": flag(True),
        },
        paths=ALL_APART,
        reply=_OBSERVED,
        always=_STOPS_AT_CONTENT,
    ),
    _picture_family(
        "gpt_image",
        "userGptImage",
        "gpt_image",
        "a picture by GPT Image",
        {
            "prompt": needed(text(3000)),
            "input_images": urls(16),
            "model": model_choice("gpt-image-1.5"),
            "aspect_ratio": choice(*("auto", "1:1", "9:16", "21:9", "16:9", "4:3", "3:2", "3:4", "2:3"), default="1:1"),
            "quality": choice("medium", "high", default="medium"),
            "resolution": choice("1K", "2K", "4K", default="1K"),
            "force_generate": flag(True),
        },
        reply=_OBSERVED,
        always=_STOPS_AT_CONTENT,
    ),
    _picture_family(
        "flux_image",
        "userFlux2",
        "flux2_image",
        "a picture by Flux 2",
        {
            "input_images": urls(8),
            "aspect_ratio": choice(
                *("1:1", "16:9", "9:16", "4:3", "3:4", "2:3", "3:2", "custom", "match_input_image"), default="9:16"
            ),
            "resolution": choice("1K", "2K", default="1K"),
            "force_generate": flag(True),
        },
        typical_seconds=40,
        always=_STOPS_AT_CONTENT,
    ),
    _picture_family(
        "qwen_image",
        "userQwen2Image",
        "qwen_image",
        "a picture by Qwen",
        {
            "model": model_choice("qwen-image-2.0"),
            "size": choice(
                *("1024*1024", "1328*880", "880*1328", "1152*864", "864*1152", "1280*720", "720*1280", "1512*648"),
                *("2048*2048", "2048*1365", "1365*2048", "2048*1536", "1536*2048", "2048*1152", "1152*2048"),
                default="1024*1024",
            ),
        },
        paths=DETAIL_APART_UNPAGED,
    ),
    _picture_family(
        "kling_image",
        "userKlingImage",
        "kling_image",
        "a picture by Kling",
        {
            "aspect_ratio": choice("1:1", "16:9", "9:16", "4:3", "3:4", "2:3", "3:2", "21:9", default="9:16"),
            "resolution": choice("1k", "2k", default="1k"),
            "n": integer(1, 9),
        },
        paths=DETAIL_APART_UNPAGED,
    ),
    _picture_family(
        "wan26_image",
        "userWan26Image",
        "wan26_image",
        "a picture by Wan 2.6",
        {
            "prompt": needed(text(2000)),
            "input_images": urls(4),
            "aspect_ratio": choice(*_EIGHT, default="1:1"),
            "negative_prompt": text(500),
            "prompt_extend": flag(True),
            "force_generate": flag(True),
        },
        always=_STOPS_AT_CONTENT,
    ),
    _picture_family(
        "wan27_image",
        "userWan27Image",
        "wan27_image",
        "a picture by Wan 2.7",
        {
            "prompt": needed(text(5000)),
            "model": model_choice("wan2.7-image"),
            "input_images": urls(9),
            "aspect_ratio": choice(*_EIGHT, default="1:1"),
            "force_generate": flag(True),
        },
        always=_STOPS_AT_CONTENT,
    ),
)
CAPABILITIES: tuple[Capability[Any, Any], ...] = tuple(call for family in FAMILIES for call in family.capabilities)
TOOLS = ()
