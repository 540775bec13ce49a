"""One open room as this server knows it: its page, what is heard there, and whether its page is open."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from a2e_mcp.catalogue.streaming import RoomToken

Position = Literal["start", "middle", "end"]

_MOST_WAITING = 100
_SECONDS_BETWEEN_SIGNS = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of an answer, as it came into the room."""

    text: str
    position: Position


@dataclass(slots=True)
class PageState:
    """What the page reported last: pictures shown, a measure of sound, whether it is muted, what went wrong."""

    frames: int = 0
    sound: float = 0.0
    muted: bool = True
    problem: str | None = None


@dataclass(slots=True)
class Room:
    """A room; `secret` is the unguessable part of its page's address, `until` its end in seconds since 1970."""

    job_id: str
    avatar: str
    token: RoomToken
    until: float
    secret: str
    page: PageState = field(default_factory=PageState)
    closed: str | None = None
    asking: anyio.Lock = field(default_factory=anyio.Lock)
    _pages: set[MemoryObjectSendStream[str]] = field(default_factory=set)
    _listeners: set[MemoryObjectSendStream[Heard]] = field(default_factory=set)
    _changed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def channel(self) -> str:
        """A2E's name of the room."""
        return self.token.channel

    @property
    def is_visited(self) -> bool:
        """Whether its page is open somewhere."""
        return bool(self._pages)

    @property
    def is_joined(self) -> bool:
        """Whether the page shows pictures."""
        return self.is_visited and self.page.frames > 0

    def report(self, state: PageState) -> None:
        """Note what the page says of itself."""
        self.page = state
        self._change()

    def hear(self, heard: Heard) -> None:
        """Pass a piece of an answer to the callers that wait for one."""
        for listener in self._listeners:
            if listener.statistics().current_buffer_used < _MOST_WAITING:
                listener.send_nowait(heard)

    @contextmanager
    def listening(self) -> Iterator[MemoryObjectReceiveStream[Heard]]:
        """What is heard from now on."""
        sending, receiving = anyio.create_memory_object_stream[Heard](_MOST_WAITING)
        self._listeners.add(sending)
        try:
            with sending, receiving:
                yield receiving
        finally:
            self._listeners.discard(sending)

    def show(self, event: Literal["asked", "spoken", "closed"], text: str) -> None:
        """Let the page show something."""
        message = f"event: {event}\ndata: {json.dumps({'text': text})}\n\n"
        for page in self._pages:
            if page.statistics().current_buffer_used < _MOST_WAITING:
                page.send_nowait(message)

    def close(self, why: str) -> None:
        """Note that the room is over, and show it on its page."""
        self.closed = why
        self.show("closed", why)
        self._change()

    async def events(self) -> AsyncIterator[str]:
        """What a page receives, as server-sent events; while they are read the page is open."""
        sending, receiving = anyio.create_memory_object_stream[str](_MOST_WAITING)
        self._pages.add(sending)
        self._change()
        try:
            with sending, receiving:
                yield ": hello\n\n"
                while self.closed is None or receiving.statistics().current_buffer_used:
                    with anyio.move_on_after(_SECONDS_BETWEEN_SIGNS):
                        yield await receiving.receive()
                        continue
                    yield ": still here\n\n"
        finally:
            self._pages.discard(sending)
            if not self._pages:
                self.page = PageState()
            self._change()

    async def until_joined(self, seconds: float) -> bool:
        """Wait until the page shows pictures, if there is a page at all."""
        with anyio.move_on_after(seconds):
            while self.is_visited and not self.is_joined and self.page.problem is None and self.closed is None:
                await self._changed.wait()
        return self.is_joined

    async def until_deserted(self, grace: float) -> None:
        """Wait until a page that was there has been gone for so many seconds, as it is not while it reloads."""
        await self._until(visited=True)
        while self.is_visited:
            await self._until(visited=False)
            with anyio.move_on_after(grace):
                await self._until(visited=True)

    async def _until(self, *, visited: bool) -> None:
        while self.is_visited is not visited:
            await self._changed.wait()

    def _change(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
