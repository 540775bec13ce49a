"""The models that draw pictures, and edit those that they are given.

Source: A2E's newest developer spec, and public clients where a note says so. Sizes of a2e-image are those that A2E's
docs use; its prices, and those of Nano Banana, are reported by third parties.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a2e_mcp.catalogue.models.model import (
    Exclusion,
    Into,
    Mode,
    Model,
    ModeName,
    PublishedPrice,
    Target,
    Values,
    sent_in,
    spelt_in,
)

_DRAW: Mapping[ModeName, Mode] = {"draw": Mode()}
_PICTURES = Into("input_images")
_FIELDS: Mapping[str, Target] = {
    "title": "name",
    "prompt": "prompt",
    "image": _PICTURES,
    "reference_images": _PICTURES,
}
_WITHOUT_FORCE: Mapping[str, Any] = {"force_generate": False}
"""A2E ignores that its content check fired, unless this is sent."""

_EIGHT = sent_in("aspect_ratio", "1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9")
_ELEVEN = sent_in("aspect_ratio", "auto", "16:9", "1:1", "9:16", "4:3", "3:4", "2:3", "3:2", "4:5", "5:4", "21:9")
_LARGE = {"1k": "1K", "2k": "2K", "4k": "4K"}


def _pixels(width: int, height: int) -> Mapping[str, Any]:
    return {"width": width, "height": height}


def _nano_banana(name: str, about: str, sizes: Mapping[str, str], *prices: PublishedPrice, note: str = "") -> Model:
    return Model(
        id=name,
        family="nano_banana",
        about=about,
        modes=_DRAW,
        fields=_FIELDS,
        fixed={"model": name},
        send=_WITHOUT_FORCE,
        resolutions=spelt_in("image_size", sizes),
        ratios=_ELEVEN,
        most={"reference_images": 4},
        prices=prices,
        note=note,
    )


def _qwen(name: str, about: str, *, large: bool = False) -> Model:
    small = {
        "1:1": "1024*1024",
        "3:2": "1328*880",
        "2:3": "880*1328",
        "4:3": "1152*864",
        "3:4": "864*1152",
        "16:9": "1280*720",
        "9:16": "720*1280",
        "21:9": "1512*648",
    }
    larger = {
        "1:1": "2048*2048",
        "3:2": "2048*1365",
        "2:3": "1365*2048",
        "4:3": "2048*1536",
        "3:4": "1536*2048",
        "16:9": "2048*1152",
        "9:16": "1152*2048",
    }
    sizes: dict[str, Values] = {"1k": spelt_in("size", small)}
    if large:
        sizes["2k"] = spelt_in("size", larger)
    return Model(
        id=name,
        family="qwen_image",
        about=about,
        modes=_DRAW,
        fields=_FIELDS,
        fixed={"model": name},
        resolutions={size: {} for size in sizes},
        ratios=sizes["1k"],
        ratios_at=sizes,
        note="A2E does not say how many reference pictures it takes.",
    )


def _wan27(name: str, about: str) -> Model:
    return Model(
        id=name,
        family="wan27_image",
        about=about,
        modes=_DRAW,
        fields=_FIELDS,
        fixed={"model": name},
        send=_WITHOUT_FORCE,
        ratios=_EIGHT,
        most={"reference_images": 9},
    )


IMAGE_MODELS = (
    Model(
        id="a2e-image",
        also=("a2e",),
        family="text_to_image",
        about="A2E's own",
        modes=_DRAW,
        fields={**_FIELDS, "count": "max_images"},
        fixed={"model_type": "a2e"},
        send={"max_images": 1},
        ratios={
            "1:1": _pixels(1024, 1024),
            "16:9": _pixels(1280, 720),
            "9:16": _pixels(720, 1280),
            "4:3": _pixels(1024, 768),
            "3:4": _pixels(768, 1024),
        },
        most={"reference_images": 2, "count": 8},
        prices=(PublishedPrice(20, "10 to 20 credits a picture, reported by third parties"),),
    ),
    Model(
        id="seedream",
        family="text_to_image",
        about="many references, wide shapes",
        modes=_DRAW,
        fields={**_FIELDS, "count": "max_images"},
        fixed={"model_type": "seedream"},
        send={"max_images": 1},
        ratios=sent_in("aspect_ratio", "1:1", "4:3", "3:4", "16:9", "9:16", "2:3", "3:2", "21:9"),
        most={"reference_images": 10, "count": 8},
        prices=(PublishedPrice(20, "10 to 20 credits a picture, reported by third parties"),),
    ),
    _nano_banana(
        "nano-banana",
        "quick edits of pictures",
        {},
        PublishedPrice(20, "15 to 20 credits a picture, reported by third parties"),
    ),
    _nano_banana("nano-banana-pro", "careful edits and lettering, up to 4k", _LARGE),
    _nano_banana("nano-banana-2", "edits up to 4k", _LARGE),
    _nano_banana("nano-banana-2-lite", "small and quick", {"1k": "1K"}),
    Model(
        id="gpt-image-1.5",
        family="gpt_image",
        about="follows long prompts, many references",
        modes=_DRAW,
        fields=_FIELDS,
        fixed={"model": "gpt-image-1.5"},
        send={**_WITHOUT_FORCE, "quality": "medium"},
        ratios=sent_in("aspect_ratio", "1:1", "3:2", "2:3"),
        most={"reference_images": 16},
        prices=(PublishedPrice(20, "A2E: 20 credits in medium quality"),),
        note="A2E keeps its pictures for 3 days.",
    ),
    Model(
        id="gpt-image-1.5-high",
        family="gpt_image",
        about="the same in high quality",
        modes=_DRAW,
        fields=_FIELDS,
        fixed={"model": "gpt-image-1.5", "quality": "high"},
        send=_WITHOUT_FORCE,
        ratios=sent_in("aspect_ratio", "1:1", "3:2", "2:3"),
        most={"reference_images": 16},
        prices=(PublishedPrice(35, "A2E: 35 credits in high quality"),),
        note="A2E keeps its pictures for 3 days.",
    ),
    Model(
        id="gpt-image-2",
        family="gpt_image",
        about="follows long prompts, up to 4k",
        modes=_DRAW,
        fields=_FIELDS,
        fixed={"model": "gpt-image-2"},
        send=_WITHOUT_FORCE,
        resolutions=spelt_in("resolution", _LARGE),
        ratios=sent_in("aspect_ratio", "auto", "1:1", "9:16", "21:9", "16:9", "4:3", "3:2", "3:4", "2:3"),
        most={"reference_images": 16},
        excludes=(
            Exclusion({"aspect_ratio": "1:1", "resolution": "4k"}, "a square is at most 2k; give another aspect_ratio"),
            Exclusion({"aspect_ratio": "auto", "resolution": "2k"}, "aspect_ratio auto is 1k only"),
            Exclusion({"aspect_ratio": "auto", "resolution": "4k"}, "aspect_ratio auto is 1k only"),
        ),
        prices=tuple(
            PublishedPrice(credits, "A2E: 25, 35 and 45 credits in 1k, 2k and 4k", resolution)
            for resolution, credits in (("1k", 25), ("2k", 35), ("4k", 45))
        ),
        note="A2E keeps its pictures for 3 days.",
    ),
    Model(
        id="flux-2-pro",
        family="flux_image",
        about="photographic pictures",
        modes=_DRAW,
        fields=_FIELDS,
        send=_WITHOUT_FORCE,
        resolutions=spelt_in("resolution", {"1k": "1K", "2k": "2K"}),
        ratios={
            **sent_in("aspect_ratio", "1:1", "16:9", "9:16", "4:3", "3:4", "2:3", "3:2"),
            **spelt_in("aspect_ratio", {"auto": "match_input_image"}),
        },
        most={"reference_images": 8},
        excludes=(
            Exclusion(
                {"aspect_ratio": "auto", "image": False, "reference_images": False},
                "aspect_ratio auto needs a picture, whose shape it takes",
            ),
        ),
        note="A2E keeps its pictures for 7 days.",
    ),
    _qwen("qwen-image-2.0", "posters and lettering"),
    _qwen("qwen-image-2.0-pro", "posters and lettering, finer"),
    _qwen("qwen-image-3.0", "newer, posters and lettering"),
    _qwen("qwen-image-3.0-pro", "newer and finer, up to 2k", large=True),
    Model(
        id="kling-image-3.0",
        family="kling_image",
        about="up to nine pictures at once",
        modes=_DRAW,
        fields={**_FIELDS, "count": "n"},
        resolutions=sent_in("resolution", "1k", "2k"),
        ratios=sent_in("aspect_ratio", "1:1", "16:9", "9:16", "4:3", "3:4", "2:3", "3:2", "21:9"),
        most={"count": 9},
        note="A2E does not say how many reference pictures it takes.",
    ),
    Model(
        id="wan2.6-image",
        family="wan26_image",
        about="takes a negative prompt",
        modes=_DRAW,
        fields={**_FIELDS, "negative_prompt": "negative_prompt"},
        send=_WITHOUT_FORCE,
        ratios=_EIGHT,
        most={"reference_images": 4},
        note="The prompt has at most 2000 characters, the negative one 500.",
    ),
    _wan27("wan2.7-image", "many references"),
    _wan27("wan2.7-image-pro", "many references, finer"),
)
