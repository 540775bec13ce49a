"""MCP over the standard input and output of this process.

The SDK's own transport leaves unanswered what is no request, and fixes the era of the protocol at the first request,
even at a lone `server/discover`, after which a client may still decide for the older handshake.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing = MemoryObjectSendStream[SessionMessage]
Serve = Callable[[Incoming, Outgoing], Coroutine[Any, Any, None]]
"""Serves one connection until its input ends."""

_DISCOVER = "server/discover"
_MOST_AT_ONCE = 65_536
_MOST_LINES_AHEAD = 64
_MOST_BEFORE_A_REQUEST = 8


async def serve_stdio(serve: Serve, ended: anyio.Event) -> None:
    """Serve the client behind stdin and stdout until it disconnects, or until `ended` is set."""
    with _claimed(0, os.devnull) as reading, _claimed(1, 2) as writing:
        if reading is None or writing is None:
            return
        lines = _Lines(reading)
        out_send, out_receive = anyio.create_memory_object_stream[SessionMessage](0)
        _watch_for_hang_up(writing, ended)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_end_with, ended, lines)
            tasks.start_soon(_write, out_receive, writing, ended)
            async with out_send:
                await _serve_in_eras(serve, _Messages(lines, out_send), out_send)
            tasks.cancel_scope.cancel()
        lines.close()


async def _serve_in_eras(serve: Serve, messages: _Messages, out: Outgoing) -> None:
    """Answer each leading `server/discover` by itself; the first other request decides the era of the rest."""
    lead: list[JSONRPCMessage] = []
    async for message in messages:
        if isinstance(message, JSONRPCRequest) and message.method == _DISCOVER:
            await _answer_alone(serve, message, out)
            continue
        lead = [*lead, message][-_MOST_BEFORE_A_REQUEST:]
        if isinstance(message, JSONRPCRequest):
            break
    else:
        return
    in_send, in_receive = anyio.create_memory_object_stream[SessionMessage | Exception](0)

    async def feed() -> None:
        # What still comes in once the serving side has ended is for no one.
        async with in_send:
            with suppress(anyio.BrokenResourceError):
                await pass_on()

    async def pass_on() -> None:
        for early in lead:
            await in_send.send(SessionMessage(early))
        async for later in messages:
            await in_send.send(SessionMessage(later))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed)
        await serve(in_receive, out.clone())
        tasks.cancel_scope.cancel()


async def _answer_alone(serve: Serve, request: JSONRPCRequest, out: Outgoing) -> None:
    """Let a connection of its own answer one request."""
    in_send, in_receive = anyio.create_memory_object_stream[SessionMessage | Exception](1)
    answer_send, answer_receive = anyio.create_memory_object_stream[SessionMessage](0)
    await in_send.send(SessionMessage(request))
    async with anyio.create_task_group() as tasks, answer_receive:
        tasks.start_soon(serve, in_receive, answer_send)
        async for answer in answer_receive:
            await out.send(answer)
            if isinstance(answer.message, JSONRPCResponse | JSONRPCError) and answer.message.id == request.id:
                in_send.close()


class _Messages:
    """The valid messages of the client; what is none is answered with an error."""

    def __init__(self, lines: _Lines, out: Outgoing) -> None:
        self._lines = lines
        self._out = out

    def __aiter__(self) -> _Messages:
        return self

    async def __anext__(self) -> JSONRPCMessage:
        while True:
            text = (await self._lines.next()).decode("utf-8", "replace").removeprefix("\ufeff").strip()
            if not text:
                continue
            message = _message_of(text)
            if message is not None:
                return message
            await self._out.send(SessionMessage(_refusal_of(text)))


def _message_of(text: str) -> JSONRPCMessage | None:
    try:
        message = jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError:
        return None
    # An id that may not be one makes a request look like a notification, which no answer follows.
    return None if isinstance(message, JSONRPCNotification) and "id" in json.loads(text) else message


def _refusal_of(text: str) -> JSONRPCError:
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        error = ErrorData(code=PARSE_ERROR, message="Parse error: a line of input is not JSON")
    else:
        error = ErrorData(code=INVALID_REQUEST, message="Invalid request: a line of input is not a JSON-RPC message")
    return JSONRPCError(jsonrpc="2.0", id=None, error=error)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


class _Lines:
    """The lines of a file descriptor, read by a thread, since a blocking read can be interrupted by nothing."""

    def __init__(self, reading: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._send, self._receive = anyio.create_memory_object_stream[bytes](float("inf"))
        self._ahead = threading.Semaphore(_MOST_LINES_AHEAD)
        threading.Thread(target=self._read, args=(reading,), name="stdin", daemon=True).start()

    async def next(self) -> bytes:
        """The next line. Raises StopAsyncIteration at the end."""
        try:
            line = await self._receive.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None
        self._ahead.release()
        return line

    def end(self) -> None:
        """Let no more lines come."""
        self._send.close()

    def close(self) -> None:
        """Forget what was read."""
        self._send.close()
        self._receive.close()

    def _read(self, reading: int) -> None:
        parts: list[bytes] = []
        # The loop may have ended: RuntimeError.
        with suppress(OSError, RuntimeError):
            while data := os.read(reading, _MOST_AT_ONCE):
                *lines, rest = data.split(b"\n")
                for line in lines:
                    self._hand_over(b"".join([*parts, line]))
                    parts = []
                parts.append(rest)
        with suppress(RuntimeError):
            self._hand_over(b"".join(parts))
            self._loop.call_soon_threadsafe(self.end)

    def _hand_over(self, line: bytes) -> None:
        self._ahead.acquire()
        self._loop.call_soon_threadsafe(self._offer, line)

    def _offer(self, line: bytes) -> None:
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._send.send_nowait(line)


async def _end_with(ended: anyio.Event, lines: _Lines) -> None:
    await ended.wait()
    lines.end()


async def _write(messages: MemoryObjectReceiveStream[SessionMessage], writing: int, ended: anyio.Event) -> None:
    async with messages:
        async for message in messages:
            if not ended.is_set() or isinstance(message.message, JSONRPCResponse | JSONRPCError):
                try:
                    await anyio.to_thread.run_sync(_write_all, writing, _line_of(message.message))
                except OSError:
                    # The client is gone; the server ends as if it had closed the input.
                    ended.set()


def _line_of(message: JSONRPCMessage) -> bytes:
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
    except (PydanticSerializationError, UnicodeError):
        # Half a character, which has no form in UTF-8, must not end the server.
        content = message.model_dump(by_alias=True, exclude_unset=True)
        return json.dumps(content, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"


def _write_all(writing: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(writing, rest) :]


def _watch_for_hang_up(writing: int, ended: anyio.Event) -> None:
    """Set `ended` when the client closes its end of the output, which no write may find out for hours."""
    if not hasattr(select, "poll"):
        return
    loop = asyncio.get_running_loop()
    watched = select.poll()
    # Errors are always reported.
    watched.register(writing, 0)

    def watch() -> None:
        watched.poll()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, name="stdout", daemon=True).start()


@contextmanager
def _claimed(descriptor: int, instead: str | int) -> Iterator[int | None]:
    """A duplicate of a standard descriptor, which points elsewhere meanwhile so that nothing else can use it.

    None when it is closed.
    """
    try:
        kept = os.dup(descriptor)
    except OSError:
        yield None
        return
    try:
        other = os.dup(instead) if isinstance(instead, int) else os.open(instead, os.O_RDONLY)
    except OSError:
        other = os.open(os.devnull, os.O_RDWR)
    os.dup2(other, descriptor)
    os.close(other)
    try:
        yield kept
    finally:
        # The duplicate stays open: a thread may still read from it.
        os.dup2(kept, descriptor)
