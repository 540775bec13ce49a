"""Reading a request: the token, the body within limits, and the fields that A2E knows of it."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest

from a2e_mcp.catalogue.declaration.capability import Capability, Request
from a2e_mcp.sandbox.errors import Refusal, invalid, invalid_fields

LARGEST_BODY = 1024 * 1024

_TOKEN = re.compile(r"bearer (sk_[A-Za-z0-9_-]+|[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.IGNORECASE)
_OBJECT = TypeAdapter(dict[str, Any])


def check_token(request: HttpRequest) -> None:
    """Accept any API token or web token by its form. Raises Refusal."""
    if not _TOKEN.fullmatch(request.headers.get("authorization", "").strip()):
        raise Refusal("Unauthorized: send any token, such as sk_sandbox, as Authorization: Bearer", status=401)


async def read_members(request: HttpRequest) -> dict[str, Any]:
    """What a request says, from its query for GET and its JSON body otherwise, and from its path. Raises Refusal."""
    members = dict(request.query_params) if request.method == "GET" else await read_object(request)
    return members | request.path_params


async def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a body; an empty body is an empty object. Raises Refusal."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise Refusal(f"Sandbox: the body is larger than {LARGEST_BODY} bytes", status=413)
    except ClientDisconnect:
        raise Refusal("Sandbox: the request was interrupted") from None
    if not body.strip():
        return {}
    try:
        members = _OBJECT.validate_json(bytes(body))
        # JSON knows no NaN and no infinity, though many a parser takes them.
        json.dumps(members, allow_nan=False)
    except ValueError:
        raise invalid("body", "not a JSON object") from None
    return members


def validated(capability: Capability[Any, Any], members: dict[str, Any]) -> Request:
    """The request in the capability's own type; fields that A2E does not know are passed over. Raises Refusal."""
    # A2E reads its own spellings only, and an explicit null as left out.
    given = {name: value for name, value in members.items() if value is not None}
    try:
        request: Request = capability.request.model_validate(given, extra="ignore", by_alias=True, by_name=False)
    except ValidationError as problem:
        raise invalid_fields(problem) from None
    return request
