"""The jobs of families whose models are rows: checked, charged and ordered by what the rows say.

What is made of a start is the family's own: it gives a maker of the render order for each of its modes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from a2e_mcp.catalogue.declaration.body_fields import BodyField
from a2e_mcp.catalogue.declaration.capability import Request
from a2e_mcp.catalogue.declaration.tool import item_name
from a2e_mcp.catalogue.models.family import ModelFamily
from a2e_mcp.catalogue.models.model import ModeName
from a2e_mcp.catalogue.models.requests import length_objections, price_of, seconds_of
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
from a2e_mcp.sandbox.protocol import MediaKind, Order
from a2e_mcp.sandbox.store import Record

_PRICE_OF_A_SECOND = 10.0
_PRICE_OF_AN_ITEM = 15.0
"""Credits where nothing is published; the sandbox has to charge something."""
_SECONDS_WITHOUT_CHOICE = 8
_LONGEST_DRAWN = 4000
_PICTURES = "image_urls"

Kinds = Mapping[str, tuple[MediaKind, ...]]

_KINDS: Kinds = {
    "image": ("image",),
    "end_image": ("image",),
    "reference_images": ("image",),
    "reference_videos": ("video",),
    "reference_audios": ("audio",),
    "video": ("video",),
    "audio": ("audio",),
}


@dataclass(frozen=True, slots=True)
class Making:
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

    @property
    def has_sound(self) -> bool:
        """Whether something new has sound."""
        return self.asked.model.sound == "always" or self.asked.values.get("sound") is True


Maker = Callable[[Making, Sequence[str], int], Order]
"""Makes the render order of a start from where its files go, and its number among the orders of that start."""


def model_behaviour(
    family: ModelFamily,
    makers: Mapping[ModeName, Maker],
    *,
    kinds: Kinds | None = None,
    remakes: str = "",
    at_once: bool = False,
) -> Behaviour:
    """How a family's start becomes jobs.

    `kinds` are those of the files in arguments that no other family has, `remakes` the argument whose kind the result
    has, where that may be a picture or a clip. `at_once` makes all that one start asks for in one job.
    """
    every_kind = {**_KINDS, **(kinds or {})}
    makes_pictures = _PICTURES in family.results
    records = (
        RecordFamily(family.name, results=(), show=_show_pictures) if makes_pictures else RecordFamily(family.name)
    )

    async def plan(service: Service, request: Request) -> JobPlan:
        found = asked(family.name, family.fields, _sent(request))
        _check_addresses(family.fields, _sent(request))
        making = await _making(service, found, every_kind)
        # A2E takes what its provider cannot make: the job fails later, and is refunded.
        objection = upstream_objection(found) or _length_objection(making)
        traits = frozenset({f"refused {objection}"}) if objection else frozenset()
        times = _times(found)
        indices = count()
        remade = making.first(remakes)
        suffix = ".png" if makes_pictures or (remade is not None and remade.kind == "image") else ".mp4"

        def make() -> NewJob:
            keys = [service.files.new_key(suffix) for _ in range(times if at_once else 1)]
            paths = [str(service.files.path(key)) for key in keys]
            order = makers[found.mode](making, paths, next(indices))
            names = (_PICTURES if number == 0 else f"{_PICTURES} {number + 1}" for number in range(len(keys)))
            results = dict(zip(names, keys, strict=True)) if makes_pictures else {family.results[0]: keys[0]}
            heard = frozenset().union(*(file.stored.traits for files in making.media.values() for file in files))
            return NewJob(order=order, results=results, remark=_remark(making), traits=traits | heard)

        body: Body = {"name": "", **_sent(request)}
        price = _price_each(found, _input_seconds(making), _billed_input(making))
        return JobPlan(
            family=family.name,
            price_each=price * times if at_once else price,
            make=make,
            body=body,
            count=1 if at_once else times,
        )

    return job_behaviour(family, records, plan) | Behaviour(
        starts={family.start.name: JobStart(plan, _started(records), _price_alone(family))}
    )


def _sent(request: Request) -> Body:
    return request.model_dump(mode="json", by_alias=True, exclude_none=True)


def _check_addresses(fields: Mapping[str, BodyField], sent: Body) -> None:
    """Raises Refusal for what cannot be an address, whether the mode of a start uses it or not."""
    for name, declared in fields.items():
        value = sent.get(name) if declared.is_address else None
        for each in value if isinstance(value, list) else [value]:
            if each and not each.startswith(("http://", "https://")):
                raise invalid(name, "must be a URL")


async def _making(service: Service, found: Asked, kinds: Kinds) -> Making:
    """What is asked for, with its files. Raises Refusal for what is missing or cannot be used."""
    for need in found.model.modes[found.mode].needs:
        names = need.split(" or ")
        if not any(found.values.get(name) for name in names):
            raise invalid(found.fields.get(names[0], names[0]), "required for this mode")
    media: dict[str, list[MediaFile]] = {}
    for name in found.fields.keys() & kinds.keys():
        field = found.fields[name].rpartition(".")[2]
        taken = _kinds_of(found, name, kinds)
        media[name] = [await service.inputs.take(url, field, *taken) for url in found.addresses(name)]
    seconds = found.values.get("seconds") or _SECONDS_WITHOUT_CHOICE
    if seconds < 0:
        # The model is asked to choose.
        seconds = round(_input_length(media)) or 5
    return Making(found, media, _size(found, media, service.quality), service.quality, float(min(seconds, 30)))


def _length_objection(making: Making) -> str:
    """Why the provider fails a job with these clips and sounds; empty when it does not."""
    lengths = {
        item_name(name, number): file.seconds
        for name, files in making.media.items()
        for number, file in enumerate(files, 1)
        if file.kind in ("video", "audio")
    }
    return next(length_objections(making.asked.model, lengths, making.asked.values.get("seconds")), "")


def _kinds_of(found: Asked, name: str, kinds: Kinds) -> tuple[MediaKind, ...]:
    """The kinds of file that an argument may be; in a list that several arguments share, all of theirs."""
    field = found.fields[name]
    sharing = [other for other, place in found.fields.items() if place == field and other in kinds]
    shares_a_plain_list = name.startswith("reference_") and not _tells_kinds(found, name)
    every = [kind for other in (sharing if shares_a_plain_list else [name]) for kind in kinds[other]]
    return tuple(dict.fromkeys(every))


def _tells_kinds(found: Asked, name: str) -> bool:
    target = {**found.model.fields, **found.model.modes[found.mode].fields}[name]
    return getattr(target, "kind", None) is not None


def _size(found: Asked, media: Mapping[str, list[MediaFile]], quality: RenderQuality) -> tuple[int, int]:
    """The size of what is made: of the shape asked for, else of the first picture, as large as the sandbox renders."""
    width, height = 16.0, 9.0
    first = next((file for name in ("image", "reference_images") for file in media.get(name, ())), None)
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


def _remark(making: Making) -> str:
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


def _price_each(found: Asked, input_seconds: float, billed_input: float) -> int:
    mode = found.model.modes[found.mode]
    price = price_of(found.model, found.values.get("resolution"))
    if found.model.seconds:
        seconds = found.values.get("seconds", 0) if seconds_of(found.model, mode) else 0
        seconds = seconds if seconds > 0 else math.ceil(input_seconds) or _SECONDS_WITHOUT_CHOICE
        return math.ceil((price.credits if price else _PRICE_OF_A_SECOND) * (seconds + billed_input))
    return math.ceil(price.credits if price else _PRICE_OF_AN_ITEM)


def _price_alone(family: ModelFamily) -> PriceAlone:
    def alone(request: Any) -> int | None:
        found = asked(family.name, family.fields, _sent(request))
        said = found.values.get("input_seconds")
        has_clips = any(found.addresses(name) for name in ("video", "reference_videos"))
        if has_clips and found.model.seconds and said is None:
            return None
        seconds = float(said or 0.0)
        # How long each of them is, is not said here.
        billed = seconds if found.model.bills_input is not None else 0.0
        return _price_each(found, seconds, billed) * _times(found)

    return alone


def _input_seconds(making: Making) -> float:
    """Seconds of the given clips: the larger of what the request says and what was measured."""
    return max(_input_length(making.media), float(making.asked.values.get("input_seconds") or 0.0))


def _billed_input(making: Making) -> float:
    """Seconds of the given clips that are billed: of each, up to what the model bills."""
    most = making.asked.model.bills_input
    if most is None:
        return 0.0
    measured = sum(min(file.seconds, most) for file in _clips(making.media))
    return max(measured, float(making.asked.values.get("input_seconds") or 0.0))


def _clips(media: Mapping[str, list[MediaFile]]) -> Sequence[MediaFile]:
    return [file for name in ("video", "reference_videos") for file in media.get(name, ())]


def _input_length(media: Mapping[str, list[MediaFile]]) -> float:
    return sum(file.seconds for file in _clips(media))


# ---------------------------------------------------------------------- what it looks like


def _show_pictures(service: Service, _: Record, view: View) -> Body:
    return {_PICTURES: [service.files.url(key) for name, key in view.results.items() if name.startswith(_PICTURES)]}


def _started(records: RecordFamily) -> Callable[[Service, list[str]], object]:
    def answer(service: Service, record_ids: list[str]) -> object:
        shown = [records.body(service, records.find(service, record_id)) for record_id in record_ids]
        return shown if len(shown) > 1 else shown[0]

    return answer
