"""Live rooms as A2E keeps them: prepaid by the second, found by their channel, refunded when they are left."""

from __future__ import annotations

import math
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

from a2e_mcp.sandbox.assets.builtins import AVATARS, SystemAvatar, language_for
from a2e_mcp.sandbox.clock import Clock
from a2e_mcp.sandbox.errors import Refusal, not_found
from a2e_mcp.sandbox.extra import LIVE_ROOMS, has_webrtc, install_advice
from a2e_mcp.sandbox.live.answers import answer, unknown
from a2e_mcp.sandbox.live.room_processes import RoomProcesses
from a2e_mcp.sandbox.render_workers.pool import RenderFailed
from a2e_mcp.sandbox.store import Record, Store

ROOMS = "streaming_room"
"""The family of the records of open rooms."""
CREDITS_PER_SECOND = 1
"""A2E publishes no price; this is the sandbox's own."""
MOST_ROOMS = 3
"""How many hosts A2E has is not known; the sandbox has these, since each draws and speaks on this computer."""
BUSY = 1001
"""Seen by one public client, with a text that the hosts are occupied."""

_SECONDS_BETWEEN_LOOKS = 0.5


class PrepaidRooms:
    """Opens, answers in and closes rooms; its process starts with the first page that joins or the first text."""

    def __init__(self, store: Store, clock: Clock, live: RoomProcesses, *, url: Callable[[str], str]) -> None:
        """`url` gives the address at which a channel is joined."""
        self._store = store
        self._clock = clock
        self._live = live
        self._url = url
        self._started = anyio.Event()
        self._one_at_a_time = anyio.Lock()

    @asynccontextmanager
    async def watched(self, tasks: TaskGroup) -> AsyncIterator[None]:
        """Close rooms whose time is over or that were left, for the length of the block; then all of them."""
        async with self._live:
            scope = anyio.CancelScope()
            tasks.start_soon(self._watch, scope)
            try:
                yield
            finally:
                scope.cancel()

    def open(self, avatar: SystemAvatar, seconds: int) -> Record:
        """Charge and open a room. Raises Refusal: no host is free, the extra is missing, or credits do not suffice."""
        if not has_webrtc():
            raise Refusal(
                f"Sandbox: live rooms need the extra {LIVE_ROOMS}. {install_advice(LIVE_ROOMS)}",
                status=503,
            )
        now = self._clock.now()
        with self._store.transaction():
            self._forget_ended()
            if len(self._store.records(ROOMS)) >= MOST_ROOMS:
                raise Refusal("Sandbox: all streaming hosts are occupied, try again later", code=BUSY)
            price = CREDITS_PER_SECOND * seconds
            self._store.charge(price, "streaming_avatar", now)
            body = {
                "channel": secrets.token_hex(8),
                "avatar": avatar.id,
                "seconds": seconds,
                "until": now + seconds,
                "context": "",
                "language": "en",
            }
            return self._store.add_record(ROOMS, body, now)

    def find(self, channel: str) -> Record:
        """An open room. Raises Refusal when there is none."""
        room = next((each for each in self._store.records(ROOMS) if each.body["channel"] == channel), None)
        if room is None or self._is_over(room):
            raise not_found("open room of this channel")
        return room

    def url(self, room: Record) -> str:
        """Where a browser joins."""
        return self._url(room.body["channel"])

    def set_context(self, channel: str, text: str, language: str) -> None:
        """Keep what the avatar answers from, and its language. Raises Refusal."""
        room = self.find(channel)
        self._store.set_body(room.id, {**room.body, "context": text, "language": language})

    async def join(self, channel: str, offer: str) -> str:
        """Answer the offer of a browser. Raises Refusal, RenderFailed."""
        room = self.find(channel)
        await self._be_live(room)
        return await self._live.join(channel, offer)

    async def ask(self, channel: str, question: str) -> None:
        """Answer a question from the room's context, in the room. Raises Refusal, RenderFailed."""
        room = self.find(channel)
        found = answer(room.body["context"], question)
        language = room.body["language"]
        text, language = unknown(language) if found is None else (found, language)
        await self._say(room, text, language, as_answer=True)

    async def speak(self, channel: str, text: str, language: str) -> None:
        """Say a text in the room. Raises Refusal, RenderFailed."""
        await self._say(self.find(channel), text, language, as_answer=False)

    async def leave(self, channel: str) -> int:
        """Close a room; answers how many credits were refunded. Raises Refusal."""
        now = self._clock.now()
        with self._store.transaction():
            room = self.find(channel)
            unused: int = min(room.body["seconds"], max(0, math.floor(room.body["until"] - now)))
            self._store.book(CREDITS_PER_SECOND * unused, "streaming_avatar left: refund", now)
            self._store.remove_record(room.id)
        await self._live.close(channel)
        return CREDITS_PER_SECOND * unused

    async def _say(self, room: Record, text: str, language: str, *, as_answer: bool) -> None:
        await self._be_live(room)
        spoken = language_for(language) or language_for("en")
        voice = None if spoken is None else spoken.spoken_by(_avatar(room).gender)
        await self._live.speak(room.body["channel"], text, voice=voice, as_answer=as_answer)

    async def _be_live(self, room: Record) -> None:
        channel, avatar = room.body["channel"], _avatar(room)
        async with self._one_at_a_time:
            if self._live.is_open(channel):
                return
            language = language_for("en")
            if language is None:
                raise RenderFailed("internal", "The sandbox has no voice.")
            await self._live.open(channel, avatar.drawn, language.spoken_by(avatar.gender))
        self._started.set()

    def _is_over(self, room: Record) -> bool:
        return bool(room.body["until"] <= self._clock.now())

    def _forget_ended(self) -> None:
        for room in self._store.records(ROOMS):
            if self._is_over(room):
                self._store.remove_record(room.id)

    async def _watch(self, scope: anyio.CancelScope) -> None:
        with scope:
            while True:
                await self._started.wait()
                self._started = anyio.Event()
                while channels := list(self._live.process_ids):
                    kept = {each.body["channel"] for each in self._store.records(ROOMS) if not self._is_over(each)}
                    for channel in channels:
                        if channel not in kept:
                            await self._live.close(channel)
                    await anyio.sleep(_SECONDS_BETWEEN_LOOKS)


def _avatar(room: Record) -> SystemAvatar:
    return next(each for each in AVATARS if each.id == room.body["avatar"])
