"""Jobs as tasks of the protocol (the Tasks extension), for hosts of 2026-07-28 that declare it.

A task is a job under its job id, or several with commas: A2E and the ledger know all there is to know of jobs, so no
task is kept here, and each survives a restart. A start answers such a host with the task; `tasks/get` follows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import require_client_extension
from mcp.shared.exceptions import MCPError
from mcp.types import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    GetTaskRequestParams,
    TextContent,
)

from a2e_mcp.errors import A2EError, InputError, NotFound
from a2e_mcp.server import tool_index
from a2e_mcp.server.tool_prefix import bare_name, prefixed
from a2e_mcp.text import clean_line

if TYPE_CHECKING:
    from a2e_mcp.jobs.job import Job
    from a2e_mcp.ledger.job_ids import JobId
    from a2e_mcp.server.services import Services

Context = ServerRequestContext[Any, Any]
Finish = Callable[[Sequence[str]], Awaitable[CallToolResult]]
"""The answer about jobs that have ended, as a tool gives it."""

_ID = "io.modelcontextprotocol/tasks"
_VERSION = "2026-07-28"
_SEPARATOR = ","
_MOST_JOBS = 20
_LIFETIME_MS = 3 * 86_400_000
"""Results live about three days."""
_USUAL_POLL_SECONDS = 5.0
_LONGEST_MESSAGE = 300
_OPEN = ("queued", "running")


class Tasks(Extension):
    """The extension; `finish` makes the answer that the result of a task is."""

    identifier = _ID

    def __init__(
        self, open_services: Callable[[], Awaitable[Services]], finish: Finish, *, seconds: float, prefix: str
    ) -> None:
        self._open = open_services
        self._finish = finish
        self._seconds = seconds
        self._prefix = prefix

    def methods(self) -> Sequence[MethodBinding]:
        """tasks/get, tasks/update and tasks/cancel."""
        handlers = {"get": self._get, "update": self._acknowledge, "cancel": self._acknowledge}
        return [
            MethodBinding(f"tasks/{name}", GetTaskRequestParams, handler, frozenset({_VERSION}))
            for name, handler in handlers.items()
        ]

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: Context, call_next: CallNext
    ) -> HandlerResult:
        """Answer with the task where a call has started a job that runs; the job is in the ledger by then."""
        result = await call_next(ctx)
        if ctx.protocol_version != _VERSION or not _declared(ctx) or not isinstance(result, CallToolResult):
            return result
        data = result.structured_content
        effect = tool_index.effect_of(bare_name(params.name, self._prefix))
        if result.is_error or not data or "job_id" not in data or effect not in ("spends", "writes"):
            return result
        from a2e_mcp.ledger.job_ids import STREAMING

        jobs = [data, *(each for each in data.get("jobs", ()) if each["job_id"] != data["job_id"])]
        if data.get("family") == STREAMING or not any(job["state"] in _OPEN for job in jobs):
            return result
        said = " ".join(block.text for block in result.content if isinstance(block, TextContent))
        return {
            "resultType": "task",
            **_task([job["job_id"] for job in jobs], "working", data, (await self._open()).ledger.now(), said),
        }

    async def _get(self, ctx: Context, params: GetTaskRequestParams) -> dict[str, Any]:
        """How far the jobs of a task are; when all have ended, with the answer about them."""
        services, jobs = await self._jobs_of(ctx, params)
        first, now = jobs[0], services.ledger.now()
        about = first.model_dump(include={"created_at", "next_check_seconds"})
        if not all(job.finished for job in jobs):
            said = "; ".join(f"{job.family} {_how_far(job)}" for job in jobs)
            return _task([job.job_id for job in jobs], "working", about, now, said, named=params.task_id)
        answer = await self._finish([job.job_id for job in jobs])
        if any(job.state == "failed" for job in jobs):
            answer = answer.model_copy(update={"is_error": True})
        result = answer.model_dump(mode="json", by_alias=True, exclude_none=True)
        said = "; ".join(f"{job.family} {job.state}" for job in jobs)
        task = _task([job.job_id for job in jobs], "completed", about, now, said, named=params.task_id)
        return {**task, "result": {**result, "resultType": "complete"}}

    async def _acknowledge(self, ctx: Context, params: GetTaskRequestParams) -> dict[str, Any]:
        """No task asks for anything, and a job that is paid for is neither stopped nor refunded by not watching it."""
        await self._jobs_of(ctx, params)
        return {}

    async def _jobs_of(self, ctx: Context, params: GetTaskRequestParams) -> tuple[Services, Sequence[Job]]:
        from a2e_mcp.ledger.job_ids import parse_job_id

        require_client_extension(ctx, _ID)
        _require_same_name(ctx, params.task_id)
        services = await self._open()
        named = params.task_id.split(_SEPARATOR)[:_MOST_JOBS]
        try:
            job_ids = [parse_job_id(each, sandbox=services.sandbox) for each in named]
        except InputError as problem:
            raise self._unknown(problem) from None
        return services, await asyncio.gather(*(self._state(services, job_id) for job_id in job_ids))

    async def _state(self, services: Services, job_id: JobId) -> Job:
        """The state of a job; the last known one while A2E does not answer."""
        try:
            with anyio.fail_after(self._seconds):
                return await services.jobs.check(job_id)
        except (NotFound, InputError) as problem:
            raise self._unknown(problem) from None
        except (A2EError, TimeoutError):
            return await services.jobs.last_known(job_id)

    def _unknown(self, problem: A2EError) -> MCPError:
        return MCPError(INVALID_PARAMS, clean_line(prefixed(problem.with_outcome(""), self._prefix)))


def _declared(ctx: Context) -> bool:
    capabilities = ctx.session.client_capabilities
    return capabilities is not None and _ID in (capabilities.extensions or {})


def _require_same_name(ctx: Context, task_id: str) -> None:
    """Over HTTP the header `Mcp-Name` repeats the id, so that a proxy can send all about a task to one place.

    The SDK's own client sends none, so one that is missing is no contradiction.
    """
    headers: Mapping[str, str] = getattr(ctx.request, "headers", {})
    if headers.get("mcp-name", task_id) != task_id:
        raise MCPError(HEADER_MISMATCH, "The header Mcp-Name must be the taskId")


def _how_far(job: Job) -> str:
    return f"{job.state}{f', {job.progress:.0%}' if job.progress else ''}"


def _task(
    job_ids: Sequence[str],
    status: str,
    about: Mapping[str, Any],
    now: float,
    said: str,
    *,
    named: str | None = None,
) -> dict[str, Any]:
    """A task as the protocol shows it, under the id that it was named by."""
    from a2e_mcp.catalogue.declaration.values import utc_moment

    return {
        "taskId": named or _SEPARATOR.join(job_ids),
        "status": status,
        "statusMessage": clean_line(said)[:_LONGEST_MESSAGE],
        "createdAt": about.get("created_at") or utc_moment(now),
        "lastUpdatedAt": utc_moment(now),
        "ttlMs": _LIFETIME_MS,
        "pollIntervalMs": int(1000 * max(1.0, about.get("next_check_seconds") or _USUAL_POLL_SECONDS)),
    }
