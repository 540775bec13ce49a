"""The Kling models, and Sora 2 Pro, which A2E runs on Kling.

Source: A2E's newest developer spec, which prints no prices. Sound is off unless asked for.
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
    Target,
    Values,
    between,
    quality_in,
    sent_in,
    spelt_in,
)

_KLING: Mapping[str, Target] = {
    "title": "name",
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "image": "image_url",
    "end_image": "end_image_url",
    "seconds": "duration",
    "sound": "sound",
    "seed": "seed",
}
_KLING_MODES: Mapping[ModeName, Mode] = {
    "text": Mode(fixed={"mode": "text-to-video"}, drops=("end_image",)),
    "image": Mode(fixed={"mode": "image-to-video"}, needs=("prompt", "image"), drops=("aspect_ratio",)),
}
_WITH_LAST = "end_image needs resolution 1080p"
_LAST_IN_720 = Exclusion({"end_image": True, "resolution": "720p"}, _WITH_LAST)


def _kling(
    name: str, about: str, fixed: Mapping[str, Any], seconds: tuple[int, ...], sizes: Values, *excludes: Exclusion
) -> Model:
    return Model(
        id=name,
        family="kling_video",
        about=about,
        modes=_KLING_MODES,
        fields=_KLING,
        fixed=fixed,
        send={"sound": False},
        seconds=seconds,
        resolutions=sizes,
        ratios=sent_in("aspect_ratio", "16:9", "9:16", "1:1"),
        sound="off",
        excludes=excludes,
    )


def _kling_motion(version: str) -> Model:
    return Model(
        id=f"kling-motion-{version}",
        family="kling_video",
        about=f"the movement of a clip, by Kling {version}",
        modes={"motion": Mode(needs=("prompt", "image", "video"))},
        fields={"title": "name", "prompt": "prompt", "image": "image_url", "video": "video_url"},
        fixed={"version": version, "mode": "motion-control"},
        send={"character_orientation": "video"},
        resolutions=quality_in("quality_mode", p720="std", p1080="pro"),
        lengths={"video": (3, 30)},
    )


KLING_MODELS = (
    _kling(
        "kling-2.6",
        "sound and last picture in 1080p",
        {"version": "2.6"},
        (5, 10),
        quality_in("quality_mode", p720="std", p1080="pro"),
        _LAST_IN_720,
        Exclusion({"sound": True, "resolution": "720p"}, "sound needs resolution 1080p"),
        Exclusion({"sound": True, "end_image": True}, "sound and end_image do not go together"),
    ),
    _kling(
        "kling-3.0",
        "up to 4k, sound as asked for",
        {"version": "3.0", "model_version": "standard"},
        between(3, 15),
        {**quality_in("quality_mode", p720="std", p1080="pro"), "4k": {"quality_mode": "4k"}},
        _LAST_IN_720,
        Exclusion({"end_image": True, "resolution": "4k"}, _WITH_LAST),
    ),
    _kling(
        "kling-3.0-fast",
        "faster, sound as asked for",
        {"version": "3.0", "model_version": "fast"},
        between(3, 15),
        sent_in("resolution", "720p", "1080p"),
        Exclusion({"end_image": True}, "a last picture needs kling-3.0 or kling-2.6"),
    ),
    Model(
        id="kling-omni",
        family="kling_omni",
        about="clips with up to seven reference pictures",
        modes={
            "text": Mode(),
            "reference": Mode(needs=("prompt", "reference_images"), fields={"reference_images": "image_list"}),
        },
        fields={"title": "name", "prompt": "prompt", "seconds": "duration", "sound": "sound"},
        send={"sound": False, "multi_shot": False},
        seconds=between(3, 15),
        resolutions=quality_in("mode", p720="std", p1080="pro"),
        ratios=sent_in("aspect_ratio", "16:9", "9:16", "1:1"),
        most={"reference_images": 7},
        formats={"reference_images": ("jpg", "png")},
        sound="off",
        note="The pictures are called <<<image_1>>>, <<<image_2>>> and so on in the prompt.",
    ),
    Model(
        id="sora-2-pro",
        family="sora",
        about="run by Kling 3.0, in spite of its name",
        modes={
            "text": Mode(fixed={"model_type": "text-to-video"}),
            "image": Mode(
                fixed={"model_type": "image-to-video"},
                needs=("prompt", "image"),
                fields={"image": Into("image_urls")},
            ),
        },
        fields={"title": "name", "prompt": "prompt", "seconds": "duration_seconds"},
        seconds=(5, 10, 15),
        resolutions=quality_in("quality", p720="standard", p1080="high"),
        ratios=spelt_in("aspect_ratio", {"16:9": "landscape", "9:16": "portrait"}),
        note="The sizes in pixels are not published.",
    ),
    _kling_motion("2.6"),
    _kling_motion("3.0"),
)
