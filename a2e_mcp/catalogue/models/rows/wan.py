"""The Wan models: clips from words, pictures, references and clips.

Source: A2E's newest developer spec; prices a second are those of one client's table. Sound is off unless asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a2e_mcp.catalogue.models.model import (
    Exclusion,
    Into,
    Mode,
    Model,
    PublishedPrice,
    Target,
    between,
    ratios_in,
    sent_in,
    spelt_in,
)

_CLIENT = "reported by one client"

_FIVE_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")

_AS_IT_COMES = {"auto": "adaptive"}

_FRAMES = ("prompt", "image", "end_image")

_ADULT = "adult content"

_WAN: Mapping[str, Target] = {
    "title": "name",
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "image": "image_url",
    "seconds": "duration",
    "sound": "audio",
    "audio": "audio_url",
    "seed": "seed",
}
_SOUNDS: Mapping[str, tuple[str, ...]] = {"audio": ("mp3", "wav")}
_WAN_SEEDS = (0, 2_147_483_647)
_WAN_SIZES = sent_in("resolution", "480p", "720p", "1080p")


def _wan(name: str, sent: str, about: str, credits: float, seconds: tuple[int, ...], **more: Any) -> Model:
    return Model(
        id=name,
        family="wan_video",
        about=about,
        modes={"image": Mode(needs=("prompt", "image"))},
        fields=_WAN,
        fixed={"model": sent, "task_type": "first_frame"},
        send={"audio": False},
        seconds=seconds,
        sound="off",
        seeds=_WAN_SEEDS,
        lengths={"audio": (3, 30)},
        formats=_SOUNDS,
        prices=(PublishedPrice(credits, _CLIENT, "720p"),),
        **{"resolutions": _WAN_SIZES, **more},
    )


def _wan26_reference(name: str, sent: str, about: str) -> Model:
    return Model(
        id=name,
        family="wan26_reference",
        about=about,
        modes={"reference": Mode(needs=("prompt", "reference_images or reference_videos"))},
        fields={
            "title": "name",
            "prompt": "prompt",
            "reference_images": Into("reference_urls"),
            "reference_videos": Into("reference_urls"),
            "seconds": "duration",
            "sound": "audio",
        },
        fixed={"model": sent},
        send={"audio": False},
        seconds=(5, 10),
        resolutions=sent_in("resolution", "720p", "1080p"),
        ratios=ratios_in("aspect_ratio", *_FIVE_RATIOS),
        together=5,
        sound="off",
        note="The references are called character1, character2 and so on in the prompt, pictures first.",
    )


def _wan30(name: str, sent: str, about: str) -> Model:
    return Model(
        id=name,
        family="wan30_video",
        about=about,
        modes={
            "text": Mode(fixed={"mode": "text-to-video"}),
            "image": Mode(fixed={"mode": "first-frame"}, needs=("prompt", "image")),
            "first_last": Mode(fixed={"mode": "first-last-frames"}, needs=_FRAMES),
            "reference": Mode(
                fixed={"mode": "reference"},
                needs=("prompt", _ANY_REFERENCE),
                fields={
                    "reference_images": Into("input.media", "reference_image"),
                    "reference_videos": Into("input.media", "reference_video"),
                    "reference_audios": Into("input.media", "reference_audio"),
                },
            ),
        },
        fields={
            "title": "name",
            "prompt": "input.prompt",
            "image": Into("input.media", "first_frame"),
            "end_image": Into("input.media", "last_frame"),
            "seconds": "parameters.duration",
            "sound": "parameters.audio",
            "seed": "parameters.seed",
        },
        fixed={"model": sent},
        send={"parameters.audio": False, "parameters.watermark": False},
        seconds=between(3, 30),
        seconds_as=int,
        resolutions=spelt_in("parameters.resolution", {"480p": "480P", "720p": "720P", "1080p": "1080P"}),
        ratios=ratios_in("parameters.ratio", "16:9", "4:3", "1:1", "3:4", "9:16", **_AS_IT_COMES),
        sound="off",
        seeds=_WAN_SEEDS,
        lengths={"reference_videos": (3, 15)},
        lengths_together={"reference_videos": 15},
        length_with_made=30,
        bills_input=15,
        note="A2E publishes no list of its jobs; that one can be asked about is observed in one client.",
    )


_ANY_REFERENCE = "reference_images or reference_videos or reference_audios"


def _spicy(name: str, sent: str, about: str, credits: float, **more: Any) -> Model:
    fields: dict[str, Target] = {
        "title": "name",
        "prompt": "prompt",
        "image": "image_url",
        "seconds": "duration",
        "seed": "seed",
    }
    return Model(
        id=name,
        family="wan_spicy",
        about=about,
        modes={"image": Mode(needs=("prompt", "image"))},
        fields=fields | more.pop("fields", {}),
        fixed={"model": sent},
        seconds_as=float,
        prices=(PublishedPrice(credits / 5, f"{_CLIENT}: {credits:g} credits for 5 s", "720p"),),
        restricted=_ADULT,
        **more,
    )


WAN_MODELS = (
    _wan("wan2.5", "wan2.5-i2v-preview", "sound as asked for", 15, (5, 10)),
    _wan("wan2.6", "wan2.6-i2v", "sound as asked for", 15, (5, 10, 15), plan="VIP or Max"),
    _wan(
        "wan2.6-flash",
        "wan2.6-i2v-flash",
        "cheap, sound as asked for",
        6,
        (5, 10, 15),
        resolutions=sent_in("resolution", "720p", "1080p"),
    ),
    Model(
        id="wan2.7",
        family="wan_video",
        about="frames, references, edits and extensions",
        modes={
            "text": Mode(fixed={"task_type": "text_to_video"}, drops=("audio",)),
            "image": Mode(fixed={"task_type": "first_frame"}, needs=("prompt", "image"), drops=("aspect_ratio",)),
            "first_last": Mode(
                fixed={"task_type": "first_last_frame"},
                needs=_FRAMES,
                fields={"end_image": "last_frame_url"},
                drops=("aspect_ratio",),
            ),
            "reference": Mode(
                fixed={"task_type": "reference_image"},
                needs=("prompt", "reference_images or reference_videos"),
                fields={
                    "reference_images": Into("reference_media", "reference_image"),
                    "reference_videos": Into("reference_media", "reference_video"),
                },
                drops=("audio",),
                seconds=between(2, 15),
            ),
            "extend": Mode(
                fixed={"task_type": "video_extend"},
                needs=("prompt", "video"),
                fields={"video": "first_clip_url"},
                drops=("aspect_ratio", "audio"),
            ),
            "edit": Mode(
                fixed={"task_type": "video_edit"},
                needs=("prompt", "video"),
                fields={"video": "edit_video_url", "reference_images": "reference_image_urls"},
                drops=("aspect_ratio", "audio"),
                seconds=between(5, 10),
                most={"reference_images": 3},
            ),
        },
        fields=_WAN,
        fixed={"model": "wan2.7-i2v"},
        send={"audio": False},
        seconds=(5, 10, 15),
        resolutions=_WAN_SIZES,
        ratios=ratios_in("ratio", *_FIVE_RATIOS),
        together=5,
        sound="off",
        seeds=_WAN_SEEDS,
        lengths={"audio": (3, 30)},
        formats=_SOUNDS,
        bills_input=5,
        excludes=tuple(
            Exclusion({"reference_videos": True, "seconds": seconds}, "with reference_videos it makes 2 to 10 seconds")
            for seconds in between(11, 15)
        ),
        plan="VIP or Max",
        prices=(PublishedPrice(24, _CLIENT, "720p"),),
    ),
    _wan26_reference("wan2.6-reference", "wan2.6-r2v", "people and things of references"),
    _wan26_reference("wan2.6-reference-flash", "wan2.6-r2v-flash", "the same, faster and cheaper"),
    _wan30("wan3.0", "wan3.0-video", "up to 30 seconds; 15 take about 14 minutes"),
    _wan30("wan3.0-prime", "wan3.0-video-prime", "up to 30 seconds, faster and dearer"),
    _spicy(
        "wan2.7-spicy",
        "wan2.7-i2v-spicy",
        _ADULT,
        250,
        fields={"negative_prompt": "negative_prompt", "audio": "audio_url"},
        formats=_SOUNDS,
        seconds=between(2, 15),
        resolutions=sent_in("resolution", "720p", "1080p"),
    ),
    _spicy(
        "wan2.2-spicy",
        "wan2.2-i2v-spicy",
        f"{_ADULT}, without sound",
        200,
        seconds=(5, 8),
        resolutions=sent_in("resolution", "480p", "720p"),
    ),
)
