"""Whether an answer over HTTP is plain JSON or a stream of events: a stream costs more, and can carry progress."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS

from a2e_mcp.server import tool_index
from a2e_mcp.server.tool_prefix import bare_name

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.types import Message, Receive, Scope, Send

_OLDER_VERSIONS = frozenset(version.encode() for version in HANDSHAKE_PROTOCOL_VERSIONS)
_LONGEST_READ = 64 * 1024
"""Bytes of a request that are looked through; a longer one is answered by a stream."""
_ASKS_FOR_PROGRESS = b"progressToken"
_WAITS = frozenset({"wait_for_job"})
"""Tools that read, and whose answer may be long in coming: a stream keeps the connection open meanwhile."""
_PATIENCE = 1.0
"""Seconds until a request is looked after: nearly all are answered by then."""


class PlainOrStream:
    """Answers what is quickly read with plain JSON, unless progress was asked for, and everything else by a stream.

    A manager of the SDK has one form for all its requests, so there are two.
    """

    def __init__(
        self,
        streams: StreamableHTTPSessionManager,
        plain: StreamableHTTPSessionManager,
        prefix: str,
        patience: float = _PATIENCE,
    ) -> None:
        """`prefix` precedes tool names; who may have hung up is looked for after the seconds of `patience`."""
        self._streams = streams
        self._plain = plain
        self._prefix = prefix
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if scope["method"] != "POST" or not _is_short(headers):
            await self._streams.handle_request(scope, receive, send)
            return
        messages = await _whole_request(receive)
        again = _first(messages, receive)
        body = b"".join(message.get("body", b"") for message in messages)
        is_older = headers.get(b"mcp-protocol-version", b"2025-03-26") in _OLDER_VERSIONS
        called = _called_in_body(body) if is_older else _called_in_headers(headers)
        if _ASKS_FOR_PROGRESS in body or not self._is_quickly_read(called):
            await self._streams.handle_request(scope, again, send)
        elif is_older:
            await self._plain.handle_request(scope, again, send)
        else:
            # In the newest protocol who hangs up wants the work to end.
            with _ended_by_hanging_up(receive, self._patience):
                await self._plain.handle_request(scope, again, send)

    def _is_quickly_read(self, called: str | None) -> bool:
        if called is None:
            return True
        tool = bare_name(called, self._prefix)
        return tool_index.effect_of(tool) == "reads" and tool not in _WAITS


def _called_in_body(body: bytes) -> str | None:
    """The tool that is called, empty when it has no name; None for other requests, and for what is none."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(request, dict) or request.get("method") != "tools/call":
        return None
    params = request.get("params")
    name = params.get("name") if isinstance(params, dict) else None
    return name if isinstance(name, str) else ""


def _called_in_headers(headers: dict[bytes, bytes]) -> str | None:
    """The same in the newest protocol, whose requests are refused where headers and body differ."""
    is_call = headers.get(b"mcp-method") == b"tools/call"
    return headers.get(b"mcp-name", b"").decode("latin-1") if is_call else None


def _is_short(headers: dict[bytes, bytes]) -> bool:
    length = headers.get(b"content-length", b"")
    return length.isdigit() and int(length) <= _LONGEST_READ


async def _whole_request(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _first(messages: Sequence[Message], receive: Receive) -> Receive:
    """What was received already, and then what comes."""
    left = iter(messages)

    async def receive_again() -> Message:
        return next(left, None) or await receive()

    return receive_again


@contextmanager
def _ended_by_hanging_up(receive: Receive, patience: float) -> Iterator[None]:
    """Cancel the block when the other side has gone; whether it has is looked for once the block takes long."""
    watching: list[asyncio.Task[None]] = []

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        work.cancel()

    loop = asyncio.get_running_loop()
    begin = loop.call_later(patience, lambda: watching.append(loop.create_task(watch())))
    with anyio.CancelScope() as work:
        try:
            yield
        finally:
            begin.cancel()
            for task in watching:
                task.cancel()
