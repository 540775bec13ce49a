"""Tools whose models are rows: their inputs, and the start tool that is derived from the rows.

A call names a model or takes the tool's own cheap one; what that model cannot is refused with what it can while the
arguments are read, so before anything is looked up, uploaded or charged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.body_fields import field_at
from a2e_mcp.catalogue.declaration.capability import JobFamily, Request
from a2e_mcp.catalogue.declaration.spellings import ASPECT_RATIOS, SECONDS, SIZES, ZeroMeansNone
from a2e_mcp.catalogue.declaration.tool import (
    Estimate,
    Inputs,
    MediaIn,
    PreparedInputs,
    StartTool,
    Toolset,
    item_name,
)
from a2e_mcp.catalogue.models.family import ModelFamily
from a2e_mcp.catalogue.models.index import model_named, models_like, models_of_tool
from a2e_mcp.catalogue.models.model import Into, Model, ModeName
from a2e_mcp.catalogue.models.requests import (
    body_of,
    fields_of,
    format_objections,
    length_objections,
    mode_of,
    objections,
    price_of,
    ratios_of,
    seconds_of,
    with_choices,
)

AspectRatio = Annotated[
    Literal["auto", "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21", "4:5", "5:4"],
    ASPECT_RATIOS,
    WithJsonSchema({"type": "string"}),
]
Resolution = Annotated[
    Literal["480p", "720p", "768p", "1080p", "1k", "2k", "4k"], SIZES, WithJsonSchema({"type": "string"})
]


def _says_something(text: str) -> str:
    """Raises ValueError for a text of blanks, which A2E would be paid for."""
    if not any(sign.isprintable() and not sign.isspace() for sign in text):
        raise ValueError("is empty; write what is wanted")
    return text


Prompt = Annotated[str, Field(min_length=1, max_length=5000), AfterValidator(_says_something)]
Seconds = Annotated[int, Field(ge=1, le=30), SECONDS, ZeroMeansNone()]
Seed = Annotated[int, Field(ge=0, le=2_147_483_647), WithJsonSchema({"type": "integer"})]
Picture = Annotated[str, MediaIn(("image",))]
Clip = Annotated[str, MediaIn(("video",), timed=True)]
Sound = Annotated[str, MediaIn(("audio",))]
Pictures = Annotated[list[Picture], Field(max_length=30)]
Clips = Annotated[list[Clip], Field(max_length=10)]
Sounds = Annotated[list[Sound], Field(max_length=10)]

MODEL = "Model id; see list_models"
"""The description of the input `model`."""
_NO_ARGUMENTS = frozenset({"title", "model", "action", "shape"})
_NEAR_MODELS = 8
_SHORTEST_INPUT = 2.0
"""Seconds; A2E takes no smaller number."""


class ModelInputs(Inputs):
    """What a tool takes whose models are rows.

    `merged` names inputs that count as another argument, such as single pictures that belong to a list.
    """

    tool: ClassVar[str]
    merged: ClassVar[Mapping[str, str]] = {}

    @property
    def wanted_model(self) -> Model:
        """The model that a call names, or the tool's own choice. Raises ValueError for one that the tool has not."""
        text: str | None = getattr(self, "model", None)
        found = model_named(self.tool, text, getattr(self, "action", None))
        if found is None:
            offered = [model.id for model in models_of_tool(self.tool) if not model.restricted]
            more = " and others" if len(offered) > _NEAR_MODELS else ""
            known = f"{', '.join(offered[:_NEAR_MODELS])}{more}"
            near = " or ".join(models_like(self.tool, text or ""))
            meant = f"; did you mean {near}?" if near else f"; it has {known}"
            raise ValueError(f"model: {self.tool} has no such model{meant} (list_models shows all)")
        return found

    @classmethod
    def has_choice(cls, name: str, given: Mapping[str, Any]) -> bool:
        """Whether the model of a call lets an input be chosen: with many, every picture is of one resolution."""
        model = model_named(cls.tool, str(given["model"]) if "model" in given else None)
        return name != "resolution" or model is None or bool(model.resolutions)

    @property
    def wanted_mode(self) -> ModeName:
        """What is made of what, as follows from the inputs."""
        return mode_of(self.tool, self.wanted_model, self.arguments(), getattr(self, "action", None))

    def arguments(self, media: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The arguments that are given, in the rows' words; files as their addresses, as far as these are known."""
        known = media or {}
        values: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None or name in _NO_ARGUMENTS or self._is_as_usual(name, value):
                continue
            if isinstance(value, list):
                value = [known.get(item_name(name, number), each) for number, each in enumerate(value, 1)]
            else:
                value = known.get(name, value)
            into = self.merged.get(name, name)
            if into != name:
                values.setdefault(into, []).append(value)
            else:
                values[into] = value
        return values

    def _is_as_usual(self, name: str, value: object) -> bool:
        """Whether a shape is left to a model that has no word for that."""
        model = self.wanted_model
        return (name, value) == ("aspect_ratio", "auto") and not any(
            value in ratios_of(model, mode) for mode in model.modes.values()
        )

    def meant(self) -> dict[str, Any]:
        """The inputs as data, with the model, length, size and shape that are taken when none is named."""
        model = self.wanted_model
        chosen = with_choices(model, self.wanted_mode, self.arguments())
        said: dict[str, Any] = {
            name: chosen[name] for name in ("seconds", "resolution", "aspect_ratio", "sound") if name in chosen
        }
        given = self.model_dump(mode="json", exclude_none=True, exclude={"shape"})
        return {**given, **said, "model": model.id}

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        model = self.wanted_model
        found = list(objections(self.tool, model, self.wanted_mode, self.arguments(), models_of_tool(self.tool)))
        found = found or list(_too_long(self))
        if found:
            raise ValueError("; ".join(found))
        return self


ModelInputsT = TypeVar("ModelInputsT", bound=ModelInputs)


def _too_long(inputs: ModelInputs) -> Iterator[str]:
    """Which texts are longer than the start of the model's family takes."""
    model, family, given = inputs.wanted_model, _family(inputs), inputs.arguments()
    if not isinstance(family, ModelFamily):
        return
    for name, target in fields_of(model, model.modes[inputs.wanted_mode]).items():
        declared = field_at(family.fields, target) if isinstance(target, str) else None
        longest = None if declared is None else declared.longest
        value = given.get(name)
        if longest is not None and isinstance(value, str) and len(value) > longest:
            yield f"{name} has {len(value)} characters; {model.id} takes at most {longest}"


def _family(inputs: ModelInputs) -> JobFamily:
    return catalogue.family(inputs.wanted_model.family)


def _chosen(inputs: ModelInputs) -> Mapping[str, str]:
    """The model, where there are several, and the shape where a given picture is cut to one that was not asked for."""
    said = {"model": inputs.wanted_model.id} if "model" in type(inputs).model_fields else {}
    given = inputs.arguments()
    shape = with_choices(inputs.wanted_model, inputs.wanted_mode, given).get("aspect_ratio", "auto")
    is_cut = inputs.wanted_mode == "draw" and any(given.get(name) for name in ("image", "reference_images"))
    return {**said, "aspect_ratio": shape} if is_cut and "aspect_ratio" not in given and shape != "auto" else said


def _request(inputs: ModelInputs, found: PreparedInputs) -> Request:
    given = {
        **inputs.arguments(found.media),
        "title": found.title,
        "input_seconds": _input_seconds(inputs, found.lengths),
    }
    body = body_of(inputs.wanted_model, inputs.wanted_mode, given)
    request: Request = _family(inputs).start.request.model_validate(body)
    return request


def _objection(inputs: ModelInputs, found: PreparedInputs) -> str:
    model = inputs.wanted_model
    if model.restricted and not found.adult:
        return (
            f"{model.id} is for {model.restricted}, which is off; the operator switches it on with A2E_ADULT_MODELS=1"
        )
    wrong = (
        *length_objections(model, found.lengths, inputs.meant().get("seconds")),
        *format_objections(model, found.media),
    )
    return "; ".join(wrong)


def _estimate(inputs: ModelInputs, lengths: Mapping[str, float]) -> Estimate:
    model, mode = inputs.wanted_model, inputs.wanted_mode
    values = with_choices(model, mode, inputs.arguments())
    resolution = values.get("resolution")
    price = price_of(model, resolution)
    count = float(values.get("count") or 1)
    is_timed = bool(model.seconds)
    units: float | None = count
    if is_timed:
        made = values.get("seconds") if seconds_of(model, model.modes[mode]) else lengths.get("video")
        billed = _billed_input(model, inputs, lengths)
        units = None if made is None or billed is None else made * count + billed
    return Estimate(
        units,
        "second" if is_timed else "item",
        None if price is None else price.credits,
        f"A2E publishes no price of {model.id}" if price is None else price.source,
        variant=" ".join(filter(None, (model.id, resolution))),
    )


def _billed_input(model: Model, inputs: ModelInputs, lengths: Mapping[str, float]) -> float | None:
    """The seconds of given clips that are billed; None when the length of one is not known."""
    clips = _clips(inputs) if model.bills_input is not None else []
    known = [min(lengths[name], model.bills_input or 0.0) for name in clips if name in lengths]
    return sum(known) if len(known) == len(clips) else None


def _input_seconds(inputs: ModelInputs, lengths: Mapping[str, float]) -> float | None:
    """How long the given clips are together; None where there is none, or one whose length is not known."""
    clips = _clips(inputs)
    known = [lengths[name] for name in clips if name in lengths]
    together = round(sum(known), 1)
    return together if len(known) == len(clips) and together >= _SHORTEST_INPUT else None


def _clips(inputs: ModelInputs) -> Sequence[str]:
    """The names that the given clips go by."""
    listed = getattr(inputs, "reference_videos", None) or ()
    one = ["video"] if getattr(inputs, "video", None) else []
    return [*(item_name("reference_videos", number) for number, _ in enumerate(listed, 1)), *one]


def _caution(inputs: ModelInputs) -> str:
    if inputs.wanted_model.bills_input is None or not _clips(inputs):
        return ""
    return "A2E bills the given clips too, like seconds that are made."


def _fields(tool: str, inputs: type[ModelInputs]) -> Mapping[str, str]:
    """The input behind each of A2E's fields, over all models of a tool."""
    found: dict[str, str] = {"duration": "seconds", "resolution": "resolution", "aspect_ratio": "aspect_ratio"}
    single = {into: name for name, into in reversed(list(inputs.merged.items()))}
    for model in models_of_tool(tool):
        for mode in model.modes.values():
            for name, target in fields_of(model, mode).items():
                field = target.field if isinstance(target, Into) else target
                ours = name if name in inputs.model_fields else single.get(name)
                if ours is not None:
                    found.setdefault(field.rpartition(".")[2], ours)
    return {theirs: ours for theirs, ours in found.items() if theirs != ours and ours in inputs.model_fields}


def model_tool(
    inputs: type[ModelInputsT],
    *,
    title: str,
    about: str,
    toolset: Toolset,
    examples: tuple[Mapping[str, Any], ...],
    family: JobFamily,
    likeness: tuple[str, ...] = (),
    may_show: tuple[str, ...] = (),
    caution: Callable[[ModelInputs], str] = _caution,
) -> StartTool[ModelInputsT]:
    """A start tool that is derived from the rows; `family` is that of the model it takes when none is named."""
    return StartTool(
        name=inputs.tool,
        title=title,
        about=about,
        inputs=inputs,
        toolset=toolset,
        examples=examples,
        fields=_fields(inputs.tool, inputs),
        family=family,
        to_request=_request,
        estimate=_estimate,
        objection=_objection,
        caution=caution,
        likeness=likeness,
        may_show=may_show,
        likeness_may_be_made=bool(likeness),
        family_for=_family,
        chosen=_chosen,
    )
