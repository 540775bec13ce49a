"""Tools about live rooms: meet an avatar in the browser, let it speak, ask it, leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import anyio
from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.declaration.spellings import SECONDS, JobRef
from a2e_mcp.catalogue.declaration.tool import AvatarRef, Estimate, Inputs, OrNone, optional
from a2e_mcp.catalogue.streaming import (
    LIST_STREAMING_AVATARS,
    LONGEST_CONTEXT,
    LONGEST_ROOM,
    OPEN_ROOM,
    SHORTEST_ROOM,
    OpenRoom,
    StreamingAvatar,
)
from a2e_mcp.errors import A2EError, ServiceError
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import STREAMING
from a2e_mcp.lookup.names import Candidate, pick_one
from a2e_mcp.server.answers.answer import Answer, AnswerSentences, Link
from a2e_mcp.server.answers.jobs import refunded, start_sentences
from a2e_mcp.server.answers.lists import ListPage
from a2e_mcp.server.live_rooms.rooms import Rooms, ends_at, room_details
from a2e_mcp.server.tool_call import Call, NoInputs, ServerTool
from a2e_mcp.starts.service import Purchase, Quoted
from a2e_mcp.text import counted, rows_unread, sentences

_ROWS = 20
_ANSWERING_SECONDS = 3.0
_LONGEST_ANSWER = 30.0
_HOSTS_OCCUPIED = "1001"


class StartStreamingInputs(Inputs):
    """What `start_streaming` takes."""

    avatar: Annotated[str, AvatarRef()] = Field(description="Streaming avatar: id or name")
    seconds: Annotated[int, Field(ge=SHORTEST_ROOM, le=LONGEST_ROOM), SECONDS] = Field(
        default=120, description="Seconds, paid in advance; see quote_job"
    )
    context: OrNone[Annotated[str, Field(max_length=LONGEST_CONTEXT)]] = optional("Facts it answers from")


class RoomInputs(Inputs):
    """Which room."""

    room: OrNone[Annotated[str, JobRef()]] = optional("Room id, if several are open")


class AskInputs(RoomInputs):
    """What `ask_streaming_avatar` takes."""

    question: Annotated[str, Field(min_length=1, max_length=500)] = Field(description="The question")


class SpeakInputs(RoomInputs):
    """What `speak_streaming_avatar` takes."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_CONTEXT)] = Field(description="What it says")


class ContextInputs(RoomInputs):
    """What `set_streaming_qa_context` takes."""

    context: Annotated[str, Field(max_length=LONGEST_CONTEXT)] = Field(description="Facts, or Q: and A: lines")


async def _list(call: Call[NoInputs]) -> Answer:
    listed = await call.services.client.call(LIST_STREAMING_AVATARS, Nothing())
    avatars = listed.rows
    rows = [_row(each) for each in avatars[:_ROWS]]
    are = f"{counted(len(avatars), 'avatar')} {'is' if len(avatars) == 1 else 'are'}"
    lines = [f"{row['name']}: {row['avatar_id']}" for row in rows]
    more = len(avatars) - _ROWS
    hint = f"... and {more} more; start_streaming takes any of their names." if more > 0 else ""
    data = {"avatars": rows, "total": len(avatars)}
    return call.page(
        ListPage(f"{are} available for live rooms.", lines, data, sentences(rows_unread(listed.skipped), hint))
    )


def _purchase(call: Call[StartStreamingInputs], avatar: StreamingAvatar) -> Purchase[OpenRoom]:
    inputs = call.inputs
    name = avatar.name or avatar.id
    return Purchase(
        family=STREAMING,
        title=f"live room with {name}",
        capability=OPEN_ROOM,
        request=OpenRoom(avatar_id=avatar.id, expire_seconds=inputs.seconds),
        estimate=Estimate(inputs.seconds, "second", None, "A2E publishes no price"),
        note="Unused credits are refunded when the room is left.",
        facts={"avatar": name, "seconds": inputs.seconds},
        state="running",
    )


async def _price(call: Call[StartStreamingInputs]) -> Quoted:
    return await call.services.starts.quote_purchase(_purchase(call, await _find_avatar(call)))


async def _start(call: Call[StartStreamingInputs]) -> Answer:
    services, inputs, rooms = call.services, call.inputs, call.services.rooms
    avatar = await _find_avatar(call)
    await rooms.forget_ended()
    try:
        started = await services.starts.buy(_purchase(call, avatar), call.options, call.deadline)
    except ServiceError as problem:
        if str(problem.code) == _HOSTS_OCCUPIED and problem.message.lower().count("occupied"):
            raise A2EError(
                f"No host is free for a live room: {problem.message}", hint="Try again in a few minutes"
            ) from None
        raise
    if started.pending:
        message = replace(
            start_sentences(started, "The room is still opening."), next="get_credits shows when it is open."
        )
        if inputs.context and not started.repeated:
            unset = "Its context is not set: call set_streaming_qa_context when it is open."
            message = replace(message, warning=unset)
        return call.answer(message, {"room": started.jobs[0].job_id})
    entry = await rooms.entry_of(started.jobs[0].job_id)
    trouble = ""
    if inputs.context and not started.repeated:
        trouble = await _without_context(rooms, entry, inputs.context, call.within)
    return await _opened(call, rooms, entry, replace(start_sentences(started), warning=trouble))


async def _without_context(rooms: Rooms, entry: LedgerEntry, context: str, seconds: float) -> str:
    """Set what a new room answers from; a sentence when that fails, for the room is open and paid for."""
    why = "A2E did not answer in time."
    with anyio.move_on_after(seconds):
        try:
            await rooms.set_context(entry, context)
            return ""
        except A2EError as problem:
            why = f"{problem.message.rstrip('.')}."
    return f"But its context could not be set: {why} Set it with set_streaming_qa_context."


async def _opened(call: Call[Any], rooms: Rooms, entry: LedgerEntry, message: AnswerSentences) -> Answer:
    room = rooms.room_of(entry)
    avatar = room_details(entry).avatar
    notice = f"{message.notice} The live room with {avatar} ({entry.own_job_id}) is open until {ends_at(entry)}."
    others = [each for each in await rooms.open_entries() if each.id != entry.id]
    if others:
        listed = ", ".join(f"{each.own_job_id} with {room_details(each).avatar}" for each in others)
        notice += f" Also open and paid for: {listed}; leave_streaming(room=...) closes one."
    structured: dict[str, Any] = {"room": entry.own_job_id, "until": ends_at(entry)}
    if entry.charged is not None:
        structured["credits"] = entry.charged
    if room is None:
        return call.answer(replace(message, notice=f"{notice} Another a2e-mcp opened it.".strip()), structured)
    structured["page"] = rooms.address(room)
    next_step = (
        "ask the user to open the page in a browser on this computer; then ask_streaming_avatar and"
        " speak_streaming_avatar work. Call leave_streaming as soon as it is not needed: unused credits are refunded."
    )
    page = Link(structured["page"], "live room", "text/html")
    return call.answer(replace(message, notice=notice.strip(), next=next_step), structured, links=[page])


async def _ask(call: Call[AskInputs]) -> Answer:
    rooms = call.services.rooms
    entry = await rooms.entry_of(call.inputs.room)
    room = await rooms.visited(entry)
    await call.progress(0.0, "Asking the avatar")
    text, is_whole = await rooms.answer(
        room, call.inputs.question, min(_LONGEST_ANSWER, call.within - _ANSWERING_SECONDS)
    )
    if not text:
        raise A2EError(
            "The avatar was asked but did not answer in time",
            charged=None,
            hint="Look at the room's page; ask again, or set_streaming_qa_context first",
        )
    message = AnswerSentences(
        notice="" if is_whole else "It is still speaking; this is the answer so far.",
        warning="The page is muted: the user has to click on it." if room.page.muted else "",
    )
    data = {
        "room": room.job_id,
        "answer": text,
        "complete": is_whole,
        "frames": room.page.frames,
        "sound": round(room.page.sound, 4),
    }
    return call.answer(message, data, lines=[f"{room.avatar} answered: {text}"])


async def _speak(call: Call[SpeakInputs]) -> Answer:
    rooms = call.services.rooms
    room = await rooms.visited(await rooms.entry_of(call.inputs.room))
    await rooms.speak(room, call.inputs.text)
    message = f"{room.avatar} is saying it in the room."
    return call.answer(message, {"room": room.job_id, "spoken": True})


async def _set_context(call: Call[ContextInputs]) -> Answer:
    rooms = call.services.rooms
    entry = await rooms.entry_of(call.inputs.room)
    await rooms.set_context(entry, call.inputs.context)
    message = f"The avatar now answers from these {counted(len(call.inputs.context), 'character')}."
    return call.answer(message, {"room": entry.own_job_id})


async def _get_context(call: Call[RoomInputs]) -> Answer:
    rooms = call.services.rooms
    entry = await rooms.entry_of(call.inputs.room)
    text = await rooms.context(entry)
    structured: dict[str, Any] = {"room": entry.own_job_id}
    if text:
        structured["context"] = text
    if not text:
        return call.answer("No context is set.", structured)
    return call.answer("", structured, lines=[f"It answers from: {text}"])


async def _leave(call: Call[RoomInputs]) -> Answer:
    rooms = call.services.rooms
    entry = await rooms.entry_of(call.inputs.room)
    back = await rooms.leave_entry(entry, "The room was left.")
    message = "Left the room. " + ("A2E did not report a refund." if back is None else refunded(back))
    structured: dict[str, Any] = {"room": entry.own_job_id, "left": True}
    if back is not None:
        structured["credits_back"] = back
    return call.answer(message, structured)


async def _find_avatar(call: Call[StartStreamingInputs]) -> StreamingAvatar:
    wanted = call.inputs.avatar.strip()
    listed = await call.services.client.call(LIST_STREAMING_AVATARS, Nothing())
    avatars = listed.rows
    found = next((each for each in avatars if each.id.casefold() == wanted.casefold()), None)
    named = [Candidate(each.id, each.name or each.id, each, (each.gender,)) for each in avatars]
    there_are = ", ".join(each.name for each in named[:10]) or "none"
    hint = f"Choose with list_streaming_avatars: there are {there_are}"
    return found or pick_one(wanted, named, "streaming avatar", hint=hint, unread=listed.skipped)


def _row(avatar: StreamingAvatar) -> dict[str, Any]:
    row = {"avatar_id": avatar.id, "name": avatar.name or "", "gender": avatar.gender, "preview": avatar.cover}
    return {name: value for name, value in row.items() if value is not None}


TOOLS = (
    ServerTool(
        name="list_streaming_avatars",
        title="List live avatars",
        about="List the avatars available for live rooms.",
        inputs=NoInputs,
        examples=({},),
        effect=Effect.READS,
        toolset="streaming",
        run=_list,
        answers="avatars",
        row={"avatar_id": str, "name": str, "gender": str},
    ),
    ServerTool(
        name="start_streaming",
        title="Open a live room",
        about="Open a live room with an avatar. Returns the page that the user opens in a browser.",
        inputs=StartStreamingInputs,
        examples=({"avatar": "Ada", "seconds": 120},),
        fields={"avatar_id": "avatar", "expire_seconds": "seconds"},
        effect=Effect.SPENDS,
        toolset="streaming",
        run=_start,
        price=_price,
    ),
    ServerTool(
        name="ask_streaming_avatar",
        title="Ask the live avatar",
        about="Ask the avatar in the open room and return its answer.",
        inputs=AskInputs,
        examples=({"question": "When do you open?"},),
        effect=Effect.WRITES,
        toolset="streaming",
        run=_ask,
    ),
    ServerTool(
        name="speak_streaming_avatar",
        title="Make the live avatar speak",
        about="Make the avatar in the open room say a text.",
        inputs=SpeakInputs,
        examples=({"text": "Welcome to our shop."},),
        effect=Effect.WRITES,
        toolset="streaming",
        run=_speak,
    ),
    ServerTool(
        name="set_streaming_qa_context",
        title="Set the live avatar's facts",
        about="Set the facts that the avatar in the room answers from.",
        inputs=ContextInputs,
        examples=({"context": "Q: When do you open? A: At nine."},),
        effect=Effect.WRITES,
        toolset="streaming",
        run=_set_context,
    ),
    ServerTool(
        name="get_streaming_qa_context",
        title="Read the live avatar's facts",
        about="Read the facts that the avatar in the room answers from.",
        inputs=RoomInputs,
        examples=({},),
        effect=Effect.READS,
        toolset="streaming",
        run=_get_context,
    ),
    ServerTool(
        name="leave_streaming",
        title="Leave the live room",
        about="Close the live room; unused credits are refunded.",
        inputs=RoomInputs,
        examples=({},),
        effect=Effect.WRITES,
        toolset="streaming",
        run=_leave,
    ),
)
