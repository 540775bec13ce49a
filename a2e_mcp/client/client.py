"""A2E as a typed async client: one `call()` with authentication, envelope, retries and a typed reply.

    async with A2EClient(token) as a2e:
        credits = await a2e.call(account.GET_CREDITS, Nothing())

A request that may be charged is retried only when it certainly did not leave: A2E has no idempotency key.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import quote

import anyio
import httpx2
from opentelemetry.trace import Span, SpanKind, StatusCode, get_tracer, use_span
from pydantic import SecretBytes, SecretStr, ValidationError

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, ReplyT, Request, RequestT
from a2e_mcp.client.body import json_or_none
from a2e_mcp.client.envelope import lost, open_envelope, unreadable
from a2e_mcp.client.http_dates import http_date, retry_after, retry_hint
from a2e_mcp.client.trace import Trace
from a2e_mcp.client.turns import AtOnce, Turns
from a2e_mcp.errors import NotFound, ServiceError, Unauthorized, Unreachable
from a2e_mcp.network import Internet, reason_of

_ATTEMPTS = 3
_WORTH_RETRYING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523})
_BUSY = 429
_LONGEST_WAIT = 20.0
"""Seconds, where no call is waiting that has a deadline of its own."""
_SPARE_SECONDS = 2.0
_MEGABYTE = 2**20
_LARGEST_ANSWER = 16 * _MEGABYTE
_SHORTEST_SECRET = 8
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.ProxyError,
)


RENEWAL = "Copy it again from video.a2e.ai > Account > API Token into A2E_API_TOKEN, then restart this server"
_tracer = get_tracer("a2e-mcp")


class Webhook(NamedTuple):
    """Where A2E says once that a job has ended, and the token by which its call is known."""

    url: str
    token: str


class _Sending(NamedTuple):
    """How a request is sent; `before` is awaited each time just before it leaves."""

    attempts: int
    webhook: Webhook | None
    before: Callable[[], Awaitable[None]] | None


OnRequest = Callable[[str, int | None, float], None]
"""Is called after each request with the call's name, the HTTP status (None without an answer), and the seconds."""


class _TooLarge(Exception):
    """The answer is larger than any that A2E sends."""


class A2EClient:
    """A typed client for A2E; an async context manager.

    `transport` replaces the network, for the sandbox and for tests; `pause` replaces waiting between attempts,
    `now` the clock; `on_request` is called after each request; with `turns` each waits for its own. Making one raises
    SettingsError when the environment's proxy or certificates cannot be used.
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
        now: Callable[[], float] = time.time,
        on_request: OnRequest = lambda _, __, ___: None,
        turns: Turns | None = None,
        renewal: str = RENEWAL,
    ) -> None:
        """`renewal` is what to do when A2E does not accept the token."""
        secret = token.get_secret_value() if isinstance(token, SecretStr) else token
        self._secret = SecretBytes(secret.encode()) if len(secret) >= _SHORTEST_SECRET else None
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            transport=transport or Internet().ready_for(base_url),
            timeout=httpx2.Timeout(timeout, connect=10.0),
            headers={"x-lang": "en-US", "accept": "application/json", "authorization": f"Bearer {secret}"},
            follow_redirects=False,
            trust_env=False,
        )
        self._trace = trace
        self._on_request = on_request
        self._turns = turns or AtOnce()
        self._pause = pause
        self._now = now
        self._older: set[str] = set()
        self._addresses: dict[str, httpx2.URL] = {}
        self._ahead: float | None = None
        self._renewal = renewal

    async def __aenter__(self) -> A2EClient:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    def time_there(self) -> float | None:
        """The time by A2E's clock, in seconds since 1970; None until an answer has told it."""
        return None if self._ahead is None else self._now() + self._ahead

    async def call(
        self,
        capability: Capability[RequestT, ReplyT],
        request: RequestT,
        *,
        attempts: int = _ATTEMPTS,
        webhook: Webhook | None = None,
        before_sending: Callable[[], Awaitable[None]] | None = None,
    ) -> ReplyT:
        """Make one call and read its answer, with at most so many `attempts`; with the `webhook`, if it takes one.

        `before_sending` is awaited each time just before the request leaves; what it raises keeps the request here.
        Raises Unauthorized, Refused (NotFound, NotEnoughCredits), Unreachable, or AnswerLost; after AnswerLost a call
        that spends may have been charged.
        """
        sending = _Sending(attempts, webhook if capability.webhook else None, before_sending)
        try:
            data = await self._answer(capability, request, sending)
        except Unauthorized as problem:
            raise problem.advised(hint=self._renewal) from None
        try:
            return capability.reply.model_validate(data)
        except ValidationError as problem:
            raise unreadable(capability, data, problem) from None

    async def _answer(self, capability: Capability[Any, Any], request: Request, sending: _Sending) -> object:
        endpoints = capability.endpoints
        if capability.name in self._older:
            endpoints = endpoints[1:]
        for endpoint in endpoints[:-1]:
            try:
                return await self._try(capability, endpoint, request, sending)
            except NotFound:
                continue
        data = await self._try(capability, endpoints[-1], request, sending)
        if len(capability.endpoints) > 1 and endpoints[-1] is capability.older:
            self._older.add(capability.name)
        return data

    async def _try(
        self, capability: Capability[Any, Any], endpoint: Endpoint, request: Request, sending: _Sending
    ) -> object:
        safe, attempts = capability.effect is Effect.READS, sending.attempts
        for attempt in range(1, attempts + 1):
            asked: tuple[float, float] | None = None
            await self._wait_for_turn()
            if sending.before is not None:
                await sending.before()
            try:
                status, headers, body = await self._send(capability, endpoint, request, sending.webhook)
            except _NOT_SENT as problem:
                if attempt == attempts:
                    raise _unreachable(self._http.base_url, problem) from None
            except _TooLarge:
                size = f"{_LARGEST_ANSWER // _MEGABYTE} MB"
                raise lost(capability, f"the answer is larger than {size}", hint="Ask for less") from None
            except httpx2.HTTPError as problem:
                if not safe or attempt == attempts:
                    raise lost(capability, f"the connection broke ({type(problem).__name__})") from None
            else:
                asked = retry_after(headers, self._now())
                if status == _BUSY and asked is not None:
                    await self._turns.busy(asked[0])
                too_long = asked is not None and asked[0] > _patience()
                if not safe or status not in _WORTH_RETRYING or attempt == attempts or too_long:
                    return open_envelope(capability, status, body, retry_hint(*asked) if asked else "")
            await self._pause((asked and asked[0]) or 0.4 * 3 ** (attempt - 1) * random.uniform(0.75, 1.25))
        raise AssertionError("the last attempt returns or raises")

    async def _wait_for_turn(self) -> None:
        """Raises ServiceError when the account's turn does not come in time; then nothing is sent."""
        until: float | None = None
        while (seconds := await self._turns.take_turn()) > 0:
            until = time.monotonic() + _patience() if until is None else until
            if time.monotonic() + seconds > until:
                raise ServiceError(
                    f"A2E takes no more requests of this account for {math.ceil(seconds)} s", hint="Retry after that"
                )
            await self._pause(seconds)

    async def _send(
        self, capability: Capability[Any, Any], endpoint: Endpoint, request: Request, webhook: Webhook | None
    ) -> tuple[int, httpx2.Headers, bytes]:
        values = {**request.model_dump(mode="json", by_alias=True, exclude_none=True), **capability.always}
        if webhook is not None:
            values |= {"webhook_url": webhook.url, "webhook_token": webhook.token}
        path = endpoint.path.format(**{name: quote(str(values.pop(name)), safe="") for name in endpoint.parameters})
        http_request = httpx2.Request(
            endpoint.method,
            self._address(path, is_kept=not endpoint.parameters),
            params=(_query(values) or None) if endpoint.method == "GET" else None,
            json=values if endpoint.method in ("POST", "PUT") else None,
            headers=self._http.headers,
            cookies=self._http.cookies,
        )
        started = time.monotonic()
        status: int | None = None
        body = b""
        try:
            with _span(capability.name, endpoint, self._http.base_url.host) as span:
                response = await self._http.send(http_request, stream=True)
                try:
                    status = response.status_code
                    _note_status(span, status)
                    body = await _read(response)
                finally:
                    await response.aclose()
            date = http_date(response.headers.get("date", ""))
            # What answers with a page, such as a router, has a clock of its own.
            if date is not None and body[:64].lstrip()[:1] == b"{":
                self._ahead = date - self._now()
            return status, response.headers, self._without_token(body)
        finally:
            self._on_request(capability.name, status, time.monotonic() - started)
            if self._trace is not None:
                self._trace.add(
                    name=capability.name,
                    method=endpoint.method,
                    path=endpoint.path,
                    status=status,
                    seconds=time.monotonic() - started,
                    body=json_or_none(body),
                )

    def _address(self, path: str, *, is_kept: bool) -> httpx2.URL:
        """Where a path is; to parse addresses takes longer than anything else about a request, so most are kept."""
        known = self._addresses.get(path)
        if known is None:
            base = self._http.base_url
            known = base.copy_with(raw_path=base.raw_path + path.lstrip("/").encode())
            if is_kept:
                self._addresses[path] = known
        return known

    def _without_token(self, body: bytes) -> bytes:
        """The body with the token blanked out, so that it reaches neither messages nor the ledger."""
        return body if self._secret is None else body.replace(self._secret.get_secret_value(), b"[token]")


@contextmanager
def _span(name: str, endpoint: Endpoint, host: str) -> Iterator[Span]:
    """One request, in the trace of the call that makes it; a failure is named by its kind only."""
    attributes = {"http.request.method": endpoint.method, "url.template": endpoint.path, "server.address": host}
    span = _tracer.start_span(f"A2E {name}", kind=SpanKind.CLIENT, attributes=attributes)
    if not span.is_recording():
        # Nearly always: no one traces, and to make it the current one costs more than all else about it.
        yield span
        return
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield span
        except Exception as problem:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(problem).__name__)
            raise


def _note_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= 400:
        span.set_status(StatusCode.ERROR)
        span.set_attribute("error.type", str(status))


async def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise _TooLarge
    return bytes(body)


def _query(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in values.items()}


def _patience() -> float:
    """How many seconds may be spent waiting: what is left of the call that asks, where there is one."""
    left = anyio.current_effective_deadline() - anyio.current_time()
    return left - _SPARE_SECONDS if math.isfinite(left) else _LONGEST_WAIT


def _unreachable(base_url: httpx2.URL, problem: Exception) -> Unreachable:
    reason = reason_of(problem, str(base_url), setting="A2E_BASE_URL")
    return Unreachable(f"{base_url.host} cannot be reached ({reason.message})", hint=f"{reason.hint}, then retry")
