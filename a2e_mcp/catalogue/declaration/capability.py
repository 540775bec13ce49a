"""The one idea: a capability of A2E is declared once, and everything else is derived from it.

A `Capability` is one HTTP call: where it is, what it takes, what it gives, what it does to the account.
A `JobFamily` ties the calls of one kind of job together. A `Tool` is what a model sees: its `Inputs` are ours,
plain and flat; a `StartTool` also knows how they become A2E's request.
Client call, sandbox route, validation, tool schema and docs all read these values; no field is written twice.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Generic, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, model_validator

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
    """What A2E takes, in A2E's words; unknown fields are refused, since they would be a bug."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Reply(BaseModel):
    """What A2E answers in `data`; unknown fields are kept.

    Where a field has several spellings, the first that is filled is read.
    """

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _first_filled(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        hidden: set[str] = set()
        for names in _alternatives(cls):
            empty = {name for name in names if name in value and _is_empty(value[name])}
            if empty and any(name in value and name not in empty for name in names):
                hidden |= empty
        return {name: item for name, item in value.items() if name not in hidden} if hidden else value


@cache
def _alternatives(model: type[BaseModel]) -> tuple[tuple[str, ...], ...]:
    """The spellings of each field that has several."""
    aliases = (field.validation_alias for field in model.model_fields.values())
    return tuple(
        tuple(name for name in alias.choices if isinstance(name, str))
        for alias in aliases
        if isinstance(alias, AliasChoices)
    )


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


RequestT = TypeVar("RequestT", bound=Request)
ReplyT = TypeVar("ReplyT", bound=Reply)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path; `{_id}` in the path is filled from the request's field of that alias."""

    method: Method
    path: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the placeholders in the path."""
        return _placeholders(self.path)


@cache
def _placeholders(path: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in string.Formatter().parse(path) if name)


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """Where A2E's own menu documents a call, in its spelling, and the tool that reaches it.

    The tool is named only where it does not follow from the call's part in a job family.
    """

    group: str
    label: str
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Capability(Generic[RequestT, ReplyT]):
    """One call of A2E's REST API.

    `older` is the spelling to try when A2E answers 404 to the first. `evidence` covers method, path and input,
    `reply_evidence` the fields of the answer. `always` is sent with every such call, whatever the request says. A call
    with a `webhook` takes an address that A2E calls once when the job has ended.
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
    menu: MenuEntry | None = None
    always: Mapping[str, Any] = field(default_factory=dict)
    webhook: bool = False

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every spelling of this call, newest first."""
        return (self.endpoint,) if self.older is None else (self.endpoint, self.older)


Polling = Literal["batch", "list", "each"]
Recovery = Literal["by_name", "by_id", "never"]


@dataclass(frozen=True, slots=True)
class JobFamily:
    """The calls of one kind of job, and how its records are read.

    `states` maps A2E's status words to ours. `results` names the fields that may hold finished files, in order.
    `recovery` says how a start whose answer was lost is looked for: in the account's list by the name we gave it,
    by an id known beforehand, or not at all. Without a `detail` call a job is looked for in the list; without a
    `listing` as well the start's answer is already the end. `results` may be empty: then there is no file. Where not a
    file is what was wanted, `next_step` says what to do with what there is, as the words after "Next:".
    `success_field` names the field of the record that is true from the first success of such a job on, where a record
    outlives its job. `gives_name` says that the jobs make or improve an avatar or a voice, which other inputs then
    name. A family that is `listed_when_used` is asked for its list only where this computer has started such jobs, or
    when it is named.
    """

    name: str
    about: str
    start: Capability[Any, Any]
    detail: Capability[Any, Any] | None
    states: Mapping[str, State]
    results: tuple[str, ...]
    polled: Polling
    recovery: Recovery
    typical_seconds: float
    delete_note: str
    listing: Capability[Any, Any] | None = None
    batch: Capability[Any, Any] | None = None
    remove: Capability[Any, Any] | None = None
    name_fields: tuple[str, ...] = ("name", "title")
    next_step: str | None = None
    success_field: str | None = None
    gives_name: bool = False
    listed_when_used: bool = False

    @property
    def ends_at_start(self) -> bool:
        """Whether A2E cannot be asked about a job later."""
        return self.detail is None and self.listing is None

    @property
    def capabilities(self) -> tuple[Capability[Any, Any], ...]:
        """The calls of this family, start first."""
        calls = (self.start, self.detail, self.listing, self.batch, self.remove)
        return tuple(call for call in calls if call is not None)
