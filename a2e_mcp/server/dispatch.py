"""One tools/call from name and arguments to its answer."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio
from mcp.server.mcpserver.exceptions import ToolError

from a2e_mcp.errors import Charged, Refused
from a2e_mcp.ledger.job_ids import DOWNLOAD
from a2e_mcp.server import tool_index
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.answers.field_names import rename_fields
from a2e_mcp.server.arguments.reader import read_arguments
from a2e_mcp.server.calls import Unfinished, unfinished
from a2e_mcp.server.lifespan import opened
from a2e_mcp.server.services import Services
from a2e_mcp.server.time_limit import TimeLimit
from a2e_mcp.server.tool_call import Call, Progress
from a2e_mcp.starts.progress import Confirm

_ASKING_SECONDS = 0.2
"""How long the ledger is asked what a call that was cut has cost."""


async def run_tool(
    name: str,
    arguments: Mapping[str, Any],
    open_services: Callable[[], Awaitable[Services]],
    seconds: float,
    progress: Progress,
    *,
    ready: Services | None = None,
    shown: Callable[[], Sequence[str]],
    confirm: Confirm | None = None,
) -> Answer:
    """Run a tool within so many seconds, not counting those that the user thinks when they are asked to `confirm`.

    `ready` are the services where they are open: nearly always, and then no limit is set to opening them. `shown` gives
    the tools that may be suggested for an unknown name.

    Raises ToolError for an unknown one, A2EError for what failed.
    """
    tool = tool_index.find_tool(name)
    if tool is None:
        near = difflib.get_close_matches(name, shown(), n=1, cutoff=0.5)
        raise ToolError(f"Tool not found{f'; did you mean {near[0]}?' if near else '.'}")
    limit = TimeLimit(seconds)
    inputs, options = read_arguments(tool, tool_index.tools()[name].wire["inputSchema"], arguments)
    services = ready or await opened(open_services, limit)
    reports = _Reports(progress)
    call = Call(
        inputs=inputs, services=services, options=options, limit=limit, progress=reports.report, confirm=confirm
    )
    began = services.ledger.now()
    try:
        answer: Answer = await services.calls.within(limit, tool.run(call))
        return answer
    except Refused as problem:
        raise problem.advised(message=rename_fields(problem.message, tool.fields)) from None
    except Unfinished as problem:
        raise unfinished(problem, limit).advised(charged=await _charged(name, services, began)) from None
    finally:
        reports.end()


class _Reports:
    """The progress of one call, which ends with its answer: the work may continue without it."""

    def __init__(self, progress: Progress) -> None:
        self._progress: Progress | None = progress

    async def report(self, share: float, message: str) -> None:
        """Report how far the call is, unless it is answered."""
        if self._progress is not None:
            await self._progress(share, message)

    def end(self) -> None:
        """Report no more."""
        self._progress = None


async def _charged(name: str, services: Services, began: float) -> Charged:
    """What is known about charges after a call that was cut; a locked ledger is not waited for."""
    if not tool_index.can_be_charged(name):
        return Charged.NOTHING
    from a2e_mcp.ledger.store import EntryFilter

    with anyio.move_on_after(_ASKING_SECONDS):
        # A step of this call, such as an upload, may have been charged before; so may another call's.
        spent = bool(await services.ledger.recent(EntryFilter(since=began, without=DOWNLOAD), most=1))
        return Charged.UNKNOWN if spent else Charged.NOTHING
    return Charged.UNKNOWN
