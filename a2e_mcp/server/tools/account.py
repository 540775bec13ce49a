"""Tools about the account: credits, prices, spending, and files in its storage."""

from __future__ import annotations

import difflib
import shlex
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field
from pydantic.config import JsonDict

from a2e_mcp.background import both
from a2e_mcp.catalogue.account import COPY_URL, GET_CREDITS, CopyRequest
from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.declaration.spellings import DAYS, SECONDS, Name, OthersArguments, ZeroMeansNone
from a2e_mcp.catalogue.declaration.tool import Inputs, MediaIn, OrNone, optional
from a2e_mcp.catalogue.declaration.values import moment_shown, utc_moment
from a2e_mcp.catalogue.voices import spoken_seconds
from a2e_mcp.errors import FileRefused, InputError
from a2e_mcp.files.local import LocalFile
from a2e_mcp.files.urls import check_scheme, is_url
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import DOWNLOAD
from a2e_mcp.ledger.store import LIMIT_SECONDS, EntryFilter
from a2e_mcp.server.answers.answer import Answer, AnswerSentences, Link
from a2e_mcp.server.answers.jobs import chosen_data, chosen_words, job_answer, started_answer
from a2e_mcp.server.answers.lists import ROWS, ListPage, Page, page_line
from a2e_mcp.server.arguments.fields import argument_fields
from a2e_mcp.server.arguments.reader import read_arguments
from a2e_mcp.server.arguments.values import normalised
from a2e_mcp.server.tool_call import AnyTool, Call, NoInputs, ServerTool
from a2e_mcp.server.tool_index import find_tool, meant_tool, tools
from a2e_mcp.server.uploads.addresses import upload_address
from a2e_mcp.starts.pricing import amount, credits_of
from a2e_mcp.starts.service import Quoted
from a2e_mcp.text import counted, one_line, sentences

_ANY_MEDIA = MediaIn(("image", "video", "audio"))
_MOST_DAYS = 14
"""Days that a list of spending sums up."""
_DAY = 86_400.0
_USUAL_ARGUMENTS: JsonDict = {
    "properties": {
        name: {"type": "string"} for name in ("script", "voice", "avatar", "image", "video", "audio", "prompt")
    }
}
"""The arguments of most starts: some providers refuse an object without properties."""


_LONGEST_QUOTE = 1200
_STAND_IN_LANGUAGE = "en-US"


class QuoteInputs(Inputs):
    """What `quote_job` takes."""

    tool: Name = Field(description="Name of a tool that costs credits")
    arguments: Annotated[dict[str, Any], Field(default_factory=dict), OthersArguments()] = Field(
        description="The arguments of that call, whichever it takes", json_schema_extra=_USUAL_ARGUMENTS
    )
    seconds: OrNone[Annotated[float, Field(ge=1, le=_LONGEST_QUOTE), SECONDS, ZeroMeansNone()]] = optional(
        "Length, before there is a script"
    )


class SpendingInputs(Inputs):
    """What `list_spending` takes."""

    days: Annotated[int, Field(ge=1, le=3650), DAYS] = Field(default=30, description="How many days back")
    page: Page = Field(default=1, description="Page of ten, from 1")


class UploadInputs(Inputs):
    """What `upload_file` takes."""

    path: Annotated[Name, Field(min_length=1)] = Field(
        description="File in an allowed folder; its name, where the server is elsewhere"
    )


class CopyInputs(Inputs):
    """What `copy_url_to_storage` takes."""

    url: Annotated[str, _ANY_MEDIA] = Field(description="URL of a picture, clip or sound")


async def _credits(call: Call[NoInputs]) -> Answer:
    services = call.services
    # The ledger is read while A2E answers, and once.
    day = services.ledger.now() - LIMIT_SECONDS
    balance, (rooms, spent) = await both(
        services.client.call(GET_CREDITS, Nothing()), services.rooms.open_rows_and_spent(day)
    )
    limits = services.ceilings
    structured: dict[str, Any] = {"credits": balance.credits, "spent_today": spent}
    if balance.diamonds is not None:
        structured["diamonds"] = balance.diamonds
    kind = " of play money" if services.sandbox else ""
    message = f"{credits_of(balance.credits)}{kind} left; {amount(spent)} spent here in the last 24 hours"
    if limits.own_per_day is not None:
        structured["daily_ceiling"] = limits.own_per_day
        message += f" of {amount(limits.own_per_day)} allowed"
    if rooms:
        structured["open_rooms"] = rooms
        listed = "; ".join(f"{room['room']} with {room['avatar']} until {room['until']}" for room in rooms)
        message = f"A live room is open and paid for: {listed}. leave_streaming refunds unused credits. {message}"
    return call.answer(f"{message}.", structured)


async def _quote(call: Call[QuoteInputs]) -> Answer:
    services = call.services
    tool = _priced_tool(call.inputs.tool)
    arguments, seconds = _with_length(tool, call.inputs)
    if seconds is not None:
        arguments = await _with_stand_ins(call, tool, arguments, seconds)
    inputs, options = read_arguments(tool, tools()[tool.name].wire["inputSchema"], arguments, is_quote=True)
    quoted: Quoted = await tool.price(replace(call, inputs=inputs, options=options))
    if seconds is not None:
        quoted = Quoted(quoted.price, f"Priced for {seconds:g} s of speech; the script decides how long it really is.")
    price = quoted.price
    limits = services.ceilings
    charged = f"{tool.name} would cost {price}. Nothing was charged."
    notice = _length(tool.name, inputs)
    structured: dict[str, Any] = {
        "tool": tool.name,
        "steps": [{"step": step.step, "credits": step.credits, "source": step.source} for step in price.steps],
    }
    if price.total is not None:
        structured["credits"] = price.total
    if limits.own_per_day is not None:
        spent = await services.spending.spent_today()
        structured["spent_today"], structured["daily_ceiling"] = spent, limits.own_per_day
        notice += f" Spent in 24 hours: {amount(spent)} of {amount(limits.own_per_day)}."
    if quoted.same is not None:
        notice += f" {_same_words(quoted.same)}"
    structured |= chosen_data(quoted.chosen)
    notice = f"{notice} {chosen_words(quoted.chosen)}".strip()
    return call.answer(AnswerSentences(charged=charged, notice=notice, warning=quoted.warning or ""), structured)


def _priced_tool(named: str) -> AnyTool:
    """The tool that is to be priced. Raises InputError when none is called so, or when it costs nothing."""
    name = meant_tool(named)
    tool = None if name is None else find_tool(name)
    if tool is None:
        near = difflib.get_close_matches(named.casefold(), tools(), n=1, cutoff=0.5)
        suggestion = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"No tool has this name{suggestion}", hint="Name a start_ tool or generate_speech")
    if tool.effect is not Effect.SPENDS:
        raise InputError(f"{tool.name} costs nothing", hint="Name a start_ tool or generate_speech")
    return tool


def _with_length(tool: AnyTool, inputs: QuoteInputs) -> tuple[Mapping[str, Any], float | None]:
    """The arguments to price, and the length to price instead of a script that is not written yet."""
    arguments, seconds = dict(inputs.arguments), inputs.seconds
    if seconds is not None and "seconds" in tool.inputs.model_fields:
        # Written beside the others, it is the tool's own.
        return {"seconds": seconds, **arguments}, None
    if seconds is None and tool.speaks and "seconds" not in tool.inputs.model_fields:
        # Without a script yet, the length is often written where the script would be.
        written = normalised(argument_fields(QuoteInputs), {"seconds": arguments.get("seconds")}).get("seconds")
        if isinstance(written, int | float) and 1 <= written <= _LONGEST_QUOTE:
            seconds = float(written)
            del arguments["seconds"]
    is_spoken = any(arguments.get(name) for name in ("script", "audio"))
    if seconds is None or (tool.speaks and is_spoken):
        return arguments, None
    if not tool.speaks:
        raise InputError(f"seconds is for tools that speak a script, and {tool.name} does not", hint="Leave it out")
    return arguments, seconds


async def _with_stand_ins(
    call: Call[QuoteInputs], tool: AnyTool, arguments: Mapping[str, Any], seconds: float
) -> Mapping[str, Any]:
    """The arguments with a script of this length, and some avatar and voice where none is chosen yet."""
    directory = call.services.directory
    made: dict[str, Any] = {**arguments, "script": _of_length(seconds), "language_ok": True}
    if not made.get("voice"):
        voices = await directory.voices_in(_STAND_IN_LANGUAGE)
        made["voice"] = f"{voices[0].name} ({voices[0].language})" if voices else None
    if "avatar" in tool.inputs.model_fields and not made.get("avatar"):
        avatars = await directory.avatars()
        made["avatar"] = next((each.id for each in avatars if not each.own), None)
    return made


def _of_length(seconds: float) -> str:
    """A text that is about so many seconds long."""
    text = ""
    while spoken_seconds(text) < seconds:
        text += "la " * max(1, round(seconds - spoken_seconds(text)))
    return text.strip()


def _length(tool: str, inputs: Inputs) -> str:
    """How long the result will roughly be; East Asian signs are whole syllables, and other figures hold there."""
    script = getattr(inputs, "script", None)
    if not isinstance(script, str) or any(unicodedata.east_asian_width(each) in "WF" for each in script):
        return ""
    what = "speech" if tool == "generate_speech" else "video"
    return f"The {what} will be about {spoken_seconds(script, getattr(inputs, 'speed', 1.0)):g} s long."


def _same_words(same: LedgerEntry) -> str:
    """What a quote says of an identical start."""
    job_id = same.job_ids[0] if same.job_ids else same.own_job_id
    return (
        f"The same was started at {moment_shown(same.created)} as {job_id}: starting it returns that job and charges"
        " nothing, as long as its result lives."
    )


def _is_sure(entry: LedgerEntry) -> bool:
    """Whether the cost of a start was reported or measured, and no refund can have gone unseen."""
    return entry.cost_is_sure and not entry.details.refund_unknown and not entry.damaged


async def _spending(call: Call[SpendingInputs]) -> Answer:
    services, inputs = call.services, call.inputs
    since = services.ledger.now() - inputs.days * _DAY
    total, starts = await services.ledger.spending(since)
    shown = await services.ledger.recent(
        EntryFilter(since=since, without=DOWNLOAD), most=ROWS, skip=(inputs.page - 1) * ROWS
    )
    rows = [
        {
            "job_id": entry.job_ids[0] if entry.job_ids else entry.own_job_id,
            "when": utc_moment(entry.created),
            "title": entry.title,
            "credits": entry.cost,
            "sure": _is_sure(entry),
            **({"consent": entry.consent[:120]} if entry.consent else {}),
        }
        for entry in shown
    ]
    limits = services.ceilings
    whose = "from this computer" if limits.user is None else "of yours"
    message = f"{credits_of(total)} in {counted(inputs.days, 'day')}, {counted(starts, 'start')} {whose}"
    lines = [
        f"{moment_shown(entry.created)} {row['job_id']} '{one_line(entry.title)}' {credits_of(entry.cost)}"
        f"{'' if row['sure'] else ' (expected)'}"
        for row, entry in zip(rows, shown, strict=True)
    ]
    by_kind = await services.ledger.spending_by("family", since)
    by_day = await services.ledger.spending_by("day", since, _MOST_DAYS)
    today = await services.spending.spent_today()
    ceilings = {"per_start": limits.per_start, "per_day": limits.own_per_day}
    structured = {
        "spending": rows,
        "total": total,
        "starts": starts,
        "by_kind": by_kind,
        "by_day": by_day,
        "spent_today": today,
        "ceilings": {name: most for name, most in ceilings.items() if most is not None},
        "page": inputs.page,
    }
    damaged = sum(entry.damaged for entry in shown)
    head = page_line(message, inputs.page, -(-starts // ROWS))
    hint = sentences(
        f"Credits by kind: {_sums(by_kind)}." if len(by_kind) > 1 else "",
        f"By day: {_sums(by_day)}." if len(by_day) > 1 else "",
        "" if limits.own_per_day is None else f"In 24 hours: {amount(today)} of {amount(limits.own_per_day)} allowed.",
        "" if limits.per_start is None else f"At most {amount(limits.per_start)} a start.",
        f"Of {counted(damaged, 'start')} here a part of the ledger cannot be read." if damaged else "",
    )
    return call.page(ListPage(head, lines, structured, hint))


def _sums(credits: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {amount(spent)}" for name, spent in credits.items())


async def _upload(call: Call[UploadInputs]) -> Answer:
    if call.services.relay.is_on:
        return await _offer(call)
    return started_answer(await call.services.starts.upload(await _file(call), call.options, call.deadline))


async def _offer(call: Call[UploadInputs]) -> Answer:
    """A one-time address for a file that is not on this computer."""
    services = call.services
    _refuse_url(call.inputs.path)
    offer = await services.relay.offer(call.inputs.path, call.options, call.deadline)
    address = upload_address(services.settings, offer.secret)
    until = moment_shown(offer.entry.details.awaited_until or 0.0)
    (job,) = services.jobs.of_entry(offer.entry)
    message = AnswerSentences(
        notice=f"The file is sent by the user, once, until {until}: on the page at this address, or with"
        f" curl -T {shlex.quote(offer.entry.title)} {address}. Show the user the address; once the file has arrived,"
        f" give {job.job_id} in its place."
    )
    answer = job_answer(job, message=message, lines=[address])
    return replace(answer, structured={**answer.structured, "upload_address": address})


async def _price_of_upload(call: Call[UploadInputs]) -> Quoted:
    if call.services.relay.is_on:
        return Quoted(await call.services.relay.price(call.inputs.path))
    return await call.services.starts.quote_upload(await _file(call))


async def _file(call: Call[UploadInputs]) -> LocalFile:
    _refuse_url(call.inputs.path)
    return await call.services.files.open_local(call.inputs.path, _ANY_MEDIA)


def _refuse_url(path: str) -> None:
    if is_url(path):
        check_scheme(path)
        raise FileRefused("path is a URL, which needs no upload", hint="Give the URL itself to the other tool")


async def _copy(call: Call[CopyInputs]) -> Answer:
    if not is_url(call.inputs.url):
        raise InputError("url is not a URL", hint="Send a file on this computer with upload_file")
    url = await call.services.files.direct_url(call.inputs.url, _ANY_MEDIA)
    copy = await call.services.client.call(COPY_URL, CopyRequest(url=url))
    copied = [Link(copy.url, "copy")]
    return call.answer("Copied. A2E does not say how long it keeps the copy.", {"url": copy.url}, links=copied)


TOOLS = (
    ServerTool(
        name="get_credits",
        title="Credits left",
        about="Show how many credits the account has, and what was spent here today.",
        inputs=NoInputs,
        examples=({},),
        effect=Effect.READS,
        toolset="account",
        run=_credits,
    ),
    ServerTool(
        name="quote_job",
        title="Price of a job",
        about="Show what a start would cost in credits, step by step. Starts and charges nothing.",
        inputs=QuoteInputs,
        examples=({"tool": "generate_speech", "arguments": {"script": "Good morning.", "voice": "Aria"}},),
        effect=Effect.READS,
        toolset="account",
        run=_quote,
    ),
    ServerTool(
        name="list_spending",
        title="List spending",
        about="List what was started from this computer and what it cost, newest first.",
        inputs=SpendingInputs,
        examples=({"days": 7},),
        effect=Effect.READS,
        toolset="account",
        run=_spending,
        answers="spending",
        page="spending",
        row={"job_id": str, "when": str, "title": str, "credits": float, "sure": bool},
    ),
    ServerTool(
        name="upload_file",
        title="Upload a file to A2E",
        about="Upload a picture, clip or sound to A2E. On this computer start tools do so themselves.",
        inputs=UploadInputs,
        examples=({"path": "portrait.png"},),
        effect=Effect.SPENDS,
        toolset="account",
        run=_upload,
        price=_price_of_upload,
        answers="job",
    ),
    ServerTool(
        name="copy_url_to_storage",
        title="Copy a URL to A2E",
        about="Copy a file from a short-lived URL into A2E's storage and return its new URL.",
        inputs=CopyInputs,
        examples=({"url": "https://example.com/picture.png"},),
        effect=Effect.WRITES,
        toolset="account",
        run=_copy,
    ),
)
