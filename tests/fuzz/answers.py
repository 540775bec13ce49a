"""Mutated answers: A2E carries a request out, and what comes of it is changed on the way back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import httpx2

from tests.fuzz.values import deep, nasty

_BODIES = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"<html><title>Just a moment...</title></html>",
    b"\xff\xfe{}",
    b'\xef\xbb\xbf{"code": 0, "data": []}',
    b'{"code": 0, "data": ' + b"[" * 3000,
    b'{"code": 0, "data": {"coins": NaN, "x": Infinity, "y": 1e999}}',
    b'{"code": 0, "data": "\\ud83d", "trace_id": "t\\n\\u202e"}',
    b'{"code": 1, "msg": "no\\r\\n\\u001b[31m\\ud83d\\u202e", "trace_id": {"a": []}}',
    b'{"code": 1e400, "msg": {"a": ["b"]}}',
    b'{"success": "yes", "data": {}}',
    b'{"code": 0}',
    b"x" * 100_000,
)
_STATUSES = (200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 520, 599)
_RETRIES = ("1", "0", "-5", "1e9", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "\x7f", "99999999999999999999")


class MutatingTransport(httpx2.AsyncBaseTransport):
    """Changes a share of the answers; what it does follows from its dice."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.dice = random.Random(0)
        self.rate = 0.0
        self.mutated = 0
        self.requests = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        if self.dice.random() >= self.rate:
            return await self._inner.handle_async_request(request)
        self.mutated += 1
        return await self._mutated(request)

    async def _mutated(self, request: httpx2.Request) -> httpx2.Response:
        dice, kind = self.dice, self.dice.random()
        if kind < 0.04:
            problem = dice.choice((httpx2.ConnectError, httpx2.ReadError, httpx2.ReadTimeout, httpx2.WriteError))
            raise problem("mutated", request=request)
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        status, headers = answer.status_code, {"date": dice.choice(("Sat, 28 Nov 2026 19:00:00 GMT", "now", ""))}
        if kind < 0.16:
            body = dice.choice(_BODIES)
        elif kind < 0.22:
            body = body[: dice.randrange(len(body) + 1)]
        elif kind < 0.28:
            cut = dice.randrange(len(body) + 1)
            body = body[:cut] + bytes(dice.choices(range(256), k=4)) + body[cut:]
        else:
            body = _changed(body, dice)
        if dice.random() < 0.15:
            status = dice.choice(_STATUSES)
            headers["retry-after"] = dice.choice(_RETRIES)
        return httpx2.Response(status, headers=headers, content=body, request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _changed(body: bytes, dice: random.Random) -> bytes:
    """A body whose JSON has other values in some places."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    for _ in range(dice.choice((1, 1, 2, 5))):
        places = list(_places(value))
        if not places:
            break
        holder, key = dice.choice(places)
        change = dice.randrange(8)
        if change == 0 and isinstance(holder, dict):
            holder.pop(key)
        elif change == 1 and isinstance(holder, list):
            holder.append(holder[key])
        elif change == 2:
            holder[key] = [holder[key]]
        elif change == 3:
            holder[key] = {"url": holder[key]}
        elif change == 4:
            holder[key] = str(holder[key])
        elif change == 5 and isinstance(holder[key], str):
            cut = dice.randrange(len(holder[key]) + 1)
            holder[key] = (
                holder[key][:cut] + dice.choice(("\n", "\x1b[2J", "\u202e", "\ud83d", " ")) + holder[key][cut:]
            )
        elif change == 6:
            holder[key] = deep(50)
        else:
            holder[key] = nasty(dice)
    return json.dumps(value).encode()


def _places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Where in a JSON value something can be changed; of long lists the first entries."""
    if depth > 12:
        return
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from _places(value[key], depth + 1)
    elif isinstance(value, list):
        for index in range(min(len(value), 5)):
            yield value, index
            yield from _places(value[index], depth + 1)
