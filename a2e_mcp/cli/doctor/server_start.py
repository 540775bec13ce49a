"""Starting a server as a client would: its tools are listed, and one free call is made."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import anyio

from a2e_mcp.cli.install.entry import ServerEntry

if TYPE_CHECKING:
    from mcp import Client

FREE_CALL = "get_credits"
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class FreeCall:
    """The answer to the free call; not `tried` when the server does not show the tool."""

    text: str = ""
    failed: bool = False
    tried: bool = True


@dataclass(frozen=True, slots=True)
class ServerStart:
    """The outcome of a start; `problem` is empty when the server answered."""

    tools: int = 0
    seconds: float = 0.0
    problem: str = ""
    output: str = ""
    call: FreeCall | None = None


class _DidNotStart(Exception):
    """The reason why a server did not answer."""


async def start_server(
    entry: ServerEntry, environment: Mapping[str, str], *, patience: float, with_call: bool
) -> ServerStart:
    """Start the server of an entry with this environment; it is stopped again."""
    # A pipe would have to be drained all the time; a file takes any amount of output.
    with io.TextIOWrapper(tempfile.TemporaryFile("w+b"), encoding="utf-8", errors="replace") as stderr:
        try:
            return await _started(entry, environment, stderr, patience, with_call)
        except TimeoutError:
            return ServerStart(problem=f"no answer within {patience:g} s", output=_last_lines(stderr))
        except _DidNotStart as problem:
            return ServerStart(problem=str(problem), output=_last_lines(stderr))


async def _started(
    entry: ServerEntry, environment: Mapping[str, str], stderr: TextIO, patience: float, with_call: bool
) -> ServerStart:
    from mcp import Client, MCPError
    from mcp.client.stdio import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=entry.command, args=entry.arguments, env=dict(environment))
    began = time.monotonic()
    try:
        with anyio.fail_after(patience) as starting:
            # The handshake that most clients use; the server supports both.
            async with Client(stdio_client(parameters, errlog=stderr), mode="legacy") as client:
                tools = [tool.name for tool in (await client.list_tools()).tools]
                seconds = time.monotonic() - began
                # The call has time of its own: a server that has started did so in time.
                starting.deadline = anyio.current_time() + patience + 1
                call = await _call(client, tools, patience) if with_call else None
                return ServerStart(len(tools), seconds, call=call)
    except (OSError, ValueError) as problem:
        if isinstance(problem, TimeoutError):
            raise
        raise _DidNotStart(f"{type(problem).__name__}: {problem}") from None
    except ExceptionGroup as group:
        foreseen, others = group.split((MCPError, OSError, ValueError, RuntimeError))
        if foreseen is None or others is not None:
            raise
        raise _DidNotStart(str(_first(foreseen))) from None


async def _call(client: Client, tools: Sequence[str], patience: float) -> FreeCall:
    """Make the free call, whatever prefix the tools have."""
    name = next((name for name in tools if name == FREE_CALL or name.endswith(f"_{FREE_CALL}")), None)
    if name is None:
        return FreeCall(tried=False)
    with anyio.move_on_after(patience):
        result = await client.call_tool(name, {})
        text = " ".join(getattr(part, "text", "") for part in result.content)
        return FreeCall(" ".join(text.split()), failed=bool(result.is_error))
    return FreeCall(f"no answer within {patience:g} s", failed=True)


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _last_lines(stderr: TextIO) -> str:
    stderr.seek(0)
    lines = [line.strip() for line in stderr.read()[-4096:].splitlines() if line.strip()]
    return " | ".join(lines[-_LAST_LINES:])
