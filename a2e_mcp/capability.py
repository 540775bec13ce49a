"""The one idea: a capability of A2E is declared once, and everything else is derived from it.

A `Capability` is one HTTP call: where it is, what it takes, what it gives, what it does to the account.
A `JobFamily` ties the calls of one kind of job together. A `Tool` is what a model sees: its `Inputs` are ours,
plain and flat; a `StartTool` also knows how they become A2E's request.
Client call, sandbox route, validation, tool schema and docs all read these values; nobody writes a field twice.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

Method = Literal["GET", "POST", "PUT", "DELETE"]
State = Literal["queued", "running", "succeeded", "failed", "unknown"]


class Effect(StrEnum):
    """What a call does to the account."""

    READS = "reads"
    WRITES = "writes"
    SPENDS = "spends"
    DELETES = "deletes"


class Evidence(StrEnum):
    """How sure a fact about A2E is: its own docs, public code that calls it, or analogy."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    INFERRED = "inferred"


class Request(BaseModel):
    """What A2E takes, in A2E's words; an unknown field is a mistake of ours."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Reply(BaseModel):
    """What A2E gives back in `data`; fields we do not know are kept."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)


class Inputs(BaseModel):
    """What a tool takes, in our words: flat fields, each described."""

    model_config = ConfigDict(extra="forbid")


RequestT = TypeVar("RequestT", bound=Request)
ReplyT = TypeVar("ReplyT", bound=Reply)
InputsT = TypeVar("InputsT", bound=Inputs)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path; `{_id}` in the path is filled from the request's field of that alias."""

    method: Method
    path: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the placeholders in the path."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.path) if name)


@dataclass(frozen=True, slots=True)
class Capability(Generic[RequestT, ReplyT]):
    """One call of A2E's REST API.

    `older` is the spelling to try when A2E answers 404 to the first. `evidence` speaks of method, path and input,
    `reply_evidence` of the answer's fields.
    """

    name: str
    endpoint: Endpoint
    request: type[RequestT]
    reply: type[ReplyT]
    effect: Effect
    evidence: Evidence
    reply_evidence: Evidence
    about: str
    older: Endpoint | None = None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every spelling of this call, newest first."""
        return (self.endpoint,) if self.older is None else (self.endpoint, self.older)


Polling = Literal["batch", "list", "each"]
FoundAgain = Literal["by_name", "by_id", "never"]


@dataclass(frozen=True, slots=True)
class JobFamily:
    """The calls of one kind of job, and how its records are read.

    `states` maps A2E's status words to ours. `results` names the fields that may hold finished files, in order.
    `found_again` says how a start whose answer was lost is looked for: in the account's list by the name we gave it,
    by an id known beforehand, or not at all. Without a `detail` call the start's answer is already the end. `results`
    may be empty: then there is no file. Where not a file is what was wanted, `when_done` says what to do with what
    there is, as the words after "Next:". `leaves` names the field of the
    record that is true from the first success of such a job on, where a record outlives its job.
    """

    name: str
    about: str
    start: Capability[Any, Any]
    detail: Capability[Any, Any] | None
    states: Mapping[str, State]
    results: tuple[str, ...]
    polled: Polling
    found_again: FoundAgain
    typical_seconds: float
    deleting: str
    listing: Capability[Any, Any] | None = None
    batch: Capability[Any, Any] | None = None
    remove: Capability[Any, Any] | None = None
    name_fields: tuple[str, ...] = ("name", "title")
    when_done: str | None = None
    leaves: str | None = None

    @property
    def capabilities(self) -> tuple[Capability[Any, Any], ...]:
        """The calls of this family, start first."""
        calls = (self.start, self.detail, self.listing, self.batch, self.remove)
        return tuple(call for call in calls if call is not None)


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
    """Marks an input that means a language, by code or by name; with its `region` it becomes a locale such as es-MX."""

    region: bool = False


@dataclass(frozen=True, slots=True)
class SandboxOnly:
    """Marks an input that A2E has no field for."""


@dataclass(frozen=True, slots=True)
class MediaIn:
    """Marks an input that takes a file: a URL, or a path in an allowed folder.

    Durations are in seconds; `None` means A2E publishes no bound.
    """

    kinds: tuple[MediaKind, ...]
    shortest: float | None = None
    longest: float | None = None


@dataclass(frozen=True, slots=True)
class SpeechStep:
    """Marks a tool that speaks a text on the way: which inputs hold the text, the voice and the finished audio."""

    script: str = "script"
    voice: str = "voice"
    audio: str = "audio"


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
class Resolved:
    """What the start pipeline found for the marked inputs, by field name.

    `speech` is the URL of the spoken script; `lengths` are seconds, as far as they are known, `speech` among them.
    """

    title: str
    sandbox: bool = False
    avatars: Mapping[str, AvatarChoice] = field(default_factory=dict)
    backgrounds: Mapping[str, BackgroundChoice] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    speech: str | None = None
    lengths: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """How a job is billed: so many units, and the published price of one, if there is any."""

    units: float
    unit: Literal["second", "item"]
    credits_each: float | None
    source: str


Toolset = Literal["jobs", "account", "video", "image", "voices", "avatars", "streaming", "admin"]


@dataclass(frozen=True, slots=True)
class Tool(Generic[InputsT]):
    """What a model sees: name, title, one sentence, inputs, effect."""

    name: str
    title: str
    about: str
    inputs: type[InputsT]
    effect: Effect
    toolset: Toolset


@dataclass(frozen=True, slots=True)
class OlderWay(Generic[InputsT]):
    """Another documented way to start the same thing, as a family of its own."""

    family: JobFamily
    to_request: Callable[[InputsT, Resolved], Request]


@dataclass(frozen=True, slots=True)
class StartTool(Tool[InputsT]):
    """A tool that starts a job of one family.

    `to_request` is pure: inputs and what was found for them become A2E's request, or None when this way cannot make
    it; then, and when A2E answers 404, the `older` way is taken. `estimate` says how the job is
    billed, from the inputs and the known lengths of its media in seconds. `likeness` names the inputs that carry a
    person's face or voice: when one is given, consent is asked for. `when_refused` says what to do when A2E refuses
    such a job, where the inputs tell a likely reason.
    """

    family: JobFamily
    to_request: Callable[[InputsT, Resolved], Request | None]
    estimate: Callable[[InputsT, Mapping[str, float]], Estimate]
    likeness: tuple[str, ...] = ()
    speech: SpeechStep | None = None
    older: OlderWay[InputsT] | None = None
    when_refused: Callable[[InputsT, Resolved], str] = lambda _, __: ""
