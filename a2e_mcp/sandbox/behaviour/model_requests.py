"""What a start's body asks of which model: the rows read from A2E's side, whatever the body leaves to A2E."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a2e_mcp.catalogue.declaration.body_fields import BodyField, with_defaults
from a2e_mcp.catalogue.models.index import models_of_family
from a2e_mcp.catalogue.models.model import Into, Mode, Model, ModeName, Target, Values
from a2e_mcp.catalogue.models.requests import exclusions, fields_of, ratios_of, seconds_of

_LISTS = ("reference_images", "reference_videos", "reference_audios")
_USUAL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A body as its model understands it: the arguments, in our words, and where each of them stood."""

    model: Model
    mode: ModeName
    values: Mapping[str, Any]
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """An argument that is words; empty when there is none."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def addresses(self, name: str) -> Sequence[str]:
        """The addresses of an argument, one or several."""
        value = self.values.get(name)
        return [value] if isinstance(value, str) and value else value if isinstance(value, list) else []


def asked(family: str, fields: Mapping[str, BodyField], body: Mapping[str, Any]) -> Asked:
    """What a body asks for. A body that names no mode of its model is taken for the nearest one, as A2E does."""
    whole = with_defaults(fields, body)
    # Model and mode together, since two models may have the same constants where a mode of one tells them apart.
    modes = ((row, name) for row in models_of_family(family) for name in row.modes)
    model, mode_name = max(modes, key=lambda each: _likeness(each[0], each[0].modes[each[1]], whole))
    mode = model.modes[mode_name]
    places = {name: _field(target) for name, target in fields_of(model, mode).items()}
    return Asked(model, mode_name, read_values(model, mode, whole), places)


def read_values(model: Model, mode: Mode, whole: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a body holds, in our words."""
    values: dict[str, Any] = {}
    taken: dict[str, int] = {}
    for name, target in fields_of(model, mode).items():
        found = _listed(whole, target, name, taken) if isinstance(target, Into) else _at(whole, target)
        if found not in (None, "", []):
            values[name] = found
    values["resolution"] = _choice(model.resolutions, whole)
    values["aspect_ratio"] = _choice(ratios_of(model, mode, values["resolution"]), whole)
    if "seconds" in values:
        values["seconds"] = _seconds(values["seconds"])
    return {name: value for name, value in values.items() if value is not None}


def upstream_objection(found: Asked) -> str:
    """Why the provider behind A2E fails such a job: A2E takes what it cannot make, and says so in the job."""
    mode = found.model.modes[found.mode]
    seconds = seconds_of(found.model, mode)
    wanted = found.values.get("seconds")
    if seconds and isinstance(wanted, int) and wanted > 0 and wanted not in seconds:
        return f"duration {wanted} is not supported by {found.model.id}"
    why = next(iter(exclusions(found.model, found.values)), "")
    return f"not supported by {found.model.id}: {why}" if why else ""


def _likeness(model: Model, mode: Mode, whole: Mapping[str, Any]) -> tuple[float, int, int]:
    """How well a mode of a model fits a body: by its constants, and among equals by what it needs."""
    given = read_values(model, mode, whole)
    met = [any(given.get(name) for name in need.split(" or ")) for need in mode.needs]
    return _agreement({**model.fixed, **mode.fixed}, whole), met.count(True) - len(met), met.count(True)


def _agreement(fixed: Mapping[str, Any], whole: Mapping[str, Any]) -> float:
    """How well constants agree with a body; one that contradicts weighs more than many that agree."""
    return sum(1.0 if _at(whole, path) == value else -10.0 for path, value in fixed.items())


def _listed(whole: Mapping[str, Any], target: Into, name: str, taken: dict[str, int]) -> list[str] | str | None:
    """The addresses of an argument in a list that several arguments share: single ones come first."""
    items = _at(whole, target.field) or []
    if target.kind is not None:
        urls = [
            str(item["url"])
            for item in items
            if isinstance(item, dict) and item.get("type") == target.kind and item.get("url")
        ]
        return urls if name in _LISTS else (urls[0] if urls else None)
    start = taken.get(target.field, 0)
    urls = [str(item) for item in items[start:]]
    if name in _LISTS:
        taken[target.field] = len(items)
        return urls
    taken[target.field] = start + 1
    return urls[0] if urls else None


def _choice(values: Values, whole: Mapping[str, Any]) -> str | None:
    """Our word for what a body has chosen; None for none of them."""
    fitting = (
        word for word, sent in values.items() if sent and all(_at(whole, path) == value for path, value in sent.items())
    )
    return next(fitting, None)


def _seconds(value: object) -> int:
    try:
        return int(float(str(value)))
    except ValueError:
        return _USUAL_SECONDS


def _field(target: Target) -> str:
    return target.field if isinstance(target, Into) else target


def _at(whole: Mapping[str, Any], path: str) -> Any:
    """What stands at a path of a body; None when nothing does."""
    value: Any = whole
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
