"""The live rooms of a sandbox: each a process in which an avatar is drawn, speaks and is sent over WebRTC."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import IO, Any, Self

import anyio

from a2e_mcp.processes.line_process import LineProcess, RenderFailed, open_log
from a2e_mcp.sandbox.protocol import DrawnAvatar

MOST_ROOMS = 3
LONGEST_OFFER = 65_536

_SECONDS_TO_ANSWER = 20.0
_SECONDS_TO_HANG_UP = 2.0


class RoomProcesses:
    """The rooms that are open, by their channel; all end with the block."""

    def __init__(self, folder: Path, *, most: int = MOST_ROOMS) -> None:
        self._folder = folder
        self._most = most
        self._rooms: dict[str, _RoomProcess] = {}
        self._opening: set[str] = set()
        self._log: IO[bytes] | None = None

    async def __aenter__(self) -> Self:
        """The rooms; none is open yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every room."""
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                for channel in list(self._rooms):
                    tasks.start_soon(self.close, channel)
        if self._log is not None:
            self._log.close()

    @property
    def process_ids(self) -> dict[str, int]:
        """The process behind each room, by its channel."""
        return {channel: room.process_id for channel, room in self._rooms.items()}

    def is_open(self, channel: str) -> bool:
        """Whether a room is open for a channel and its process runs."""
        return channel in self._rooms and not self._rooms[channel].has_ended

    async def open(self, channel: str, avatar: DrawnAvatar, voice: str) -> None:
        """Open a room; `voice` is what the speech engine calls it.

        Raises RenderFailed: `busy` when too many are open, `extra_missing` when WebRTC is not installed.
        """
        for ended in [each for each in self._rooms if not self.is_open(each)]:
            await self.close(ended)
        if channel in {*self._rooms, *self._opening}:
            raise RenderFailed("invalid_order", "A live room is already open for this channel.")
        if len(self._rooms) + len(self._opening) >= self._most:
            message = f"{self._most} live rooms are open, the most this computer draws at once. Leave one first."
            raise RenderFailed("busy", message)
        self._opening.add(channel)
        try:
            self._log = self._log or open_log(self._folder)
            self._rooms[channel] = await _RoomProcess.open(self._folder, self._log, avatar, voice)
        finally:
            self._opening.discard(channel)

    async def join(self, channel: str, offer: str) -> str:
        """Let a page in by its SDP offer; the SDP answer. Raises RenderFailed."""
        room = self._room(channel)
        if len(offer) > LONGEST_OFFER:
            raise RenderFailed("too_large", f"The offer is longer than {LONGEST_OFFER // 1024} KB.")
        return str(await self._ask(channel, room, "join", offer=_clean(offer)))

    async def speak(self, channel: str, text: str, *, voice: str | None = None, as_answer: bool = False) -> float:
        """Let the avatar say something after what it says already; how many seconds it will last.

        Nothing is spoken before a page has joined. An answer is also written to the pages that are connected. Raises
        RenderFailed.
        """
        room = self._room(channel)
        said = {"text": _clean(text), "voice": voice or room.voice, "as_answer": as_answer}
        return float(await self._ask(channel, room, "speak", **said))

    async def peers(self, channel: str) -> int:
        """How many pages are connected. Raises RenderFailed."""
        return int(await self._ask(channel, self._room(channel), "count"))

    async def close(self, channel: str) -> None:
        """Close a room; one that is not open stays closed."""
        if room := self._rooms.pop(channel, None):
            await room.close()

    def _room(self, channel: str) -> _RoomProcess:
        if room := self._rooms.get(channel):
            return room
        raise RenderFailed("unknown_channel", "No live room is open for this channel; it was left or never started.")

    async def _ask(self, channel: str, room: _RoomProcess, do: str, **members: object) -> Any:
        try:
            return await room.ask(do, **members)
        except RenderFailed as failure:
            if failure.code == "internal" and self._rooms.get(channel) is room:
                # What broke once cannot be relied on; a new stream can.
                await self.close(channel)
            raise


class _RoomProcess:
    """One room's process."""

    def __init__(self, process: LineProcess, voice: str) -> None:
        self._process = process
        self._one_at_a_time = anyio.Lock()
        self._ids = itertools.count(1)
        self.voice = voice

    @classmethod
    async def open(cls, folder: Path, log: IO[bytes], avatar: DrawnAvatar, voice: str) -> _RoomProcess:
        """Start the process and let it draw the avatar. Raises RenderFailed."""
        room = cls(
            await LineProcess.start("a2e_mcp.sandbox.renderer.live.worker", "sandbox's live room", folder, log), voice
        )
        is_open = False
        try:
            await room.ask("open", seed=avatar.seed, gender=avatar.gender)
            is_open = True
        finally:
            if not is_open:
                await room._process.end()
        return room

    @property
    def process_id(self) -> int:
        return self._process.process_id

    @property
    def has_ended(self) -> bool:
        return self._process.has_ended

    async def ask(self, do: str, **members: object) -> Any:
        """Send a request and wait for its reply. Raises RenderFailed."""
        asked = next(self._ids)
        try:
            async with self._one_at_a_time:
                with anyio.fail_after(_SECONDS_TO_ANSWER):
                    await self._process.send(json.dumps({"id": asked, "do": do, "with": members}).encode() + b"\n")
                    return await self._reply_to(asked)
        except TimeoutError:
            raise RenderFailed("internal", "The live room no longer answers. Start the stream again.") from None

    async def close(self) -> None:
        """Let the process hang up and end."""
        await self._process.end(_SECONDS_TO_HANG_UP)

    async def _reply_to(self, asked: int) -> Any:
        while True:
            line = await self._process.receive()
            try:
                match json.loads(line):
                    case {"id": int(number), "reply": reply} if number == asked:
                        return reply
                    case {"id": int(number), "failed": {"code": str(code), "message": str(message)}} if number == asked:
                        raise RenderFailed(code, message)
            except ValueError:
                raise self._process.unreadable() from None
            # The reply to a request that was given up on.


def _clean(text: str) -> str:
    """The text without halves of letters, which no encoding can carry."""
    return text.encode("utf-8", "replace").decode()
