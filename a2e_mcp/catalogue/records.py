"""Shapes that every section of A2E's menu shares: ids, pages, job records, and the types that read them leniently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AliasChoices, BeforeValidator, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from a2e_mcp.catalogue.capability import Reply, Request, State


def _text_or_none(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number_or_none(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _yes_or_none(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [item for item in value if isinstance(item, str) and item] if isinstance(value, list) else []


# A2E's answers mix "0" with 0, "" with null; a field that carries no load is read, never insisted on.
Text = Annotated[str | None, BeforeValidator(_text_or_none)]
Number = Annotated[float | None, BeforeValidator(_number_or_none)]
Yes = Annotated[bool | None, BeforeValidator(_yes_or_none)]
Texts = Annotated[list[str], BeforeValidator(_texts)]

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


class Opaque(Reply):
    """An answer whose shape A2E does not publish."""

    value: Any = None

    @model_validator(mode="wrap")
    @classmethod
    def _anything(cls, value: object, handler: ModelWrapValidatorHandler[Opaque]) -> Opaque:
        return handler({"value": value})


RowT = TypeVar("RowT", bound=Reply)


class Rows(Reply, Generic[RowT]):
    """A list in any of the shapes A2E uses: `rows`, `data`, `list`, or a bare array."""

    rows: list[RowT] = Field(default_factory=list)
    count: Number = None

    @model_validator(mode="before")
    @classmethod
    def _any_shape(cls, value: object) -> object:
        if value is None:
            return {"rows": []}
        if isinstance(value, list):
            return {"rows": value}
        if isinstance(value, Mapping):
            for name in ("rows", "data", "list", "records"):
                if isinstance(value.get(name), list):
                    return {**value, "rows": value[name]}
            if "_id" in value:
                return {"rows": [value]}
        return value


class JobRecord(Reply):
    """A job as A2E reports it; `raw` is the record exactly as A2E sent it.

    Id, status, error and credits are read through every spelling seen in A2E's docs and in public clients.
    """

    id: str = Field(validation_alias=AliasChoices("_id", "id", "task_id"))
    status: Text = Field(default=None, validation_alias=AliasChoices("current_status", "status"))
    progress: Number = Field(default=None, validation_alias=AliasChoices("process", "progress"))
    error: Text = Field(
        default=None, validation_alias=AliasChoices("failed_message", "faild_message", "error_message", "error", "msg")
    )
    error_code: Text = Field(default=None, validation_alias=AliasChoices("failed_code", "error_code"))
    credits: Number = Field(default=None, validation_alias=AliasChoices("coins", "coin", "cost_coins"))
    refunded: Yes = Field(default=None, validation_alias="hasRefundCoin")
    created: Text = Field(default=None, validation_alias=AliasChoices("createdAt", "created_at"))
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

    def first_text(self, names: tuple[str, ...]) -> str | None:
        """The first of these fields that holds text."""
        return next((text for name in names if (text := _text_or_none(self._raw.get(name)))), None)

    def urls(self, names: tuple[str, ...]) -> list[str]:
        """Every address in these fields, in order, without repeats."""
        found = [
            url for name in names for url in _texts(self._raw.get(name)) if url.startswith(("http://", "https://"))
        ]
        return list(dict.fromkeys(found))


class StartedJobs(Rows[JobRecord]):
    """One or several jobs that a start answered with."""


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
}
