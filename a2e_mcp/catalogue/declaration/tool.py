"""What a model sees: a tool with its own plain inputs, the markers of its fields, and how they become A2E's request."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from a2e_mcp.catalogue.declaration.capability import Effect, JobFamily, Request


class Inputs(BaseModel):
    """What a tool takes, in our words: flat fields, each described.

    Of the inputs in `one_of` exactly one is given; `needs` names an input, another that it does not work without, and
    what to say when that is missing.
    """

    model_config = ConfigDict(extra="forbid")

    one_of: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[tuple[str, str, str], ...]] = ()

    def meant(self) -> dict[str, Any]:
        """The inputs as data, with what was chosen for those that were left out: equal for calls that mean the same."""
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def has_choice(cls, name: str, given: Mapping[str, Any]) -> bool:
        """Whether an input can be chosen beside those that are given; a size in pixels decides only what can be."""
        return True

    @classmethod
    def objections(cls, given: Collection[str]) -> list[str]:
        """What is missing, or too much, when these inputs are given."""
        found = []
        if cls.one_of and sum(name in given for name in cls.one_of) != 1:
            found.append(f"give either {' or '.join(cls._with_needed(name) for name in cls.one_of)}")
        found += [
            f"{needed} is missing: {why}" for name, needed, why in cls.needs if name in given and needed not in given
        ]
        return found

    @classmethod
    def _with_needed(cls, name: str) -> str:
        needed = next((needed for each, needed, _ in cls.needs if each == name), None)
        return f"{name} (with {needed})" if needed else name

    @model_validator(mode="after")
    def _are_complete(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if objections := self.objections(given):
            raise ValueError("; ".join(objections))
        return self


InputsT = TypeVar("InputsT", bound=Inputs)
T = TypeVar("T")

OrNone: TypeAlias = T | SkipJsonSchema[None]
"""The type of an input that may be left out; in the schema it is `T`, since `null` only means left out."""


def optional(about: str) -> Any:
    """The default of an input that may be left out, with its description."""
    return Field(default=None, description=about)


MediaKind = Literal["image", "video", "audio"]


@dataclass(frozen=True, slots=True)
class AvatarRef:
    """Marks an input that names an avatar, by id or by name."""


@dataclass(frozen=True, slots=True)
class VoiceRef:
    """Marks an input that names a voice, by id or by name."""


@dataclass(frozen=True, slots=True)
class BackgroundRef:
    """Marks an input that names a background: a colour, a picture (URL or path), an id or a name."""


@dataclass(frozen=True, slots=True)
class LanguageRef:
    """Marks an input that means a language, by code or by name; with its `region` it becomes a locale such as es-MX.

    Where `every` language may be meant, the word any says so and is not the same as leaving the input out.
    """

    region: bool = False
    every: bool = False


@dataclass(frozen=True, slots=True)
class SandboxOnly:
    """Marks an input that A2E has no field for."""


@dataclass(frozen=True, slots=True)
class MediaIn:
    """Marks an input that takes a file: a URL, or a path in an allowed folder.

    Durations are in seconds; `None` means A2E publishes no bound. With `voice`, something has to be heard in it. The
    length of one that is `timed` counts, whatever its bounds. One that `stays_here` is read by films and never sent
    to A2E.
    """

    kinds: tuple[MediaKind, ...]
    shortest: float | None = None
    longest: float | None = None
    voice: bool = False
    timed: bool = False
    stays_here: bool = False


def item_name(name: str, number: int) -> str:
    """How an item of a list of files goes by, counted from 1."""
    return f"{name}[{number}]"


@dataclass(frozen=True, slots=True)
class SpeechStep:
    """Marks a tool that speaks a text on the way: which inputs hold the text, the voice, the speed and finished audio.

    `longest` is how many seconds of speech the job takes, unless the inputs say how long it is to be.
    """

    script: str = "script"
    voice: str = "voice"
    audio: str = "audio"
    speed: str = "speed"
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class AvatarChoice:
    """An avatar that was found: A2E's anchor."""

    id: str
    name: str
    own: bool
    gender: str | None = None
    twin_id: str | None = None
    cover: str | None = None
    background_image: str | None = None
    background_color: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """A voice that was found; `own` voices are clones and take the language with each call.

    A2E has samples of own voices only.
    """

    id: str
    name: str
    own: bool
    language: str
    gender: str | None = None
    sample: str | None = None


@dataclass(frozen=True, slots=True)
class BackgroundChoice:
    """A background that was found: a colour as `rgb(r,g,b)`, or a stored picture."""

    color: str | None = None
    system_id: str | None = None
    custom_id: str | None = None


@dataclass(frozen=True, slots=True)
class PreparedInputs:
    """What the start pipeline found for the marked inputs, by field name; for lists of files by `item_name`.

    `speech` is the URL of the spoken script; `lengths` are seconds, as far as they are known, `speech` among them.
    `adult` says that the operator allows models of adult content.
    """

    title: str
    sandbox: bool = False
    adult: bool = False
    avatars: Mapping[str, AvatarChoice] = field(default_factory=dict)
    backgrounds: Mapping[str, BackgroundChoice] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    speech: str | None = None
    lengths: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """How a job is billed: so many units, and the published price of one, if there is any.

    `units` is None where the length that is billed is not known: then the price is not known either. Jobs of another
    `variant` of the same family, such as another model, say nothing about the price.
    """

    units: float | None
    unit: Literal["second", "item"]
    credits_each: float | None
    source: str
    variant: str = ""

    @property
    def billed(self) -> float:
        """The units that whole credits are charged for: a second that has begun counts; 0 when they are not known."""
        units = self.units or 0.0
        return float(whole_seconds(units)) if units and self.unit == "second" else units


_ENCODER_PADDING = 0.1
"""Seconds that encoders add to a sound."""


def whole_seconds(seconds: float) -> int:
    """Whole seconds in which a sound fits; the padding of an encoder is no second of its own."""
    return max(1, math.ceil(seconds - _ENCODER_PADDING))


def length_objection(seconds: int | None, longest: int) -> str:
    """Why a video as long as its sound cannot be made; empty when it can."""
    return "" if seconds is not None else f"seconds is missing: the audio's length cannot be read; give 1 to {longest}"


Toolset = Literal["jobs", "account", "video", "image", "voices", "film", "avatars", "streaming", "models", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[InputsT]):
    """What a model sees: name, title, one sentence, inputs, effect.

    `examples` are arguments of calls, for the docs and the tests; files in them need not exist, ids are the sandbox's.
    `fields` names the input behind each of A2E's fields, since A2E's refusals speak of those; equal names are left out.
    `answers` is what the structured answer always holds: `job`, or the name of its list, whose rows have the fields
    `row`. A tool `in_every_set` is shown
    with every toolset, whatever its own. One that `uploads` may be charged for that, whatever its effect.
    `page` is the page that hosts with MCP Apps show with its answers.
    `likeness` names the inputs that carry a person's face or voice: when one is given, consent is asked for, unless
    the `likeness_may_be_made`, of A2E's avatars and voices or a generated picture. `may_show` names the inputs that may
    show a person: consent is asked for when the words of the call speak of one.
    """

    name: str
    title: str
    about: str
    inputs: type[InputsT]
    effect: Effect
    toolset: Toolset
    examples: tuple[Mapping[str, Any], ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    answers: str = ""
    row: Mapping[str, type] = field(default_factory=dict)
    in_every_set: bool = False
    page: str = ""
    uploads: bool = False
    likeness: tuple[str, ...] = ()
    may_show: tuple[str, ...] = ()
    likeness_may_be_made: bool = False

    @property
    def takes_consent(self) -> bool:
        """Whether a call may carry a person's face or voice."""
        return bool(self.likeness or self.may_show)

    @property
    def needs_consent(self) -> bool:
        """Whether every call carries a person's face or voice."""
        fields = self.inputs.model_fields
        always = set(self.inputs.one_of) <= set(self.likeness) if self.inputs.one_of else False
        return not self.likeness_may_be_made and (always or any(fields[each].is_required() for each in self.likeness))

    @property
    def speaks(self) -> bool:
        """Whether a call may have a script spoken."""
        return {"script", "voice"} <= self.inputs.model_fields.keys()


AnswerT_co = TypeVar("AnswerT_co", covariant=True)
QuotedT_co = TypeVar("QuotedT_co", covariant=True)


class JobCall(Protocol[AnswerT_co, QuotedT_co]):
    """One call of a tool, as far as the tool starts a job; the server implements it."""

    async def start(self, tool: StartTool[Any], /) -> AnswerT_co:
        """Start a job of this tool's family from the call's inputs."""
        ...

    async def quote(self, tool: StartTool[Any], /) -> QuotedT_co:
        """What such a job would cost; charges nothing."""
        ...


@dataclass(frozen=True, slots=True)
class LegacyStart(Generic[InputsT]):
    """Another documented way to start the same thing, as a family of its own."""

    family: JobFamily
    to_request: Callable[[InputsT, PreparedInputs], Request]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTool(Tool[InputsT]):
    """A tool that starts a job of one family.

    `to_request` is pure: inputs and what was found for them become A2E's request, or None when this way cannot make
    it; then, and when A2E answers 404, the `older` way is taken. `estimate` says how the job is billed, from the inputs
    and the known lengths of its media in seconds. `objection` says why such a job cannot be made, before anything is
    paid; `sandbox_objection` why only the sandbox cannot make it. `caution` says at the start what cannot be changed
    later. A job `on_own_avatar` works on the record of one of the user's own avatars, so its id is known before the
    start. `family_for` says which family the job is of where that depends on the inputs, and `chosen` what was chosen
    for inputs that were left out.
    """

    effect: Effect = Effect.SPENDS
    answers: str = "job"
    page: str = "job"

    family: JobFamily
    to_request: Callable[[InputsT, PreparedInputs], Request | None]
    estimate: Callable[[InputsT, Mapping[str, float]], Estimate]
    speech: SpeechStep | None = None
    older: LegacyStart[InputsT] | None = None
    objection: Callable[[InputsT, PreparedInputs], str] = lambda _, __: ""
    sandbox_objection: Callable[[InputsT], str] = lambda _: ""
    caution: Callable[[InputsT], str] = lambda _: ""
    on_own_avatar: bool = False
    family_for: Callable[[InputsT], JobFamily] | None = None
    chosen: Callable[[InputsT], Mapping[str, str]] = lambda _: {}

    def family_of(self, inputs: InputsT) -> JobFamily:
        """The family of the job that these inputs start."""
        return self.family if self.family_for is None else self.family_for(inputs)

    async def run(self, call: JobCall[AnswerT_co, QuotedT_co]) -> AnswerT_co:
        """Start the job of a call."""
        return await call.start(self)

    async def price(self, call: JobCall[AnswerT_co, QuotedT_co]) -> QuotedT_co:
        """What the job of a call would cost."""
        return await call.quote(self)
