"""Every family whose models are rows: checked, charged and rendered by what the rows say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import count
from operator import or_
from typing import Any

from a2e_mcp import catalogue
from a2e_mcp.catalogue.capability import Request
from a2e_mcp.catalogue.model_families import ModelFamily
from a2e_mcp.catalogue.model_requests import price_of, seconds_of
from a2e_mcp.catalogue.models import ModeName
from a2e_mcp.sandbox.assets.media_inputs import MediaFile
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour, JobStart, PriceAlone, job_behaviour
from a2e_mcp.sandbox.behaviour.model_requests import Asked, asked, upstream_objection
from a2e_mcp.sandbox.behaviour.plans import JobPlan
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, RenderQuality, Service
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.jobs.view import View
from a2e_mcp.sandbox.magic_words import without_magic
from a2e_mcp.sandbox.orders.actor_swap import ActorSwapOrder
from a2e_mcp.sandbox.orders.clip_sound import ClipSoundOrder
from a2e_mcp.sandbox.orders.head_swap import HeadSwapOrder
from a2e_mcp.sandbox.orders.image_edit import ImageEditOrder
from a2e_mcp.sandbox.orders.image_to_video import ImageToVideoOrder
from a2e_mcp.sandbox.orders.motion_transfer import MotionTransferOrder
from a2e_mcp.sandbox.orders.photobook import PhotobookOrder
from a2e_mcp.sandbox.orders.reference_video import ReferenceVideoOrder
from a2e_mcp.sandbox.orders.text_to_image import TextToImageOrder
from a2e_mcp.sandbox.orders.text_to_video import TextToVideoOrder
from a2e_mcp.sandbox.orders.upscale import UpscaleOrder
from a2e_mcp.sandbox.orders.video_edit import VideoEditOrder
from a2e_mcp.sandbox.protocol import MediaKind, Order
from a2e_mcp.sandbox.store import Record

_PRICE_OF_A_SECOND = 10.0
_PRICE_OF_AN_ITEM = 15.0
"""Credits where nothing is published; the sandbox has to charge something."""
_SECONDS_WITHOUT_CHOICE = 8
_LONGEST_DRAWN = 4000
_PICTURES = "image_urls"

_KINDS: Mapping[str, tuple[MediaKind, ...]] = {
    "image": ("image",),
    "end_image": ("image",),
    "reference_images": ("image",),
    "reference_videos": ("video",),
    "reference_audios": ("audio",),
    "video": ("video",),
    "audio": ("audio",),
    "source": ("image", "video"),
    "head": ("image",),
    "target": ("image", "video"),
    "actor": ("image",),
    "face": ("image",),
}


@dataclass(frozen=True, slots=True)
class _Making:
    """One start as its order is made of it: what is asked, its files by argument, and how large it is rendered."""

    asked: Asked
    media: Mapping[str, list[MediaFile]]
    size: tuple[int, int]
    quality: RenderQuality
    seconds: float

    def path(self, name: str) -> str:
        """The file of an argument."""
        return str(self.media[name][0].path)

    def first(self, name: str) -> MediaFile | None:
        """The file of an argument, if it was given."""
        found = self.media.get(name)
        return found[0] if found else None

    @property
    def prompt(self) -> str:
        """The words, without those that only the sandbox reads."""
        return without_magic(self.asked.text("prompt"))[:_LONGEST_DRAWN]

    @property
    def box(self) -> dict[str, int]:
        """The box that something remade is fitted into."""
        return {"width": self.quality.long_side, "height": self.quality.long_side, "fps": self.quality.fps}

    @property
    def frame(self) -> dict[str, int]:
        """The size of something new."""
        return {"width": self.size[0], "height": self.size[1], "fps": self.quality.fps}


_Maker = Callable[[_Making, str, int], Order]


def _drawn(making: _Making, output: str, index: int) -> Order:
    width, height = making.size
    pictures = [*making.media.get("image", []), *making.media.get("reference_images", [])]
    if pictures:
        first, *others = pictures
        return ImageEditOrder(
            image=str(first.path),
            others=len(others),
            prompt=making.prompt,
            output=output,
            width=width,
            height=height,
        )
    return TextToImageOrder(prompt=making.prompt, output=output, index=index, width=width, height=height)


def _from_words(making: _Making, output: str, _: int) -> Order:
    return TextToVideoOrder(
        prompt=making.prompt,
        negative_prompt=making.asked.text("negative_prompt"),
        output=output,
        seconds=making.seconds,
        sounds=_has_sound(making),
        **making.frame,
    )


def _from_frames(making: _Making, output: str, _: int) -> Order:
    end, audio = making.first("end_image"), making.first("audio")
    return ImageToVideoOrder(
        image=making.path("image"),
        end_image=None if end is None else str(end.path),
        audio=None if audio is None else str(audio.path),
        prompt=making.prompt,
        negative_prompt=making.asked.text("negative_prompt"),
        output=output,
        seconds=making.seconds,
        sounds=_has_sound(making),
        **making.frame,
    )


def _from_references(making: _Making, output: str, _: int) -> Order:
    names = ("reference_images", "reference_videos", "reference_audios")
    found = [str(file.path) for name in names for file in making.media.get(name, ())]
    return ReferenceVideoOrder(
        references=tuple(found),
        prompt=making.prompt,
        output=output,
        seconds=making.seconds,
        sounds=_has_sound(making),
        **making.frame,
    )


def _edited(making: _Making, output: str, _: int) -> Order:
    more = making.seconds if making.asked.mode == "extend" else 0.0
    return VideoEditOrder(video=making.path("video"), prompt=making.prompt, more=more, output=output, **making.box)


def _moved(making: _Making, output: str, _: int) -> Order:
    return MotionTransferOrder(image=making.path("image"), video=making.path("video"), output=output, **making.box)


def _larger(making: _Making, output: str, _: int) -> Order:
    return UpscaleOrder(source=making.path("source"), output=output, **making.box)


def _with_head(making: _Making, output: str, _: int) -> Order:
    return HeadSwapOrder(face=making.path("head"), target=making.path("target"), output=output, **making.box)


def _with_actor(making: _Making, output: str, _: int) -> Order:
    return ActorSwapOrder(face=making.path("actor"), target=making.path("video"), output=output, **making.box)


def _with_sound(making: _Making, output: str, _: int) -> Order:
    seed = making.asked.values.get("seed", 0)
    return ClipSoundOrder(video=making.path("video"), prompt=making.prompt, seed=seed, output=output, **making.box)


_MAKERS: Mapping[ModeName, _Maker] = {
    "draw": _drawn,
    "text": _from_words,
    "image": _from_frames,
    "first_last": _from_frames,
    "reference": _from_references,
    "edit": _edited,
    "extend": _edited,
    "motion": _moved,
    "upscale": _larger,
    "head_swap": _with_head,
    "actor_swap": _with_actor,
    "clip_sound": _with_sound,
}


def _has_sound(making: _Making) -> bool:
    return making.asked.model.sound == "always" or making.asked.values.get("sound") is True


def _behaviour(family: ModelFamily) -> Behaviour:
    makes_pictures = _PICTURES in family.results
    records = (
        RecordFamily(family.name, results=(), show=_show_pictures) if makes_pictures else RecordFamily(family.name)
    )

    async def plan(service: Service, request: Request) -> JobPlan:
        found = asked(family.name, family.fields, _sent(request))
        making = await _making(service, found)
        # A2E takes what its provider cannot make: the job fails later, and is refunded.
        objection = upstream_objection(found)
        traits = frozenset({f"refused {objection}"}) if objection else frozenset()
        times = _times(found)
        indices = count()
        keeps = found.mode == "photobook"
        suffix = _suffix(making)

        def make() -> NewJob:
            keys = [service.files.new_key(suffix) for _ in range(times if keeps else 1)]
            paths = [str(service.files.path(key)) for key in keys]
            order = _photobook(making, paths) if keeps else _MAKERS[found.mode](making, paths[0], next(indices))
            names = (_PICTURES if number == 0 else f"{_PICTURES} {number + 1}" for number in range(len(keys)))
            results = dict(zip(names, keys, strict=True)) if makes_pictures else {family.results[0]: keys[0]}
            heard = frozenset().union(*(file.stored.traits for files in making.media.values() for file in files))
            return NewJob(order=order, results=results, remark=_remark(making), traits=traits | heard)

        body: Body = {"name": "", **_sent(request)}
        price = _price_each(found, _input_seconds(making))
        return JobPlan(
            family=family.name,
            price_each=price * times if keeps else price,
            make=make,
            body=body,
            count=1 if keeps else times,
        )

    return job_behaviour(family, records, plan) | Behaviour(
        starts={family.start.name: JobStart(plan, _started(records), _price_alone(family))}
    )


def _sent(request: Request) -> Body:
    return request.model_dump(mode="json", by_alias=True, exclude_none=True)


async def _making(service: Service, found: Asked) -> _Making:
    """What is asked for, with its files. Raises Refusal for what is missing or cannot be used."""
    for need in found.model.modes[found.mode].needs:
        names = need.split(" or ")
        if not any(found.values.get(name) for name in names):
            raise invalid(found.fields.get(names[0], names[0]), "required for this mode")
    media: dict[str, list[MediaFile]] = {}
    for name in found.fields.keys() & _KINDS.keys():
        field = found.fields[name].rpartition(".")[2]
        kinds = _kinds(found, name)
        media[name] = [await service.inputs.take(url, field, *kinds) for url in found.addresses(name)]
    seconds = found.values.get("seconds") or _SECONDS_WITHOUT_CHOICE
    if seconds < 0:
        # The model is asked to choose.
        seconds = round(_input_length(media)) or 5
    return _Making(found, media, _size(found, media, service.quality), service.quality, float(min(seconds, 30)))


def _kinds(found: Asked, name: str) -> tuple[MediaKind, ...]:
    """The kinds of file that an argument may be; in a list that several arguments share, all of theirs."""
    field = found.fields[name]
    sharing = [other for other, place in found.fields.items() if place == field and other in _KINDS]
    shares_a_plain_list = name.startswith("reference_") and not _tells_kinds(found, name)
    kinds = [kind for other in (sharing if shares_a_plain_list else [name]) for kind in _KINDS[other]]
    return tuple(dict.fromkeys(kinds))


def _tells_kinds(found: Asked, name: str) -> bool:
    target = {**found.model.fields, **found.model.modes[found.mode].fields}[name]
    return getattr(target, "kind", None) is not None


def _size(found: Asked, media: Mapping[str, list[MediaFile]], quality: RenderQuality) -> tuple[int, int]:
    """The size of what is made: of the shape asked for, else of the first picture, as large as the sandbox renders."""
    width, height = 16.0, 9.0
    first = next((file for name in ("image", "reference_images", "source") for file in media.get(name, ())), None)
    ratio = found.values.get("aspect_ratio", "")
    if ":" in ratio:
        across, down = ratio.split(":")
        width, height = float(across), float(down)
    elif first is not None and first.stored.width and first.stored.height:
        width, height = float(first.stored.width), float(first.stored.height)
    elif found.mode == "draw":
        width = height = 1.0
    scale = min(quality.long_side / max(width, height), quality.short_side / min(width, height))
    return max(16, round(width * scale)) // 2 * 2, max(16, round(height * scale)) // 2 * 2


def _photobook(making: _Making, paths: list[str]) -> Order:
    first, *more = paths
    place = f"{making.asked.text('place')} {making.asked.text('clothing')}".strip()
    side = making.quality.short_side
    return PhotobookOrder(
        face=making.path("face"),
        place=place,
        output=first,
        more=tuple(more),
        width=round(side * 3 / 4) // 2 * 2,
        height=side,
    )


def _suffix(making: _Making) -> str:
    if making.asked.mode in ("draw", "photobook"):
        return ".png"
    remade = making.first("source") or making.first("target")
    return ".png" if remade is not None and remade.kind == "image" else ".mp4"


def _remark(making: _Making) -> str:
    """Says that what is made is smaller than asked for."""
    wanted = making.asked.values.get("resolution")
    limits = {"480p": 480, "720p": 720, "768p": 768, "1080p": 1080, "1k": 1024, "2k": 2048, "4k": 2160}
    largest = max(making.size) if str(wanted).endswith("k") and wanted != "4k" else min(making.size)
    if wanted is None or limits[wanted] <= largest:
        return ""
    return f"Made at {making.size[0]}x{making.size[1]} instead of {wanted}."


# ---------------------------------------------------------------------- what it costs


def _times(found: Asked) -> int:
    wanted = found.values.get("count")
    return max(1, int(wanted)) if isinstance(wanted, int | float) else 1


def _price_each(found: Asked, input_seconds: float) -> int:
    mode = found.model.modes[found.mode]
    price = price_of(found.model, found.values.get("resolution"))
    if found.model.seconds:
        seconds = found.values.get("seconds", 0) if seconds_of(found.model, mode) else 0
        seconds = seconds if seconds > 0 else math.ceil(input_seconds) or _SECONDS_WITHOUT_CHOICE
        billed = min(input_seconds, found.model.bills_input or 0.0)
        return math.ceil((price.credits if price else _PRICE_OF_A_SECOND) * (seconds + billed))
    return math.ceil(price.credits if price else _PRICE_OF_AN_ITEM)


def _price_alone(family: ModelFamily) -> PriceAlone:
    def alone(request: Any) -> int | None:
        found = asked(family.name, family.fields, _sent(request))
        said = found.values.get("input_seconds")
        has_clips = any(found.addresses(name) for name in ("video", "reference_videos"))
        if has_clips and found.model.seconds and said is None:
            return None
        return _price_each(found, float(said or 0.0)) * _times(found)

    return alone


def _input_seconds(making: _Making) -> float:
    """Seconds of the given clips: the larger of what the request says and what was measured."""
    return max(_input_length(making.media), float(making.asked.values.get("input_seconds") or 0.0))


def _input_length(media: Mapping[str, list[MediaFile]]) -> float:
    return sum(file.seconds for name in ("video", "reference_videos") for file in media.get(name, ()))


# ---------------------------------------------------------------------- what it looks like


def _show_pictures(service: Service, _: Record, view: View) -> Body:
    return {_PICTURES: [service.files.url(key) for name, key in view.results.items() if name.startswith(_PICTURES)]}


def _started(records: RecordFamily) -> Callable[[Service, list[str]], object]:
    def answer(service: Service, record_ids: list[str]) -> object:
        shown = [records.body(service, records.find(service, record_id)) for record_id in record_ids]
        return shown if len(shown) > 1 else shown[0]

    return answer


BEHAVIOUR = reduce(
    or_,
    (_behaviour(family) for family in catalogue.families() if isinstance(family, ModelFamily)),
    Behaviour(),
)
