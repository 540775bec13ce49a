"""The families that make clips: where their calls are, and the fields of their starts.

Source: A2E's newest developer spec, which prints their answers empty, and public clients for what is observed.
"""

from __future__ import annotations

from collections.abc import Mapping

from a2e_mcp.catalogue.declaration.body_fields import (
    BodyField,
    choice,
    flag,
    integer,
    model_choice,
    needed,
    number,
    part,
    parts_list,
    text,
    url,
    urls,
)
from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Evidence
from a2e_mcp.catalogue.declaration.crud import standard_calls
from a2e_mcp.catalogue.declaration.records import COMMON_STATES
from a2e_mcp.catalogue.models.family import CLIP, ModelFamily, model_family, model_start

_TO_15 = tuple(str(seconds) for seconds in range(2, 16))
_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")
_SIX = ("adaptive", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
_SIZES = ("480p", "720p", "1080p")
_UPPER_SIZES = ("480P", "720P", "1080P")
_SEED = integer(0, 2_147_483_647)
_OBSERVED = Evidence.OBSERVED

_SEEDANCE15: Mapping[str, BodyField] = {
    "name": text(),
    "mode": choice("text-to-video", "image-to-video", default="text-to-video"),
    "prompt": needed(text()),
    "image_url": url(),
    "end_image_url": url(),
    "duration": choice("5", "10", default="5"),
    "aspect_ratio": choice("16:9", "9:16", "1:1", default="16:9"),
    "resolution": choice("480p", "720p", default="720p"),
    "camera_fixed": flag(False),
    "generate_audio": flag(False),
}
_WAN30: Mapping[str, BodyField] = {
    "name": text(),
    "model": needed(model_choice("wan3.0-video")),
    "mode": choice("text-to-video", "first-frame", "first-last-frames", "reference", default="text-to-video"),
    "input": needed(
        part(
            prompt=text(5000),
            media=parts_list(
                type=choice(
                    *("reference_image", "reference_video", "reference_audio", "first_frame", "last_frame"),
                    *("file", "link"),
                ),
                url=url(),
                duration=number(),
            ),
        )
    ),
    "parameters": needed(
        part(
            resolution=choice(*_UPPER_SIZES, default="1080P"),
            ratio=choice("adaptive", "16:9", "4:3", "1:1", "3:4", "9:16", default="adaptive"),
            duration=integer(-1, 30, default=5),
            audio=flag(True),
            prompt_extend=flag(False),
            seed=_SEED,
            watermark=flag(False),
        )
    ),
}


def _listed_only() -> ModelFamily:
    """Seedance 1.5: A2E has a list, and no call for one job."""
    calls = standard_calls(
        "seedance15_video", "seedance15_videos", "/api/v1/seedanceVideo", what="a clip by Seedance 1.5", batch=False
    )
    about = "a clip by Seedance 1.5"
    return ModelFamily(
        name="seedance15",
        about=about,
        start=model_start("seedance15", "/api/v1/seedanceVideo", "seedance15_video", about, _SEEDANCE15),
        detail=None,
        listing=calls.listing,
        states=COMMON_STATES,
        results=CLIP,
        polled="list",
        recovery="by_name",
        typical_seconds=300,
        delete_note="A2E has no call to delete a Seedance 1.5 clip; it expires after a few days",
        listed_when_used=True,
        fields=_SEEDANCE15,
    )


def _unlisted() -> ModelFamily:
    """Wan 3.0: A2E publishes the start alone; that one job can be asked about is observed in one client."""
    about = "a clip by Wan 3.0"
    calls = standard_calls("wan30_video", "wan30_videos", "/api/v1/userWan30", what=about, detail=Evidence.INFERRED)
    return ModelFamily(
        name="wan30_video",
        about=about,
        start=model_start("wan30_video", "/api/v1/userWan30", "wan30_video", about, _WAN30),
        detail=Capability(
            name=calls.detail.name,
            endpoint=calls.detail.endpoint,
            request=calls.detail.request,
            reply=calls.detail.reply,
            effect=Effect.READS,
            evidence=Evidence.OBSERVED,
            reply_evidence=Evidence.INFERRED,
            about=calls.detail.about,
        ),
        states=COMMON_STATES,
        results=CLIP,
        polled="each",
        recovery="never",
        typical_seconds=840,
        delete_note="A2E publishes no call to delete a Wan 3.0 clip; it expires after a few days",
        fields=_WAN30,
    )


VIDEO_FAMILIES = (
    model_family(
        "wan_video",
        "userWan25",
        "wan_video",
        "a clip by Wan",
        {
            "name": text(),
            "image_url": url(),
            "prompt": needed(text()),
            "negative_prompt": text(),
            "duration": choice(*_TO_15, default="5"),
            "resolution": choice(*_SIZES, default="720p"),
            "ratio": choice(*_RATIOS, default="16:9"),
            "enable_prompt_expansion": flag(False),
            "multi_shots": flag(False),
            "model": model_choice("wan2.5-i2v-preview"),
            "task_type": choice(
                *("text_to_video", "first_frame", "first_last_frame", "reference_image", "video_extend", "video_edit"),
                default="first_frame",
            ),
            "last_frame_url": url(),
            "first_clip_url": url(),
            "edit_video_url": url(),
            "reference_image_urls": urls(),
            "reference_media": parts_list(
                5, type=choice("reference_image", "reference_video"), url=url(), duration=number()
            ),
            "seed": _SEED,
            "audio": flag(True),
            "audio_url": url(),
        },
        reply=_OBSERVED,
    ),
    model_family(
        "wan26_reference",
        "userWan26R2V",
        "wan26_reference_video",
        "a clip by Wan 2.6 with references",
        {
            "model": model_choice("wan2.6-r2v-flash"),
            "name": text(),
            "reference_urls": needed(urls(5)),
            "prompt": needed(text()),
            "duration": choice("5", "10", default="5"),
            "resolution": choice("720p", "1080p", default="720p"),
            "aspect_ratio": choice(*_RATIOS, default="16:9"),
            "shot_type": choice("single", "multi", default="single"),
            "audio": flag(True),
        },
    ),
    _unlisted(),
    model_family(
        "wan_spicy",
        "userWanSpicy",
        "wan_spicy_video",
        "a clip by Wan Spicy",
        {
            "model": model_choice("wan2.7-i2v-spicy"),
            "name": text(),
            "prompt": needed(text()),
            "negative_prompt": text(),
            "image_url": needed(url()),
            "audio_url": url(),
            "resolution": needed(choice(*_SIZES)),
            "duration": needed(number(2, 15)),
            "prompt_extend": flag(True),
            "seed": integer(),
        },
        reply=_OBSERVED,
    ),
    model_family(
        "happyhorse",
        "userHappyhorseVideo",
        "happyhorse_video",
        "a clip by HappyHorse",
        {
            "mode": needed(choice("t2v", "i2v", "r2v", "video-edit")),
            "name": text(),
            "model_version": model_choice("1.0"),
            "prompt": text(),
            "image_url": url(),
            "reference_image_urls": urls(9),
            "edit_video_url": url(),
            "input_video_seconds": number(),
            "duration": choice(*_TO_15[1:], default="5"),
            "resolution": choice(*_UPPER_SIZES, default="720P"),
            "ratio": choice(*_RATIOS, "4:5", "5:4", "9:21", "21:9", default="16:9"),
            "audio_setting": choice("auto", "origin", default="auto"),
            "seed": _SEED,
            "watermark": flag(True),
        },
    ),
    _listed_only(),
    model_family(
        "seedance2",
        "seedance2Video",
        "seedance2_video",
        "a clip by Seedance 2",
        {
            "name": text(),
            "mode": choice(
                *("text-to-video", "image-to-video", "first-last-frames", "reference"), default="text-to-video"
            ),
            "model_version": model_choice("standard"),
            "omni_reference_task_type": choice("reference", "edit", "extend"),
            "prompt": needed(text()),
            "image_url": url(),
            "first_frame_url": url(),
            "last_frame_url": url(),
            "reference_urls": urls(30),
            "video_urls": urls(10),
            "audio_urls": urls(10),
            "input_video_duration": number(2, 45.5),
            "duration": integer(-1, 30, default=5),
            "aspect_ratio": choice(*_SIX, default="16:9"),
            "resolution": choice("480p", "720p", "1080p", "4k", default="720p"),
            "generate_audio": flag(True),
        },
    ),
    model_family(
        "veo",
        "veoVideo",
        "veo_video",
        "a clip by Veo",
        {
            "name": text(),
            "prompt": needed(text()),
            "generationType": choice(
                *("TEXT_2_VIDEO", "FIRST_AND_LAST_FRAMES_2_VIDEO", "REFERENCE_2_VIDEO"), default="TEXT_2_VIDEO"
            ),
            "imageUrls": urls(3),
            "model": model_choice("veo3_fast"),
            "aspectRatio": choice("16:9", "9:16", "Auto", default="Auto"),
            "watermark": text(),
            "seeds": integer(10_000, 99_999),
        },
    ),
    model_family(
        "grok",
        "grokVideo",
        "grok_video",
        "a clip by Grok",
        {
            "name": text(),
            "model_type": choice("text-to-video", "image-to-video", default="text-to-video"),
            "model_version": model_choice("legacy"),
            "prompt": text(),
            "mode": choice("fun", "normal", "spicy", default="normal"),
            "image_urls": urls(),
            "image_url": url(first_of="image_urls"),
            "aspect_ratio": choice("auto", "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", default="16:9"),
            "duration": choice("6", "10", "15", default="6"),
            "nsfw_checker": flag(False),
        },
        always={"mode": "normal", "nsfw_checker": True},
    ),
    model_family(
        "kling_video",
        "klingVideo",
        "kling_video",
        "a clip by Kling",
        {
            "name": text(),
            "mode": needed(choice("text-to-video", "image-to-video", "motion-control")),
            "prompt": needed(text()),
            "version": model_choice("2.6"),
            "model_version": choice("standard", "fast", default="standard"),
            "resolution": choice("720p", "1080p", default="720p"),
            "quality_mode": choice("std", "pro", "4k", default="std"),
            "duration": choice(*_TO_15[1:], default="5"),
            "image_url": url(),
            "video_url": url(),
            "aspect_ratio": choice("16:9", "9:16", "1:1", default="16:9"),
            "sound": flag(False),
            "end_image_url": url(),
            "character_orientation": choice("video", "image", default="video"),
            "negative_prompt": text(),
            "seed": integer(),
        },
    ),
    model_family(
        "kling_omni",
        "klingOmni",
        "kling_omni_video",
        "a clip by Kling Omni",
        {
            "name": text(),
            "prompt": text(),
            "image_list": urls(7),
            "mode": choice("std", "pro", default="std"),
            "duration": choice(*_TO_15[1:], default="5"),
            "aspect_ratio": choice("16:9", "9:16", "1:1", default="16:9"),
            "sound": flag(False),
            "multi_shot": flag(False),
            "shot_type": choice("intelligence", "customize"),
            "multi_prompt": parts_list(6, prompt=needed(text(512)), duration=needed(text())),
        },
    ),
    model_family(
        "sora",
        "soraVideo",
        "sora_video",
        "a clip by Sora 2 Pro",
        {
            "name": text(),
            "model_type": choice("text-to-video", "image-to-video", default="image-to-video"),
            "prompt": needed(text()),
            "image_urls": urls(),
            "aspect_ratio": choice("portrait", "landscape", default="landscape"),
            "duration_seconds": choice("5", "10", "15", default="5"),
            "quality": choice("standard", "high", default="standard"),
        },
    ),
    model_family(
        "hailuo",
        "hailuoVideo",
        "hailuo_video",
        "a clip by Hailuo",
        {
            "name": text(),
            "prompt": text(),
            "image_urls": urls(),
            "image_url": url(first_of="image_urls"),
            "resolution": choice("768P", "1080P", default="768P"),
            "duration": choice("6", "10", default="6"),
        },
        batch=False,
    ),
    model_family(
        "minimax_h3",
        "minimaxH3Video",
        "minimax_h3_video",
        "a clip by MiniMax H3",
        {
            "name": text(),
            "mode": choice("text-to-video", "image-to-video", "reference-to-video", default="text-to-video"),
            "prompt": needed(text()),
            "first_frame_url": url(),
            "last_frame_url": url(),
            "reference_image_urls": urls(),
            "reference_video_urls": urls(),
            "reference_audio_urls": urls(),
            "resolution": choice("768P", "2K", default="2K"),
            "duration": choice(*_TO_15[2:], default="12"),
            "aspect_ratio": choice(*_SIX, default="adaptive"),
        },
    ),
    model_family(
        "motion_transfer",
        "motionTransfer",
        "motion_transfer",
        "a picture that moves like a clip",
        {
            "name": text(),
            "image_url": needed(url()),
            "video_url": needed(url()),
            "positive_prompt": text(),
            "negative_prompt": text(),
        },
    ),
)
