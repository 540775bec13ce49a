"""The other models that make clips: A2E's own, HappyHorse, Seedance, Veo, Grok, Hailuo and MiniMax.

Source: A2E's newest developer spec, and A2E's docs for its own. Watermarks are off, and so is sound where it costs.
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
    between,
    ratios_in,
    sent_in,
    spelt_in,
)

_FIVE_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")

_SIX_RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")

_AS_IT_COMES = {"auto": "adaptive"}

_ANY_REFERENCE = "reference_images or reference_videos or reference_audios"
_SEEDS = (0, 2_147_483_647)
_FRAMES = ("prompt", "image", "end_image")

_A2E: Mapping[str, Target] = {
    "title": "name",
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "image": "image_url",
    "end_image": "end_image_url",
    "seconds": "video_time",
    "count": "number_of_images",
}
_DOCS_PRICE = PublishedPrice(20, "A2E docs, March 2025: 100 credits for 5 s")


def _a2e(name: str, about: str, *prices: PublishedPrice, sounds: bool = True) -> Model:
    return Model(
        id=name,
        family="image_to_video",
        about=about,
        modes={
            "image": Mode(fixed={"model_type": "GENERAL"}, needs=("image",)),
            "first_last": Mode(fixed={"model_type": "FLF2V"}, needs=("image", "end_image")),
        },
        fields=_A2E,
        fixed={"model_version": name},
        send={"number_of_images": 1},
        seconds=(5, 10, 15, 20),
        seconds_as=int,
        most={"count": 8},
        sound="always" if sounds else "none",
        prices=prices,
    )


_HAPPYHORSE: Mapping[str, Target] = {
    "title": "name",
    "prompt": "prompt",
    "image": "image_url",
    "reference_images": "reference_image_urls",
    "seconds": "duration",
    "seed": "seed",
}
_HAPPYHORSE_MODES: Mapping[ModeName, Mode] = {
    "text": Mode(fixed={"mode": "t2v"}),
    "image": Mode(fixed={"mode": "i2v"}, needs=("image",), drops=("aspect_ratio",)),
    "reference": Mode(fixed={"mode": "r2v"}, needs=("prompt", "reference_images")),
}


def _seedance2(
    name: str,
    sent: str,
    about: str,
    sizes: tuple[str, ...],
    *,
    longest: int = 15,
    references: tuple[int, int, int] = (9, 3, 3),
    **more: Any,
) -> Model:
    return Model(
        id=name,
        family="seedance2",
        about=about,
        fields={
            "title": "name",
            "prompt": "prompt",
            "seconds": "duration",
            "sound": "generate_audio",
        },
        fixed={"model_version": sent},
        seconds=between(4, longest),
        seconds_as=int,
        resolutions=sent_in("resolution", *sizes),
        ratios=ratios_in("aspect_ratio", *_SIX_RATIOS, **_AS_IT_COMES),
        most=dict(zip(("reference_images", "reference_videos", "reference_audios"), references, strict=True)),
        sound="on",
        send={"generate_audio": True},
        formats={"reference_videos": ("mp4", "mov"), "video": ("mp4", "mov"), "reference_audios": ("mp3", "wav")},
        note="Sound is included in the price.",
        **{"modes": _SEEDANCE2_MODES, "bills_input": 15, **_SEEDANCE20_LENGTHS, **more},
    )


_SEEDANCE2_REFERENCES: Mapping[str, Target] = {
    "reference_images": "reference_urls",
    "reference_videos": "video_urls",
    "reference_audios": "audio_urls",
    "input_seconds": "input_video_duration",
}
_SEEDANCE2_CLIP: Mapping[str, Target] = {**_SEEDANCE2_REFERENCES, "video": Into("video_urls")}
_SEEDANCE2_MODES: Mapping[ModeName, Mode] = {
    "text": Mode(fixed={"mode": "text-to-video"}),
    "image": Mode(fixed={"mode": "image-to-video"}, needs=("prompt", "image"), fields={"image": "image_url"}),
    "first_last": Mode(
        fixed={"mode": "first-last-frames"},
        needs=_FRAMES,
        fields={"image": "first_frame_url", "end_image": "last_frame_url"},
    ),
    # Sounds alone are for 2.5 only.
    "reference": Mode(
        fixed={"mode": "reference"},
        needs=("prompt", "reference_images or reference_videos"),
        fields=_SEEDANCE2_REFERENCES,
    ),
}
_SEEDANCE20_LENGTHS: Mapping[str, Any] = {
    "lengths": {"reference_videos": (2, 15), "reference_audios": (2, 15)},
    "lengths_together": {"reference_audios": 15},
}


_OMNI: Mapping[str, Any] = {"mode": "reference", "aspect_ratio": "adaptive"}


def _veo(name: str, sent: str, about: str) -> Model:
    return Model(
        id=name,
        family="veo",
        about=about,
        modes={
            "text": Mode(fixed={"generationType": "TEXT_2_VIDEO"}),
            "image": Mode(
                fixed={"generationType": "FIRST_AND_LAST_FRAMES_2_VIDEO"},
                needs=("prompt", "image"),
                fields={"image": Into("imageUrls"), "end_image": Into("imageUrls")},
            ),
            "reference": Mode(
                fixed={"generationType": "REFERENCE_2_VIDEO"},
                needs=("prompt", "reference_images"),
                fields={"reference_images": Into("imageUrls")},
            ),
        },
        fields={"title": "name", "prompt": "prompt", "seed": "seeds"},
        fixed={"model": sent},
        ratios=ratios_in("aspectRatio", "16:9", "9:16", auto="Auto"),
        most={"reference_images": 3},
        seeds=(10_000, 99_999),
        note="Its length cannot be chosen; clients see 8 s.",
    )


def _grok(name: str, about: str, sent: str, modes: Mapping[ModeName, Mode], ratios: Values, **send: object) -> Model:
    return Model(
        id=name,
        family="grok",
        about=about,
        modes=modes,
        fields={"title": "name", "prompt": "prompt", "image": "image_url", "seconds": "duration"},
        fixed={"model_version": sent},
        send={"mode": "normal", **send},
        seconds=(6, 10, 15),
        ratios=ratios,
    )


_GROK_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")


CLIP_MODELS = (
    _a2e("a2e", "A2E's own, good with faces", _DOCS_PRICE, sounds=False),
    _a2e("a2e-v2", "dearer, makes its own sound"),
    _a2e("a2e-v2-flash", "costs what a2e does, makes its own sound", _DOCS_PRICE),
    Model(
        id="happyhorse-1.0",
        family="happyhorse",
        about="references and edits of clips",
        modes={
            **_HAPPYHORSE_MODES,
            "edit": Mode(
                fixed={"mode": "video-edit"},
                needs=("prompt", "video"),
                fields={"video": "edit_video_url", "input_seconds": "input_video_seconds"},
                drops=("seconds", "aspect_ratio"),
                most={"reference_images": 5},
            ),
        },
        fields=_HAPPYHORSE,
        fixed={"model_version": "1.0"},
        send={"watermark": False},
        seconds=(5, 10, 15),
        resolutions=spelt_in("resolution", {"720p": "720P", "1080p": "1080P"}),
        ratios=sent_in("ratio", *_FIVE_RATIOS),
        most={"reference_images": 9},
        seeds=_SEEDS,
    ),
    Model(
        id="happyhorse-1.1",
        family="happyhorse",
        about="unusual shapes, references",
        modes=_HAPPYHORSE_MODES,
        fields=_HAPPYHORSE,
        fixed={"model_version": "1.1"},
        send={"watermark": False},
        seconds=between(3, 15),
        resolutions=spelt_in("resolution", {"480p": "480P", "720p": "720P", "1080p": "1080P"}),
        ratios=sent_in("ratio", *_FIVE_RATIOS, "4:5", "5:4", "9:21", "21:9"),
        most={"reference_images": 9},
        seeds=_SEEDS,
    ),
    Model(
        id="seedance-1.5",
        family="seedance15",
        about="simple clips, sound as asked for",
        modes={
            "text": Mode(fixed={"mode": "text-to-video"}),
            "image": Mode(fixed={"mode": "image-to-video"}, needs=("prompt", "image"), fields={"image": "image_url"}),
            "first_last": Mode(
                fixed={"mode": "image-to-video"},
                needs=_FRAMES,
                fields={"image": "image_url", "end_image": "end_image_url"},
            ),
        },
        fields={"title": "name", "prompt": "prompt", "seconds": "duration", "sound": "generate_audio"},
        send={"generate_audio": False},
        seconds=(5, 10),
        resolutions=sent_in("resolution", "480p", "720p"),
        ratios=sent_in("aspect_ratio", "16:9", "9:16", "1:1"),
        sound="off",
        note="Its jobs are found in the account's list only.",
    ),
    _seedance2("seedance-2.0-mini", "mini", "the cheapest of Seedance 2", ("480p", "720p")),
    _seedance2("seedance-2.0-fast", "fast", "faster Seedance 2", ("480p", "720p")),
    _seedance2("seedance-2.0", "standard", "Seedance 2 up to 4k", ("480p", "720p", "1080p", "4k")),
    _seedance2(
        "seedance-2.5",
        "2.5",
        "up to 30 seconds, edits and extensions",
        ("480p", "720p", "1080p"),
        longest=30,
        references=(30, 10, 10),
        lengths={"video": (0, 30)},
        lengths_together={"reference_videos": 30},
        bills_input=30,
        modes={
            **_SEEDANCE2_MODES,
            "reference": Mode(
                fixed={"mode": "reference"}, needs=("prompt", _ANY_REFERENCE), fields=_SEEDANCE2_REFERENCES
            ),
            "extend": Mode(
                fixed={**_OMNI, "omni_reference_task_type": "extend"},
                needs=("prompt", "video"),
                fields=_SEEDANCE2_CLIP,
                drops=("aspect_ratio", "reference_videos"),
            ),
            "edit": Mode(
                fixed={**_OMNI, "omni_reference_task_type": "edit", "duration": -1},
                needs=("prompt", "video"),
                fields=_SEEDANCE2_CLIP,
                drops=("aspect_ratio", "seconds", "reference_videos"),
            ),
        },
    ),
    _veo("veo-3.1-fast", "veo3_fast", "lifelike clips, faster"),
    _veo("veo-3.1", "veo3", "lifelike clips"),
    _grok(
        "grok-legacy",
        "lively clips",
        "legacy",
        {
            "text": Mode(fixed={"model_type": "text-to-video"}, ratios=sent_in("aspect_ratio", "1:1", "16:9", "9:16")),
            "image": Mode(fixed={"model_type": "image-to-video"}, needs=("image",)),
        },
        sent_in("aspect_ratio", *_GROK_RATIOS),
    ),
    _grok(
        "grok-1.5",
        "lively clips from a picture",
        "1.5",
        {"image": Mode(fixed={"model_type": "image-to-video"}, needs=("image",))},
        sent_in("aspect_ratio", "auto", *_GROK_RATIOS),
        nsfw_checker=True,
    ),
    Model(
        id="hailuo",
        family="hailuo",
        about="from a picture",
        modes={"image": Mode(needs=("prompt", "image"))},
        fields={"title": "name", "prompt": "prompt", "image": "image_url", "seconds": "duration"},
        seconds=(6, 10),
        resolutions=spelt_in("resolution", {"768p": "768P", "1080p": "1080P"}),
        excludes=(Exclusion({"resolution": "1080p", "seconds": 10}, "1080p is possible for 6 seconds only"),),
    ),
    Model(
        id="minimax-h3",
        family="minimax_h3",
        about="frames and mixed references, up to 2k",
        modes={
            "text": Mode(fixed={"mode": "text-to-video"}, ratios=sent_in("aspect_ratio", *_SIX_RATIOS)),
            "image": Mode(
                fixed={"mode": "image-to-video"},
                needs=("prompt", "image"),
                fields={"image": "first_frame_url", "end_image": "last_frame_url"},
                drops=("aspect_ratio",),
            ),
            "reference": Mode(
                fixed={"mode": "reference-to-video"},
                needs=("prompt", _ANY_REFERENCE),
                fields={
                    "reference_images": "reference_image_urls",
                    "reference_videos": "reference_video_urls",
                    "reference_audios": "reference_audio_urls",
                },
            ),
        },
        fields={"title": "name", "prompt": "prompt", "seconds": "duration"},
        seconds=between(4, 15),
        resolutions=spelt_in("resolution", {"768p": "768P", "2k": "2K"}),
        ratios=ratios_in("aspect_ratio", *_SIX_RATIOS, **_AS_IT_COMES),
    ),
)
