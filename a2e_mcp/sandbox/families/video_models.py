"""The video families whose models are rows: clips from words, pictures and references, and clips edited or moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from a2e_mcp.catalogue.models.clip_tools import FAMILIES
from a2e_mcp.catalogue.models.model import ModeName
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.model_jobs import Maker, Making, model_behaviour
from a2e_mcp.sandbox.orders.image_to_video import ImageToVideoOrder
from a2e_mcp.sandbox.orders.motion_transfer import MotionTransferOrder
from a2e_mcp.sandbox.orders.reference_video import ReferenceVideoOrder
from a2e_mcp.sandbox.orders.text_to_video import TextToVideoOrder
from a2e_mcp.sandbox.orders.video_edit import VideoEditOrder
from a2e_mcp.sandbox.protocol import Order


def _from_words(making: Making, outputs: Sequence[str], _: int) -> Order:
    return TextToVideoOrder(
        prompt=making.prompt,
        negative_prompt=making.asked.text("negative_prompt"),
        output=outputs[0],
        seconds=making.seconds,
        sounds=making.has_sound,
        **making.frame,
    )


def _from_frames(making: Making, outputs: Sequence[str], _: int) -> Order:
    end, audio = making.first("end_image"), making.first("audio")
    return ImageToVideoOrder(
        image=making.path("image"),
        end_image=None if end is None else str(end.path),
        audio=None if audio is None else str(audio.path),
        prompt=making.prompt,
        negative_prompt=making.asked.text("negative_prompt"),
        output=outputs[0],
        seconds=making.seconds,
        sounds=making.has_sound,
        **making.frame,
    )


def _from_references(making: Making, outputs: Sequence[str], _: int) -> Order:
    names = ("reference_images", "reference_videos", "reference_audios")
    found = [str(file.path) for name in names for file in making.media.get(name, ())]
    return ReferenceVideoOrder(
        references=tuple(found),
        prompt=making.prompt,
        output=outputs[0],
        seconds=making.seconds,
        sounds=making.has_sound,
        **making.frame,
    )


def _edited(making: Making, outputs: Sequence[str], _: int) -> Order:
    more = making.seconds if making.asked.mode == "extend" else 0.0
    return VideoEditOrder(video=making.path("video"), prompt=making.prompt, more=more, output=outputs[0], **making.box)


def _moved(making: Making, outputs: Sequence[str], _: int) -> Order:
    return MotionTransferOrder(image=making.path("image"), video=making.path("video"), output=outputs[0], **making.box)


_MAKERS: Mapping[ModeName, Maker] = {
    "text": _from_words,
    "image": _from_frames,
    "first_last": _from_frames,
    "reference": _from_references,
    "edit": _edited,
    "extend": _edited,
    "motion": _moved,
}

BEHAVIOUR = reduce(or_, (model_behaviour(family, _MAKERS) for family in FAMILIES), Behaviour())
