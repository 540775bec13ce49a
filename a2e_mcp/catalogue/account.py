"""Credits, prices and uploads: what the account has, what a job would cost, and where files go.

Source: A2E docs menu "Miscellaneous" and the newest developer spec. The answer fields of quote and credit history are
not published, so they are read through a list of likely spellings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, Field, model_validator

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, MenuEntry, Reply, Request
from a2e_mcp.catalogue.declaration.records import Nothing, PageRequest, Rows
from a2e_mcp.catalogue.declaration.values import Address, Amount, Balance, Number, OneAddress, Text, addresses_in

_AMOUNTS = (
    "coins",
    "credits",
    "cost",
    "price",
    "amount",
    "total",
    "totalCoins",
    "total_coins",
    "estimatedCoins",
    "estimated_coins",
    "requiredCoins",
)


class Credits(Reply):
    """The balance; A2E answers with a number or an object."""

    credits: Balance = Field(validation_alias=AliasChoices("coins", "credits", "remainingCoins"))
    diamonds: Number = None

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, value: object) -> object:
        if isinstance(value, Mapping):
            inner = value.get("remainingCoins")
            return {**value, **inner} if isinstance(inner, Mapping) else value
        return {"coins": value}


class QuoteRequest(Request):
    """A start call and its body, as it would be sent."""

    endpoint: str = Field(max_length=200)
    requestBody: dict[str, Any]


class Quote(Reply):
    """A price; `credits` is None when no field of the answer is understood."""

    credits: Amount = Field(default=None, validation_alias=AliasChoices(*_AMOUNTS))
    validated: bool | None = Field(default=None, validation_alias="generationRequestValidated")

    @model_validator(mode="before")
    @classmethod
    def _any_depth(cls, value: object) -> object:
        if isinstance(value, int | float | str):
            return {"coins": value}
        if isinstance(value, Mapping) and isinstance(value.get("quote"), Mapping):
            return {**value, **value["quote"]}
        return value


class CreditChange(Reply):
    """One line of the credit history; negative amounts were spent."""

    amount: Number = Field(default=None, validation_alias=AliasChoices("amount", "coins", "change"))
    reason: Text = Field(default=None, validation_alias=AliasChoices("type", "reason", "remark", "description"))
    created: Text = Field(default=None, validation_alias="createdAt")


class HistoryQuery(PageRequest):
    """A page of the credit history; dates are ISO 8601."""

    is_consumption: bool | None = None
    startDate: str | None = Field(default=None, max_length=40)
    endDate: str | None = Field(default=None, max_length=40)


class UploadRequest(Request):
    """A file to be uploaded: name, type and size in bytes."""

    key: str = Field(min_length=1, max_length=300)
    bucket: str | None = Field(default=None, max_length=60)
    urlPrefix: str | None = Field(default=None, max_length=60)
    cdnDomain: str | None = Field(default=None, max_length=200)
    expiresIn: int | None = Field(default=None, ge=60, le=86400)
    contentType: str | None = Field(default=None, max_length=100)
    fileSize: int | None = Field(default=None, ge=0)
    contentLength: int | None = Field(default=None, ge=0)


class CopyRequest(Request):
    """A file's address."""

    url: str = Field(min_length=1, max_length=4096)


class StoredCopy(Reply):
    """Where the copy is; A2E answers with the address or an object."""

    url: Address

    @model_validator(mode="before")
    @classmethod
    def _bare_address(cls, value: object) -> object:
        found = addresses_in(value)
        return {**(value if isinstance(value, Mapping) else {}), "url": found[0] if found else None}


class PresignedUpload(Reply):
    """Where to PUT the bytes (without the token) within so many seconds, and the address they have afterwards."""

    upload_url: Address = Field(validation_alias="uploadUrl")
    public_url: OneAddress = Field(default=None, validation_alias=AliasChoices("cdnUrl", "cdn_url", "url"))
    key: Text = None
    expires_in: Number = Field(default=None, validation_alias="expiresIn")


GET_CREDITS = Capability(
    name="get_remaining_credits",
    endpoint=Endpoint("GET", "/api/v1/user/remainingCoins"),
    request=Nothing,
    reply=Credits,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Get the number of credits left.",
    menu=MenuEntry("Miscellaneous", "Get User Remaining Credits", tool="get_credits"),
)

QUOTE = Capability(
    name="quote_generation",
    endpoint=Endpoint("POST", "/api/v1/generation/quote"),
    request=QuoteRequest,
    reply=Quote,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Get the price of a start call; starts and charges nothing.",
)

CREDIT_HISTORY = Capability(
    name="list_credit_history",
    endpoint=Endpoint("GET", "/api/v1/transactionRecord/creditsHistory"),
    request=HistoryQuery,
    reply=Rows[CreditChange],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Credits spent and received.",
)

UPLOAD_URL = Capability(
    name="get_upload_url",
    endpoint=Endpoint("POST", "/api/v1/r2/upload-presigned-url"),
    older=Endpoint("POST", "/api/v1/r2/get_upload_presigned_url"),
    request=UploadRequest,
    reply=PresignedUpload,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Get a URL to upload a file to; charged for API tokens, the amount is not published.",
    menu=MenuEntry("Miscellaneous", "Get R2 Upload Presigned URL", tool="upload_file"),
)

COPY_URL = Capability(
    name="save_url_to_storage",
    endpoint=Endpoint("POST", "/api/v1/tos/transferToStorage"),
    request=CopyRequest,
    reply=StoredCopy,
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Copy a file from an address into A2E's storage.",
    menu=MenuEntry("Miscellaneous", "Save URL to A2E's storage", tool="copy_url_to_storage"),
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (GET_CREDITS, QUOTE, CREDIT_HISTORY, UPLOAD_URL, COPY_URL)
