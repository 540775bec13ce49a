"""The live rooms of this server: opened by a start, shown on a page, and always left.

A2E sends an avatar's answers only into the room, so the page passes them on. A room is left on request, when its page
stays closed, and when the server ends; unused credits are refunded then.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
from anyio.abc import TaskGroup

from a2e_mcp.catalogue.declaration.records import Opaque
from a2e_mcp.catalogue.declaration.values import moment_shown
from a2e_mcp.catalogue.streaming import (
    ASK_IN_ROOM,
    GET_CONTEXT,
    LEAVE_ROOM,
    SET_CONTEXT,
    SPEAK_IN_ROOM,
    InRoom,
    RoomToken,
    SayInRoom,
    SetContext,
)
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import A2EError, InputError, NotFound
from a2e_mcp.ledger.details import DetailChanges, RoomDetails
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import STREAMING, JobId
from a2e_mcp.ledger.store import EntryFilter, Ledger
from a2e_mcp.server.live_rooms.qa_context import one_turn_a_line
from a2e_mcp.server.live_rooms.room import Room
from a2e_mcp.starts.pricing import Spending, credits_of
from a2e_mcp.starts.refunds import record_refund
from a2e_mcp.text import sentences

if TYPE_CHECKING:
    from a2e_mcp.loopback import LoopbackServer

_log = logging.getLogger(__name__)

_LONGEST_ROOM = 7200.0
_SECONDS_TO_JOIN = 8.0
_PATIENCE = 1.0
"""Seconds that leaving waits for another room that is just being left, and for the balance: time is money here."""


@asynccontextmanager
async def open_rooms(
    client: A2EClient, ledger: Ledger, spending: Spending, *, grace_seconds: float, closing_seconds: float
) -> AsyncIterator[Rooms]:
    """Be able to open rooms for the length of an `async with`; leaving it leaves them all."""
    async with anyio.create_task_group() as tasks:
        rooms = Rooms(client, ledger, spending, tasks=tasks, grace_seconds=grace_seconds)
        try:
            yield rooms
        finally:
            # A server is ended by cancellation, and the rooms must be left all the same.
            with anyio.CancelScope(shield=True), anyio.move_on_after(closing_seconds):
                await rooms.leave_all("The server has ended, and the room with it.")
            tasks.cancel_scope.cancel()


class Rooms:
    """The rooms that this server has opened."""

    def __init__(
        self,
        client: A2EClient,
        ledger: Ledger,
        spending: Spending,
        *,
        tasks: TaskGroup,
        grace_seconds: float,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._spending = spending
        self._tasks = tasks
        self._grace_seconds = grace_seconds
        self._rooms: dict[str, Room] = {}
        self._server: LoopbackServer | None = None

    # ------------------------------------------------------------------ what there is

    def keep(self, entry: LedgerEntry, token: RoomToken, facts: Mapping[str, Any]) -> DetailChanges:
        """Take a room that was just paid for, with its `avatar` and `seconds`; gives what the ledger keeps of it."""
        avatar, seconds = str(facts["avatar"]), int(facts["seconds"])
        until = self._ledger.now() + seconds
        if token.sandbox_room_url is not None and not _is_ours(token.sandbox_room_url):
            token.sandbox_room_url = None
        room = Room(entry.own_job_id, avatar, token, until, secrets.token_urlsafe(18))
        self._rooms[room.job_id] = room
        self._tasks.start_soon(self._watch, room, seconds)
        return {"room": RoomDetails(room.channel, avatar, until)}

    @property
    def is_busy(self) -> bool:
        """Whether a room is open here."""
        return any(self.seconds_left(room) > 0 for room in self._rooms.values())

    def find(self, secret: str) -> Room | None:
        """The room of a page's address."""
        # Compared as bytes: a secret with other letters than ASCII is wrong, not an error.
        given = secret.encode()
        return next(
            (room for room in self._rooms.values() if secrets.compare_digest(room.secret.encode(), given)), None
        )

    def seconds_left(self, room: Room) -> float:
        """How long it is still paid for."""
        return max(0.0, room.until - self._ledger.now())

    def address(self, room: Room) -> str:
        """The URL of its page; opens the port at the first call."""
        if self._server is None:
            # A server without a live room needs no port and no web server.
            from a2e_mcp.loopback import LoopbackServer
            from a2e_mcp.server.live_rooms.page_app import page_app

            self._server = LoopbackServer(self._tasks)
            self._server.mount(page_app(self))
        return f"{self._server.origin()}/{room.secret}/"

    async def open_entries(self) -> Sequence[LedgerEntry]:
        """Rooms of this account that are open, whichever server opened them, newest first."""
        return self._open_among(await self._ledger.recent(EntryFilter(since=self._oldest(), family=STREAMING)))

    async def open_rows_and_spent(self, since: float) -> tuple[Sequence[Mapping[str, str]], float]:
        """The open rooms as tools report them, and credits spent since then, in one look at the ledger."""
        spent, recent = await self._ledger.spent_and_recent(since, STREAMING, self._oldest())
        rows = [
            {"room": entry.own_job_id, "avatar": room_details(entry).avatar, "until": ends_at(entry)}
            for entry in self._open_among(recent)
        ]
        return rows, spent

    def _oldest(self) -> float:
        """No room that was bought before this moment is open any more."""
        return self._ledger.now() - 2 * _LONGEST_ROOM

    def _open_among(self, entries: Sequence[LedgerEntry]) -> Sequence[LedgerEntry]:
        now = self._ledger.now()
        return [entry for entry in entries if entry.state == "running" and room_details(entry).until > now]

    async def forget_ended(self) -> None:
        """Write down which rooms are over, so that the same one may be opened anew."""
        recent = await self._ledger.recent(EntryFilter(since=self._oldest(), family=STREAMING))
        is_open = {entry.id for entry in self._open_among(recent)}
        for entry in recent:
            if entry.state == "running" and entry.id not in is_open:
                await self._ledger.update(entry.id, state="deleted", note="The room's time was over.")

    async def entry_of(self, named: str | None) -> LedgerEntry:
        """The open room of this job id or avatar's name, or the only one. Raises InputError."""
        entries = await self.open_entries()
        if named is not None:
            wanted = named.strip().casefold()
            entries = [each for each in entries if wanted in (each.own_job_id, room_details(each).avatar.casefold())]
        if not entries:
            raise InputError("No such live room is open", hint=await self._what_became_of_it())
        if len(entries) > 1:
            listed = ", ".join(f"{each.own_job_id} with {room_details(each).avatar}" for each in entries)
            raise InputError(f"room: several are open: {listed}", hint="Choose one with room")
        return entries[0]

    async def _what_became_of_it(self) -> str:
        recent = await self._ledger.recent(EntryFilter(since=self._oldest(), family=STREAMING))
        ended = next((each for each in recent if each.state == "deleted"), None)
        if ended is None:
            return "start_streaming opens one"
        cost = None if ended.charged is None else f"It cost {credits_of(ended.charged)}"
        return sentences("The last live room has ended", ended.note, cost, "start_streaming opens another")

    def room_of(self, entry: LedgerEntry) -> Room | None:
        """The room of an entry, when this server opened it."""
        return self._rooms.get(entry.own_job_id)

    # ------------------------------------------------------------------ what can be done

    async def visited(self, entry: LedgerEntry) -> Room:
        """The room of an entry once its page shows the avatar. Raises InputError when the page is not open."""
        room = self.room_of(entry)
        if room is None:
            raise InputError(
                "Another a2e-mcp opened that room, and its page answers there",
                hint="Ask there, or leave_streaming and start_streaming here",
            )
        if not room.is_visited:
            raise InputError(
                "The room's page is not open",
                hint=f"Ask the user to open {self.address(room)} in a browser on this computer, then call again",
            )
        if not await room.until_joined(_SECONDS_TO_JOIN):
            why = room.page.problem or "it shows no picture yet"
            raise InputError(f"The room's page is open, but {why}", hint="Look at the page, then call again")
        return room

    async def ask(self, room: Room, question: str) -> None:
        """Ask the avatar; its answer comes through the page. Raises ServiceError."""
        await self._client.call(ASK_IN_ROOM, SayInRoom(channel=room.channel, text=question))
        room.show("asked", question)

    async def answer(self, room: Room, question: str, seconds: float) -> tuple[str, bool]:
        """Ask, and wait for the answer; gives what came in time, and whether it is all. Raises ServiceError."""
        pieces: list[str] = []
        async with room.asking:
            with room.listening() as heard:
                await self.ask(room, question)
                with anyio.move_on_after(seconds):
                    while True:
                        piece = await heard.receive()
                        if piece.position == "start":
                            pieces.clear()
                        pieces.append(piece.text.strip())
                        if piece.position == "end":
                            return " ".join(filter(None, pieces)), True
        return " ".join(filter(None, pieces)), False

    async def speak(self, room: Room, text: str) -> None:
        """Let the avatar say a text. Raises ServiceError."""
        await self._client.call(SPEAK_IN_ROOM, SayInRoom(channel=room.channel, text=text))
        room.show("spoken", text)

    async def set_context(self, entry: LedgerEntry, text: str) -> None:
        """Say what the avatar answers from, with questions and answers on lines of their own. Raises ServiceError."""
        lines = one_turn_a_line(text)
        await self._client.call(SET_CONTEXT, SetContext(channel=_channel(entry), text=lines))

    async def context(self, entry: LedgerEntry) -> str | None:
        """What the avatar answers from, as far as A2E's answer can be read. Raises ServiceError."""
        answer: Opaque = await self._client.call(GET_CONTEXT, InRoom(channel=_channel(entry)))
        value = answer.value
        if isinstance(value, Mapping):
            value = next((value[name] for name in ("text", "context", "qa_context") if value.get(name)), None)
        return value if isinstance(value, str) else None

    async def leave(self, room: Room, why: str) -> None:
        """Leave a room that this server opened. Raises ServiceError."""
        entry = await self._ledger.entry(room.job_id.partition(":")[2])
        if entry.state == "running":
            await self.leave_entry(entry, why)
        elif room.closed is None:
            # Another server on this folder has left it, or its time is over.
            room.close(f"{why} It was over already.")

    async def leave_entry(self, entry: LedgerEntry, why: str) -> float | None:
        """Leave a room; how many credits were refunded, as far as the balance shows. Raises ServiceError."""
        since = self._ledger.now()
        async with self._spending.watching(_PATIENCE) as rise:
            try:
                await self._client.call(LEAVE_ROOM, InRoom(channel=_channel(entry)))
            except NotFound:
                # It was over already, or was left elsewhere: nothing is open any more.
                why = f"{why} It was over already."
        job_id = JobId(entry.family, entry.id)
        back = await record_refund(self._ledger, entry, job_id, rise, since=since, had_ended=False)
        await self._ledger.update(entry.id, state="deleted", note=why)
        if (room := self.room_of(entry)) is not None:
            room.close(why)
        return back

    async def leave_all(self, why: str) -> None:
        """Leave every room that this server has open."""
        async with anyio.create_task_group() as leaving:
            for room in self._rooms.values():
                if room.closed is None:
                    leaving.start_soon(self._leave_quietly, room, why)

    # ------------------------------------------------------------------ what happens by itself

    async def _watch(self, room: Room, seconds: int) -> None:
        with anyio.move_on_after(seconds):
            await room.until_deserted(self._grace_seconds)
            await self._leave_quietly(room, "Its page was closed, so the room was left.")
            return
        if room.closed is None:
            room.close("The time that was paid for is over.")
        try:
            await self.forget_ended()
        except A2EError as problem:
            # It is over all the same, and is written down with the next start.
            _log.info("the end of %s was not written down: %s", room.job_id, problem)

    async def _leave_quietly(self, room: Room, why: str) -> None:
        try:
            await self.leave(room, why)
        except A2EError as problem:
            # The room ends with its time; until then it stays first in get_credits.
            room.close(f"{why} A2E could not be reached: {problem}")


def room_details(entry: LedgerEntry) -> RoomDetails:
    """What is known of a bought room; a room that is still being bought is over for now."""
    return entry.details.room or RoomDetails("", "", 0.0)


def ends_at(entry: LedgerEntry) -> str:
    """When a room's time is over, in UTC."""
    return moment_shown(room_details(entry).until)


def _channel(entry: LedgerEntry) -> str:
    return room_details(entry).channel


def _is_ours(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    except ValueError:
        return False
