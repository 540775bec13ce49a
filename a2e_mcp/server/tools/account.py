"""Tools about the account: credits, and what was spent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.account import GET_CREDITS
from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.records import Nothing
from a2e_mcp.catalogue.tool import Inputs
from a2e_mcp.ledger.job_ids import DOWNLOAD
from a2e_mcp.ledger.store import Entry
from a2e_mcp.server.answers.jobs import sandboxed
from a2e_mcp.server.answers.lists import page_line
from a2e_mcp.server.tool_call import Answer, Call, ServerTool
from a2e_mcp.starts.pricing import amount
from a2e_mcp.starts.refunds import REFUND_UNKNOWN
from a2e_mcp.text import one_line

_ROWS = 10
_DAY = 86_400.0


class NoInputs(Inputs):
    """A tool that takes nothing."""


class SpendingInputs(Inputs):
    """What `list_spending` takes."""

    days: Annotated[int, Field(ge=1, le=3650)] = Field(default=30, description="How many days back")
    page: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, description="Page of ten, from 1")


async def _credits(call: Call[NoInputs]) -> Answer:
    services = call.services
    balance = await services.client.call(GET_CREDITS, Nothing())
    spent = services.spending.spent_today()
    limits = services.spending.limits
    structured: dict[str, Any] = {"credits": balance.credits, "spent_today": spent, "sandbox": services.sandbox}
    if balance.diamonds is not None:
        structured["diamonds"] = balance.diamonds
    told = f"{amount(balance.credits)} credits left; {amount(spent)} spent here in the last 24 hours"
    if limits.per_day is not None:
        structured["daily_ceiling"] = limits.per_day
        told += f" of {amount(limits.per_day)} allowed"
    if services.sandbox:
        told = f"play money: {told}"
    if rooms := services.rooms.told_open():
        structured["open_rooms"] = rooms
        listed = "; ".join(f"{room['room']} with {room['avatar']} until {room['until']}" for room in rooms)
        told = f"A live room is open and paid for: {listed}. leave_streaming gives unused credits back. {told}"
    return Answer(sandboxed(f"{told}.", sandbox=services.sandbox), structured)


def _is_sure(entry: Entry) -> bool:
    """Whether the cost of a start was told or measured, and nothing may have come back unseen."""
    return entry.cost_is_sure and not entry.steps.get(REFUND_UNKNOWN)


async def _spending(call: Call[SpendingInputs]) -> Answer:
    services, inputs = call.services, call.inputs
    since = services.ledger.now() - inputs.days * _DAY
    entries = [entry for entry in services.ledger.recent(since=since, most=100_000) if entry.family != DOWNLOAD]
    total = sum(entry.cost for entry in entries)
    shown = entries[(inputs.page - 1) * _ROWS : inputs.page * _ROWS]
    rows = [
        {
            "job_id": entry.handles[0] if entry.handles else entry.own_job_id,
            "when": datetime.fromtimestamp(entry.created, UTC).isoformat(timespec="minutes"),
            "title": entry.title,
            "credits": entry.cost,
            "sure": _is_sure(entry),
            **({"consent": entry.consent[:120]} if entry.consent else {}),
        }
        for entry in shown
    ]
    told = f"{amount(total)} credits in {inputs.days} days, {len(entries)} starts from this computer"
    lines = [page_line(told, inputs.page, -(-len(entries) // _ROWS))]
    lines += [
        f"{row['when']} {row['job_id']} '{one_line(entry.title)}' {amount(entry.cost)}"
        f"{'' if row['sure'] else ' (expected)'}"
        for row, entry in zip(rows, shown, strict=True)
    ]
    structured = {"spending": rows, "total": total, "starts": len(entries), "page": inputs.page}
    return Answer(sandboxed("\n".join(lines), sandbox=services.sandbox), structured)


TOOLS = (
    ServerTool(
        name="get_credits",
        title="Credits left",
        about="How many credits the account has, and what was spent here today.",
        inputs=NoInputs,
        effect=Effect.READS,
        toolset="account",
        run=_credits,
    ),
    ServerTool(
        name="list_spending",
        title="What was spent",
        about="What was started from this computer and what it cost, newest first.",
        inputs=SpendingInputs,
        effect=Effect.READS,
        toolset="account",
        run=_spending,
        answers="spending",
    ),
)
