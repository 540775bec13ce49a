"""A2E as a typed async client: one `call()` with authentication, envelope, retries and a typed reply.

    async with A2EClient(token) as a2e:
        credits = await a2e.call(account.GET_CREDITS, Nothing())

A request that may be charged is sent again only when it certainly did not leave: A2E has no idempotency key.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

import anyio
import httpx2
from pydantic import SecretStr, ValidationError

from a2e_mcp.catalogue.capability import Capability, Effect, Endpoint, Evidence, ReplyT, Request, RequestT
from a2e_mcp.client.trace import Trace
from a2e_mcp.errors import (
    AnswerLost,
    Charged,
    NotEnoughCredits,
    NotFound,
    Refused,
    ServiceError,
    Unauthorized,
    Unreachable,
    Unreadable,
)

_ATTEMPTS = 3
_WORTH_RETRYING = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_RETRY_AFTER = 20.0
_LARGEST_ANSWER = 16 * 2**20
_SHORTEST_SECRET = 8
_GAVE_UP = frozenset({408, 499})
"""Somebody on the way stopped waiting; A2E may have gone on."""
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
_OUT_OF_CREDITS = re.compile(
    r"(insufficient|not enough|lack|run out)[^.]*(coin|credit|balance|diamond)"
    r"|(coin|credit|balance)s?[^.]*(insufficient|not enough)",
    re.IGNORECASE,
)
_ABOUT_TOKEN = re.compile(r"token|auth|api.?key|log.?in|permission|forbidden", re.IGNORECASE)
_MODERATION = {"1003": "A minor was detected; this is final", "1004": "A minor is suspected"}


class A2EClient:
    """A typed client for A2E; an async context manager.

    `transport` replaces the network, for the sandbox and for tests; `pause` replaces waiting between attempts.
    """

    def __init__(
        self,
        token: str | SecretStr,
        *,
        base_url: str = "https://video.a2e.ai",
        transport: httpx2.AsyncBaseTransport | None = None,
        timeout: float = 40.0,
        trace: Trace | None = None,
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._token = token if isinstance(token, SecretStr) else SecretStr(token)
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            transport=transport,
            timeout=httpx2.Timeout(timeout, connect=10.0),
            headers={"x-lang": "en-US", "accept": "application/json"},
            follow_redirects=False,
            trust_env=transport is None,
        )
        self._trace = trace
        self._pause = pause
        self._older: set[str] = set()

    async def __aenter__(self) -> A2EClient:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def call(
        self, capability: Capability[RequestT, ReplyT], request: RequestT, *, attempts: int = _ATTEMPTS
    ) -> ReplyT:
        """Make one call and read its answer; `attempts` is how often it may be sent.

        Raises Unauthorized, Refused (NotFound, NotEnoughCredits), Unreachable, or AnswerLost; for a call that
        spends, AnswerLost means that it may have been charged.
        """
        try:
            data = await self._answer(capability, request, attempts)
        except Refused as problem:
            problem.sent = request.model_dump(mode="json", by_alias=True, exclude_none=True)
            raise
        try:
            return capability.reply.model_validate(data)
        except ValidationError as problem:
            raise _unreadable(capability, data, problem) from None

    async def _answer(self, capability: Capability[Any, Any], request: Request, attempts: int) -> object:
        endpoints = capability.endpoints
        if capability.name in self._older:
            endpoints = endpoints[1:]
        for endpoint in endpoints[:-1]:
            try:
                return await self._try(capability, endpoint, request, attempts)
            except NotFound:
                continue
        data = await self._try(capability, endpoints[-1], request, attempts)
        if len(capability.endpoints) > 1 and endpoints[-1] is capability.older:
            self._older.add(capability.name)
        return data

    async def _try(
        self, capability: Capability[Any, Any], endpoint: Endpoint, request: Request, attempts: int
    ) -> object:
        safe = capability.effect is Effect.READS
        for attempt in range(1, attempts + 1):
            wait = 0.4 * 3 ** (attempt - 1) * random.uniform(0.75, 1.25)
            try:
                status, headers, body = await self._send(capability, endpoint, request)
            except _NOT_SENT as problem:
                if attempt == attempts:
                    raise _unreachable(self._http.base_url.host, problem) from None
            except httpx2.HTTPError as problem:
                if not safe or attempt == attempts:
                    raise _lost(capability, f"the connection broke ({type(problem).__name__})") from None
            else:
                if not safe or status not in _WORTH_RETRYING or attempt == attempts:
                    return _open_envelope(capability, status, body)
                wait = _retry_after(headers) or wait
            await self._pause(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _send(
        self, capability: Capability[Any, Any], endpoint: Endpoint, request: Request
    ) -> tuple[int, httpx2.Headers, bytes]:
        values = request.model_dump(mode="json", by_alias=True, exclude_none=True)
        path = endpoint.path.format(**{name: quote(str(values.pop(name)), safe="") for name in endpoint.parameters})
        http_request = self._http.build_request(
            endpoint.method,
            path,
            params=_query(values) if endpoint.method == "GET" else None,
            json=values if endpoint.method in ("POST", "PUT") else None,
            headers={"authorization": f"Bearer {self._token.get_secret_value()}"},
        )
        started = time.monotonic()
        status: int | None = None
        body = b""
        try:
            response = await self._http.send(http_request, stream=True)
            try:
                status = response.status_code
                body = await _read(response)
            finally:
                await response.aclose()
            return status, response.headers, self._without_token(body)
        finally:
            if self._trace is not None:
                self._trace.add(
                    name=capability.name,
                    method=endpoint.method,
                    path=endpoint.path,
                    status=status,
                    seconds=time.monotonic() - started,
                    body=_json_or_none(body),
                )

    def _without_token(self, body: bytes) -> bytes:
        """An answer that repeats the token would carry it into messages and into the ledger."""
        token = self._token.get_secret_value().encode()
        return body.replace(token, b"[token]") if len(token) >= _SHORTEST_SECRET else body


async def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise httpx2.ReadError("the answer is larger than 16 MB")
    return bytes(body)


def _query(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in values.items()}


def _json_or_none(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _retry_after(headers: httpx2.Headers) -> float | None:
    text = headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_AFTER) if text.isascii() and text.isdigit() else None


def _open_envelope(capability: Capability[Any, Any], status: int, body: bytes) -> object:
    """The `data` of an answer; both published envelopes are read (code 0, and success true)."""
    answer = _json_or_none(body)
    if not isinstance(answer, dict):
        if 400 <= status < 500 and status not in _GAVE_UP:
            raise _refusal(capability, status, {})
        raise _lost(capability, f"the answer was not readable (HTTP {status})", status, body)
    code, success = answer.get("code"), answer.get("success")
    if code in (0, "0") or (status < 300 and success is True and code in (None, 200, "200")):
        return answer.get("data")
    says_no = success is False or (success is None and code not in (None, 200, "200"))
    if status >= 500 or status in _GAVE_UP or 300 <= status < 400 or (status < 300 and not says_no):
        # A crash may come after the charge; only an answer that says no is a refusal.
        what = f"A2E failed with HTTP {status}: {_message(answer) or 'no reason given'}"
        raise _lost(capability, what, status, body, _trace_id(answer))
    raise _refusal(capability, status, answer)


def _trace_id(answer: Mapping[str, Any]) -> str | None:
    trace_id = answer.get("trace_id")
    return trace_id[:100] if isinstance(trace_id, str) and trace_id else None


def _message(answer: Mapping[str, Any]) -> str:
    for name in ("msg", "message", "error", "errors"):
        if answer.get(name):
            text = answer[name] if isinstance(answer[name], str) else json.dumps(answer[name], ensure_ascii=False)
            return text[:500]
    return ""


def _refusal(capability: Capability[Any, Any], status: int, answer: Mapping[str, Any]) -> ServiceError:
    code = answer.get("code")
    message = _message(answer)
    known: dict[str, Any] = {
        "trace_id": _trace_id(answer),
        "code": code if isinstance(code, int | str) else None,
        "status": status,
    }
    unsure = _doubt(capability)
    if (
        status == 401
        or code in (401, "401")
        or (_is_forbidden(status, code) and _ABOUT_TOKEN.search(message or "auth"))
    ):
        return Unauthorized(
            "A2E did not accept the token",
            hint="Copy it again from video.a2e.ai > Account > API Token into A2E_API_TOKEN, then restart this server",
            **known,
        )
    if str(code) in _MODERATION:
        return Refused(f"{_MODERATION[str(code)]} (A2E code {code}: {message})", **known)
    if _OUT_OF_CREDITS.search(message):
        return NotEnoughCredits(
            f"Not enough credits: {message}", hint="Add credits at video.a2e.ai, or make the job smaller", **known
        )
    if status == 404 or code in (404, "404"):
        what = (
            "A2E knows no such record" if "id" in capability.request.model_fields else "A2E may have retired this call"
        )
        return NotFound(f"{what} ({capability.name}: {message or 'HTTP 404'})", hint=unsure, **known)
    if status == 429 or code in (429, "429"):
        return Refused("A2E is busy (HTTP 429)", hint="Try again in a minute", **known)
    return Refused(f"A2E refused {capability.name}: {message or f'HTTP {status}, code {code}'}", hint=unsure, **known)


def _is_forbidden(status: int, code: object) -> bool:
    return (status == 403 and code in (403, "403", None)) or code in (403, "403")


def _doubt(capability: Capability[Any, Any]) -> str:
    return "This call was never confirmed against A2E" if capability.evidence is Evidence.INFERRED else ""


def _unreachable(host: str, problem: Exception) -> Unreachable:
    return Unreachable(
        f"{host} cannot be reached ({type(problem).__name__})",
        hint="Check the network and A2E_BASE_URL, then try again",
    )


def _lost(
    capability: Capability[Any, Any],
    what: str,
    status: int | None = None,
    body: bytes = b"",
    trace_id: str | None = None,
    *,
    kind: type[AnswerLost] = AnswerLost,
) -> AnswerLost:
    spends = capability.effect is Effect.SPENDS
    return kind(
        f"{capability.name}: {what}",
        charged=Charged.UNKNOWN if spends else Charged.NOTHING,
        hint="" if spends else "Try again in a minute",
        trace_id=trace_id,
        status=status,
        raw=body[:4096].decode("utf-8", "replace"),
    )


def _unreadable(capability: Capability[Any, Any], data: object, problem: ValidationError) -> AnswerLost:
    fields = ", ".join(sorted({".".join(str(part) for part in each["loc"]) or "answer" for each in problem.errors()}))
    never = " This call was never confirmed against A2E." if capability.reply_evidence is Evidence.INFERRED else ""
    raw = json.dumps(data, ensure_ascii=False, default=str)[:4096]
    what = f"the answer has an unknown shape ({fields[:200]}).{never}"
    return _lost(capability, what, body=raw.encode("utf-8", "replace"), kind=Unreadable)
