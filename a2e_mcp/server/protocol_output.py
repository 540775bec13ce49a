"""What goes out to the host by the protocol: all of it is clean, so it can always be serialised, and shown anywhere.

A2E's answers are clean already. File names, arguments and settings are not: one half of an emoji among them would
otherwise end the server in the SDK's writer, where it can no longer be caught.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp.types import SERVER_INFO_META_KEY, CallToolResult, GetPromptResult, ResourceLink, TextContent

from a2e_mcp.operations.measurements import Mistake
from a2e_mcp.server.tool_prefix import prefixed, prefixed_data
from a2e_mcp.text import clean, clean_data, clean_line

_FIRST_WITH_LINKS = "2025-06-18"
_WITHOUT_HANDSHAKE = "2026-07-28"
_IN_EVERY_ANSWER = ("name", "title", "version")
_FAIL_ON_LINKS = ("mcp",)
"""Names that clients give themselves: this is what the SDK calls them when they say nothing.

AutoGen's workbench is one of them, and any block that it does not know costs it the whole answer. The links are in the
text anyway. Hosts of the newest protocol were written after there were such links.
"""

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from mcp.server.mcpserver import Context

    from a2e_mcp.server.answers.answer import Answer, Link


def takes_links(context: Context[Any, Any] | None) -> bool:
    """Whether the host of a call can be given links as blocks of their own."""
    if context is None or context.protocol_version is None or context.protocol_version < _FIRST_WITH_LINKS:
        return False
    client = context.session.client_params
    is_older = context.protocol_version < _WITHOUT_HANDSHAKE
    return not (is_older and client is not None and client.client_info.name in _FAIL_ON_LINKS)


def named(context: Context[Any, Any] | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    """The meta of a tool's result that names the server, where the protocol wants that of every answer.

    Without it the SDK copies the server's whole face for each.
    """
    is_wanted = context is not None and (context.protocol_version or "") >= _WITHOUT_HANDSHAKE
    return {SERVER_INFO_META_KEY: dict(names)} if is_wanted else None


def tool_result(answer: Answer, prefix: str, *, with_links: bool, meta: dict[str, Any] | None = None) -> CallToolResult:
    """An answer as the protocol's result; `prefix` precedes tool names."""
    links = [_resource_link(link) for link in (answer.links if with_links else ())]
    text = TextContent(type="text", text=clean(prefixed(answer.text, prefix)))
    structured: Any = clean_data(prefixed_data(answer.structured, prefix))
    return CallToolResult(content=[text, *links], structured_content=structured, _meta=meta)


def _resource_link(link: Link) -> ResourceLink:
    # Imported with the first link: a person waits for the start.
    from a2e_mcp.files.urls import media_type_of

    return ResourceLink(
        type="resource_link",
        uri=clean_line(link.url),
        name=clean_line(link.name),
        title=clean_line(link.name),
        size=link.size,
        mime_type=link.media_type or media_type_of(link.url),
    )


def tool_failure(text: str, prefix: str) -> ToolError:
    """A failure as the error that becomes the protocol's result."""
    return ToolError(clean(prefixed(text, prefix)))


class ToolMistake(ToolError, Mistake):
    """A mistake in this program, as the error that becomes the protocol's result."""

    def __init__(self, text: str, prefix: str) -> None:
        super().__init__(clean(prefixed(text, prefix)))


def resource_json(data: object, prefix: str) -> str:
    """A resource's data as its text."""
    return json.dumps(clean_data(prefixed_data(data, prefix)), ensure_ascii=False)


def prompt_result(result: GetPromptResult) -> GetPromptResult:
    """A prompt whose texts are clean; its arguments come from the host."""
    return GetPromptResult.model_validate(clean_data(result.model_dump(exclude_none=True)))


def progress_reporter(context: Context[Any, Any] | None) -> Callable[[float, str], Any]:
    """Reports progress to the host, if there is one that listens."""
    latest = -1.0

    async def report(share: float, message: str) -> None:
        # The specification wants progress to grow with every report.
        nonlocal latest
        if context is None or share <= latest:
            return
        latest = share
        await context.report_progress(share, 1.0, clean_line(message))

    return report


async def finish(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware: the errors of the protocol are clean too, and answers introduce the server in short."""
    try:
        result = await call_next(ctx)
    except MCPError as problem:
        # It may repeat what the host has sent.
        error = problem.error
        raise MCPError(error.code, clean(error.message), clean_data(error.data)) from None
    return result if ctx.method == "server/discover" else _shortly_introduced(result)


def _shortly_introduced(result: HandlerResult) -> HandlerResult:
    """In the newest protocol the server names itself in every answer, and shows its face in one only."""
    meta = result.get("_meta") if isinstance(result, dict) else None
    told = meta.get(SERVER_INFO_META_KEY) if isinstance(meta, dict) else None
    if not (isinstance(result, dict) and isinstance(meta, dict) and isinstance(told, dict)):
        return result
    short = {key: told[key] for key in _IN_EVERY_ANSWER if key in told}
    return {**result, "_meta": {**meta, SERVER_INFO_META_KEY: short}}
