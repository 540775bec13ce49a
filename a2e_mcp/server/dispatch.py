"""One tools/call from name and arguments to its answer."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio
from mcp.server.mcpserver.exceptions import ToolError

from a2e_mcp.errors import A2EError, Charged, Refused
from a2e_mcp.ledger.job_ids import DOWNLOAD
from a2e_mcp.server import tool_index
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.answers.field_names import rename_fields
from a2e_mcp.server.arguments import read_arguments
from a2e_mcp.server.services import Services
from a2e_mcp.server.time_limit import TimeLimit
from a2e_mcp.server.tool_call import Call, Progress
from a2e_mcp.starts.progress import Confirm


async def run_tool(
    name: str,
    arguments: Mapping[str, Any],
    open_services: Callable[[], Awaitable[Services]],
    seconds: float,
    progress: Progress,
    *,
    shown: Sequence[str],
    confirm: Confirm | None = None,
) -> Answer:
    """Run a tool within so many seconds, not counting those that the user thinks when they are asked to `confirm`.

    `shown` are the tools that may be suggested for an unknown name.

    Raises ToolError for an unknown one, A2EError for what failed.
    """
    tool = tool_index.find_tool(name)
    if tool is None:
        near = difflib.get_close_matches(name, shown, n=1, cutoff=0.5)
        raise ToolError(f"Tool not found{f'; did you mean {near[0]}?' if near else '.'}")
    limit = TimeLimit(seconds)
    inputs, options = read_arguments(tool, tool_index.tools()[name].wire["inputSchema"], arguments)
    services = await _opened(open_services, seconds)
    call = Call(inputs=inputs, services=services, options=options, limit=limit, progress=progress, confirm=confirm)
    began = services.ledger.now()
    try:
        with limit.enforced(grace=1):
            answer: Answer = await tool.run(call)
            return answer
    except Refused as problem:
        raise problem.advised(message=rename_fields(problem.message, tool.fields)) from None
    except TimeoutError:
        # A step of this call, such as an upload, may have been charged before; so may another call's.
        spent = bool(await services.ledger.recent(since=began, most=1, without=DOWNLOAD))
        raise A2EError(
            f"A2E did not answer within {seconds:g} s",
            charged=Charged.UNKNOWN if spent else Charged.NOTHING,
            hint="Try again; jobs that were started are in list_jobs",
        ) from None


async def _opened(open_services: Callable[[], Awaitable[Services]], seconds: float) -> Services:
    """The services, opened within the seconds of a call. Raises A2EError."""
    with anyio.move_on_after(seconds):
        return await open_services()
    raise A2EError(
        f"The server is still opening its data after {seconds:g} s; a slow disk or another program may hold it up",
        hint="Try again in a minute; a2e-mcp doctor checks the data folder",
    )
