"""Credits, their history, and uploads."""

from __future__ import annotations

import re
from datetime import datetime

from a2e_mcp.catalogue.account import CopyRequest, HistoryQuery, UploadRequest
from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.sandbox.assets.uploads import LARGEST_UPLOAD, Permit
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.families.administration import diamonds
from a2e_mcp.sandbox.store import Transaction

_BUCKET = "3days-apac"
_SECONDS_TO_UPLOAD = 900
_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(;[ \w.+=-]*)?", re.ASCII)


async def _remaining_coins(service: Service, _: Nothing) -> Body:
    return {"coins": service.store.balance, "diamonds": diamonds(service), "sandbox": True}


async def _credits_history(service: Service, request: HistoryQuery) -> Body:
    begin, end = _moment("startDate", request.startDate), _moment("endDate", request.endDate)
    found = [
        change
        for change in service.store.transactions()
        if (request.is_consumption is None or request.is_consumption == (change.amount < 0))
        and (begin is None or change.at >= begin)
        and (end is None or change.at <= end)
    ]
    first = (request.page - 1) * request.size
    return {"rows": [_line(change) for change in found[first : first + request.size]], "count": len(found)}


def _line(change: Transaction) -> Body:
    return {
        "_id": f"00000000{change.number:016x}",
        "amount": change.amount,
        "coins": change.amount,
        "type": change.reason,
        "task_id": change.record_id or "",
        "createdAt": iso(change.at),
        "sandbox": True,
    }


def _moment(field: str, text: str | None) -> float | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise invalid(field, "not a date such as 2026-01-31T12:00:00Z") from None


async def _upload_url(service: Service, request: UploadRequest) -> Body:
    length = request.fileSize if request.contentLength is None else request.contentLength
    if length is not None and length > LARGEST_UPLOAD:
        raise invalid("fileSize", f"at most {LARGEST_UPLOAD} bytes")
    # It is sent as a header when the file is read.
    if request.contentType and not _CONTENT_TYPE.fullmatch(request.contentType):
        raise invalid("contentType", "not a media type such as image/png")
    seconds = request.expiresIn or _SECONDS_TO_UPLOAD
    key = service.files.new_upload_key(request.key)
    permit = Permit(key, int(service.clock.now()) + seconds, request.contentType or "", length)
    return {
        "uploadUrl": service.uploads.address(permit),
        "cdnUrl": service.files.url(key),
        "key": f"adam2eve/sandbox/user/{key}",
        "bucket": request.bucket or _BUCKET,
        "expiresIn": seconds,
        "coins": 0,
        "sandbox": True,
    }


async def _upload_price(_: Service, __: UploadRequest) -> int:
    """A2E charges API tokens for uploads but does not publish how much."""
    return 0


async def _copy(service: Service, request: CopyRequest) -> Body:
    stored = await service.inputs.copy(request.url, "url")
    return {"url": service.files.url(stored.key), "sandbox": True}


BEHAVIOUR = Behaviour(
    answers={
        "get_remaining_credits": _remaining_coins,
        "list_credit_history": _credits_history,
        "get_upload_url": _upload_url,
        "save_url_to_storage": _copy,
    },
    prices={"get_upload_url": _upload_price},
)
