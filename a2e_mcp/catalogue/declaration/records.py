"""Shapes that every section of A2E's menu shares: ids, pages, job records, and the types that read them leniently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import (
    AliasChoices,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from a2e_mcp.catalogue.declaration.capability import Reply, Request, State
from a2e_mcp.catalogue.declaration.values import (
    Amount,
    Id,
    Moment,
    Number,
    Reason,
    Text,
    Yes,
    addresses_in,
    as_text,
    is_empty,
    text_or_none,
)

HexId = Annotated[str, Field(pattern="^[a-fA-F0-9]{24}$")]


class Nothing(Request):
    """No parameters."""


class ById(Request):
    """One record's id."""

    id: HexId = Field(validation_alias="_id", serialization_alias="_id", description="Record id (24 hex)")


class ByIds(Request):
    """Several records' ids, at most 200."""

    ids: list[HexId] = Field(max_length=200)


class PageRequest(Request):
    """A page of a list; pages count from 1."""

    page: int = Field(default=1, validation_alias="pageNum", serialization_alias="pageNum", ge=1)
    size: int = Field(default=10, validation_alias="pageSize", serialization_alias="pageSize", ge=1, le=100)


class ByPlainId(Request):
    """One record's id, in the calls whose path names it without an underscore."""

    id: HexId = Field(description="Record id (24 hex)")


class NumberedPage(Request):
    """A page of a list, in the other of A2E's two spellings."""

    page: int = Field(default=1, ge=1)
    size: int = Field(default=10, validation_alias="page_size", serialization_alias="page_size", ge=1, le=100)


class Opaque(Reply):
    """An answer whose shape A2E does not publish."""

    value: Any = None

    @model_validator(mode="wrap")
    @classmethod
    def _anything(cls, value: object, handler: ModelWrapValidatorHandler[Opaque]) -> Opaque:
        return handler({"value": value})


RowT = TypeVar("RowT", bound=Reply)


_LIST_NAMES = ("rows", "data", "list", "records")


class Rows(Reply, Generic[RowT]):
    """A list in any of the shapes A2E uses: `rows`, `data`, `list`, `records`, or a bare array.

    Rows that cannot be read are left out and counted in `skipped`; an answer without a list is unreadable.
    """

    rows: list[RowT]
    count: Number = None

    skips_unreadable: ClassVar[bool] = True
    _skipped: int = PrivateAttr(default=0)

    @model_validator(mode="wrap")
    @classmethod
    def _any_shape(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        shaped = _with_rows(value)
        try:
            return handler(shaped)
        except ValidationError as problem:
            broken = {
                error["loc"][1] for error in problem.errors() if error["loc"][:1] == ("rows",) and error["loc"][1:]
            }
            given = shaped.get("rows") if isinstance(shaped, Mapping) else None
            if not cls.skips_unreadable or not isinstance(given, list) or len(broken) >= len(given):
                raise
            reply = handler({**shaped, "rows": [row for number, row in enumerate(given) if number not in broken]})
            reply._skipped = len(broken)
            return reply

    @property
    def skipped(self) -> int:
        """How many rows could not be read."""
        return self._skipped


def _with_rows(value: object) -> Any:
    """A list in the shape of `Rows`; whatever holds no list is given back as it is, and is then refused."""
    if isinstance(value, list):
        return {"rows": value}
    if not isinstance(value, Mapping):
        return value
    listed = next((name for name in _LIST_NAMES if isinstance(value.get(name), list)), None)
    if listed is not None:
        return {**value, "rows": value[listed]}
    if "_id" in value:
        return {"rows": [value]}
    if isinstance(value.get("data"), Mapping):
        return _with_rows(value["data"])
    is_said_empty = value.get("count") in (0, "0") and any(name in value for name in _LIST_NAMES)
    return {**value, "rows": []} if is_said_empty else value


class JobRecord(Reply):
    """A job as A2E reports it; `raw` is the record exactly as it came through the client.

    Id, status, error and credits are read through every spelling seen in A2E's docs and in public clients.
    """

    id: Id = Field(validation_alias=AliasChoices("_id", "id", "task_id"))
    status: Reason = Field(default=None, validation_alias=AliasChoices("current_status", "status"))
    progress: Number = Field(default=None, validation_alias=AliasChoices("process", "progress"))
    error: Reason = Field(
        default=None, validation_alias=AliasChoices("failed_message", "faild_message", "error_message", "error", "msg")
    )
    error_code: Text = Field(default=None, validation_alias=AliasChoices("failed_code", "error_code"))
    credits: Amount = Field(default=None, validation_alias=AliasChoices("coins", "coin", "cost_coins"))
    refunded: Yes = Field(default=None, validation_alias="hasRefundCoin")
    created: Moment = Field(default=None, validation_alias=AliasChoices("createdAt", "created_at"))
    note: Text = Field(default=None, validation_alias="sandbox_note")

    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_raw(cls, value: object, handler: ModelWrapValidatorHandler[JobRecord]) -> JobRecord:
        # Starting several at once answers with an array, at times even for one record.
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        record = handler(value)
        if isinstance(value, Mapping):
            record._raw = dict(value)
        return record

    @property
    def raw(self) -> Mapping[str, Any]:
        """The record as A2E sent it."""
        return self._raw

    @property
    def word(self) -> str:
        """The status word, to look up in a family's states; empty when A2E gave none."""
        return (self.status or "").casefold()

    @property
    def failure(self) -> str | None:
        """What the fields say that are filled only when a job has failed."""
        found = (as_text(self._raw.get(name)) for name in _FAILURE_FIELDS)
        reason = next((text for text in found if text and text.casefold() not in _NO_FAILURE), None)
        code = self.error_code if (self.error_code or "").casefold() not in _NO_FAILURE else None
        return reason or (f"A2E gave only the code {code}" if code else None)

    def first_text(self, names: tuple[str, ...]) -> str | None:
        """The first of these fields that holds text."""
        return next((text for name in names if (text := text_or_none(self._raw.get(name)))), None)

    def urls(self, names: tuple[str, ...]) -> list[str]:
        """Every address in these fields, in order, without repeats."""
        return list(dict.fromkeys(url for name in names for url in addresses_in(self._raw.get(name))))

    def without_address(self, names: tuple[str, ...]) -> str | None:
        """What the first filled one of these fields holds, as text."""
        filled = (self._raw.get(name) for name in names)
        return next((as_text(value) for value in filled if not is_empty(value)), None)


_FAILURE_FIELDS = (
    *("failed_message", "faild_message", "error_message", "error"),
    *("failedMessage", "errorMessage", "error_msg", "errorMsg", "err_msg", "errMsg"),
    *("fail_reason", "failReason", "failed_reason", "failure_reason", "failureReason", "failure"),
)
# What fields of failure hold where nothing has failed.
_NO_FAILURE = frozenset({"", "0", "200", "ok", "none", "null", "false", "success", "undefined", "no error"})


class StartedJobs(Rows[JobRecord]):
    """One or several jobs that a start answered with; each is charged, so none may be left out."""

    skips_unreadable: ClassVar[bool] = False


# Words that most families use, with the synonyms seen in public clients; a word not listed reads as running.
COMMON_STATES: Mapping[str, State] = {
    "initialized": "queued",
    "sent": "queued",
    "pending": "queued",
    "pendding": "queued",
    "queued": "queued",
    "processing": "running",
    "running": "running",
    "completed": "succeeded",
    "succeeded": "succeeded",
    "success": "succeeded",
    "done": "succeeded",
    "failed": "failed",
    "fail": "failed",
    "error": "failed",
    "canceled": "failed",
    "cancelled": "failed",
    "rejected": "failed",
    "aborted": "failed",
    "timeout": "failed",
    "timed_out": "failed",
}

_PARTS_OF_A_WORD = re.compile(r"[\W_]+")
_ENDED_BADLY = frozenset(
    {
        *("fail", "failed", "failure", "error", "errored", "exception", "abort", "aborted", "killed", "crashed"),
        *("expired", "rejected", "denied", "blocked", "timeout", "violation", "cancelled", "canceled"),
        *("失败", "失敗", "异常", "错误"),
    }
)
_ENDED_WELL = frozenset({"successful", "succeed", "complete", "finished", "finish", "成功", "完成"})
# Beside one of these a word of an end says that it is not one yet.
_NOT_YET = frozenset(
    {
        *("no", "not", "non", "without", "free", "partial", "partially", "retry", "retrying", "recovering", "pending"),
        *("queued", "waiting", "processing", "running"),
    }
)


def state_of_word(states: Mapping[str, State], word: str) -> State | None:
    """The state that a status word means, also with signs around it or words beside it; None for an unknown one."""
    if word in states:
        return states[word]
    parts = [part for part in _PARTS_OF_A_WORD.split(word) if part]
    plain = "_".join(parts)
    if plain in states:
        return states[plain]
    if not parts or not _NOT_YET.isdisjoint(parts):
        return None
    if parts[0] in _ENDED_BADLY or parts[-1] in _ENDED_BADLY:
        return "failed"
    return "succeeded" if plain in _ENDED_WELL else None
