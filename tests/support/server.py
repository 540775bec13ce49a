"""The whole product in memory: the SDK's client, our server, and the in-process sandbox behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx2
from mcp import Client, ClientSession
from mcp.client._memory import InMemoryTransport
from mcp.client.extension import ClientExtension
from mcp.client.session import ElicitationFnT
from mcp.types import (
    CallToolResult,
    ClientCapabilities,
    Implementation,
    InitializedNotification,
    InitializeRequest,
    InitializeRequestParams,
    InitializeResult,
    TextContent,
)
from pydantic import SecretStr

from a2e_mcp.client.connection import Connect, Connection
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.server.server import A2EServer
from a2e_mcp.server.timing import Timing
from a2e_mcp.settings import Settings
from tests.support.output_schemas import learn_output_schemas
from tests.support.token_watch import TOKEN, without_token

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

Era = Literal["auto", "legacy"]
ERAS: tuple[Era, ...] = ("auto", "legacy")
"""auto speaks 2026-07-28 with our server, legacy the 2025 handshake."""

HOST = Implementation(name="host", version="1")
"""A host that names itself."""

QUEUED = SandboxSettings(workers=0)
"""A sandbox whose jobs stay queued, for tests that look at none: a worker that is cut in the middle is started anew."""

Wrap = Callable[[httpx2.AsyncBaseTransport], httpx2.AsyncBaseTransport]


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool answered."""

    text: str
    data: Mapping[str, Any]
    links: tuple[str, ...]
    failed: bool


@dataclass(frozen=True)
class ToolCaller:
    """Calls the tools of a server through a client."""

    client: Client

    async def call(self, tool: str, /, **arguments: Any) -> ToolAnswer:
        """Call a tool, whether it succeeds or fails."""
        return tool_answer(await self.client.call_tool(tool, arguments))

    async def ask(self, tool: str, /, **arguments: Any) -> ToolAnswer:
        """Call a tool that must succeed."""
        answer = await self.call(tool, **arguments)
        assert not answer.failed, answer.text
        return answer

    async def refuse(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool that must fail, and return its message."""
        answer = await self.call(tool, **arguments)
        assert answer.failed, answer.text
        return answer.text


@dataclass(frozen=True)
class ServerUnderTest(ToolCaller):
    """An open server with its client and sandbox; `inbox` is an allowed folder, `output` where results are saved."""

    sandbox: Sandbox
    inbox: Path
    output: Path

    async def finish(self, job_id: str) -> ToolAnswer:
        """Wait until a job has ended."""
        while True:
            answer = await self.ask("wait_for_job", job_ids=[job_id])
            if answer.data["state"] in ("succeeded", "failed"):
                return answer


def tool_answer(result: CallToolResult) -> ToolAnswer:
    """The parts of a tool's result that tests look at."""
    without_token(result.model_dump_json(), "an answer")
    texts = [block.text for block in result.content if isinstance(block, TextContent)]
    links = tuple(str(block.uri) for block in result.content if block.type == "resource_link")
    return ToolAnswer("\n".join(texts), result.structured_content or {}, links, bool(result.is_error))


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Sandbox settings that touch nothing outside a folder."""
    base = Settings(
        sandbox=True, data=folder / "data", output=folder / "output", files=(folder / "inbox",), call_seconds=30
    )
    return replace(base, **changes)


def connection_to(sandbox: Sandbox, wrap: Wrap = lambda transport: transport) -> Connect:
    """A connection to an open sandbox; `wrap` may add faults to its transport."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        yield Connection(
            base_url=sandbox.base_url,
            token=SecretStr(sandbox.token),
            transport=wrap(sandbox.transport()),
            trusted=sandbox.owns,
            fresh=sandbox.fresh,
            on_disk=sandbox.on_disk,
            media=sandbox.media,
        )

    return connect


@asynccontextmanager
async def open_account(settings: SandboxSettings) -> AsyncIterator[Sandbox]:
    """A sandbox whose token is a secret, as an account's is; a sandbox takes any."""
    async with open_sandbox(settings) as sandbox:
        yield replace(sandbox, token=TOKEN)


@asynccontextmanager
async def open_session(
    folder: Path, sandbox: Sandbox, protocol: str, *, host: Implementation = HOST, **changes: Any
) -> AsyncIterator[ClientSession]:
    """A session of a host that speaks this older protocol, with a server of its own on the folder and the sandbox."""
    server = A2EServer(settings_in(folder, **changes), connection_to(sandbox))
    async with InMemoryTransport(server) as (read, write), ClientSession(read, write, client_info=host) as session:
        hello = InitializeRequestParams(protocol_version=protocol, capabilities=ClientCapabilities(), client_info=host)
        session.adopt(await session.send_request(InitializeRequest(params=hello), InitializeResult))
        await session.send_notification(InitializedNotification())
        yield session


@asynccontextmanager
async def open_server(
    folder: Path,
    *,
    era: Era = "auto",
    sandbox_settings: SandboxSettings | None = None,
    wrap: Wrap = lambda transport: transport,
    timing: Timing | None = None,
    asked: ElicitationFnT | None = None,
    extensions: Sequence[ClientExtension] = (),
    **changes: Any,
) -> AsyncIterator[ServerUnderTest]:
    """Open a server and its sandbox in a folder; opening the same folder again restarts both.

    With `asked` the host declares elicitation, and this answers for its user; it has these extensions.
    """
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    settings = settings_in(folder, **changes)
    wanted = replace(sandbox_settings or SandboxSettings(workers=1), folder=folder / "sandbox", draft=True)
    async with (
        open_account(wanted) as sandbox,
        Client(
            A2EServer(settings, connection_to(sandbox, wrap), timing),
            mode=era,
            client_info=HOST,
            elicitation_callback=asked,
            extensions=list(extensions),
        ) as client,
    ):
        learn_output_schemas(client.session)
        yield ServerUnderTest(client, sandbox, inbox, settings.output)
