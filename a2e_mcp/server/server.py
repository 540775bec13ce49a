"""The MCP server: A2E's tools, resources and prompts over the SDK's own server class.

Only public methods of the SDK's `MCPServer` are overridden. The list is answered from the snapshot, every argument is
read by us, and every failure we foresee is an error the model can act on.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server import MCPServer
from mcp.server.caching import CacheHint
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, GetPromptResult, InputRequiredResult, TextContent, Tool
from mcp.types import Prompt as PromptListed
from mcp.types import Resource as ResourceListed
from mcp.types import ResourceTemplate as ResourceTemplateListed

from a2e_mcp.errors import A2EError, Charged, SettingsError, TokenMissing
from a2e_mcp.operations.operation import Operation
from a2e_mcp.server import introduction, permissions, protocol_output, resources, tool_index, visibility
from a2e_mcp.server.answers.failures import failure_text
from a2e_mcp.server.apps.extension import Apps
from a2e_mcp.server.http import toolset_paths
from a2e_mcp.server.lifespan import LazyServices, opened_lazily
from a2e_mcp.server.question_security import question_security
from a2e_mcp.server.tasks import Tasks
from a2e_mcp.server.timing import Timing
from a2e_mcp.server.tool_prefix import bare_name, prefixed
from a2e_mcp.settings import Settings
from a2e_mcp.text import one_line
from a2e_mcp.users.caller import current, current_account

if TYPE_CHECKING:
    from mcp.server.lowlevel.helper_types import ReadResourceContents
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings
    from pydantic import AnyUrl

    from a2e_mcp.client.connection import Connect
    from a2e_mcp.errors import AccessDenied
    from a2e_mcp.ledger.store import Ledger
    from a2e_mcp.server.answers.answer import Answer
    from a2e_mcp.server.own_accounts import OwnAccounts
    from a2e_mcp.server.result_sweep import ResultSweep
    from a2e_mcp.server.services import Services
    from a2e_mcp.server.stdio import Incoming, Outgoing
    from a2e_mcp.users.authenticator import Authenticator
    from a2e_mcp.users.caller import Caller

_HOUR = 3_600_000
_FREE = "Nothing was charged."
_log = logging.getLogger(__name__)


class A2EServer(MCPServer[LazyServices]):
    """One server for one account, live or sandbox; services are opened at the first call that needs them."""

    def __init__(
        self,
        settings: Settings,
        connect: Connect,
        timing: Timing | None = None,
        *,
        finds_token: bool = False,
        operation: Operation | None = None,
        authenticator: Authenticator | None = None,
    ) -> None:
        """`finds_token` says that the connection looks for a token where the settings have none.

        With an `authenticator`, which knows whether a caller still counts, it serves several users.
        """
        self._authenticator = authenticator
        self._configuration = settings
        self._finds_token = finds_token
        self.operation = operation or Operation()
        shown = visibility.visible(settings)
        # Its users are elsewhere, where its computer's own pages cannot be opened.
        self._is_remote = self.operation.is_web and settings.public_url is not None
        self._shown = tuple(name for name in shown if not (self._is_remote and visibility.out_of_reach(name, settings)))
        self._is_shown = frozenset(self._shown)
        self._beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
        self._timing = timing or Timing()
        self._lazy_services = opened_lazily(settings, connect, self._timing, self.operation)
        self.own_accounts = self._accounts_of_users()
        self._result_sweep = self._results_to_keep()
        self._names = introduction.names(settings)
        super().__init__(
            self._names["name"],
            title=self._names["title"],
            version=self._names["version"],
            description=introduction.DESCRIPTION,
            website_url=introduction.WEBSITE,
            icons=[introduction.ICON],
            instructions=introduction.instructions(self._shown, settings.tool_prefix, is_remote=self._is_remote),
            lifespan=self._living,
            log_level="WARNING",
            middleware=[protocol_output.finish],
            # A person may think for long about a question; what they agree to is checked anew anyway.
            request_state_security=question_security(settings),
            # Tools, prompts and resources stay as they are, so no change of them is promised.
            subscriptions=False,
            # Pages are read from files when they are asked for.
            extensions=[
                Apps(),
                Tasks(
                    self.services,
                    self._ended,
                    seconds=settings.call_seconds,
                    prefix=settings.tool_prefix,
                ),
            ],
            cache_hints={
                # Which tools there are depends on the user.
                "tools/list": CacheHint(ttl_ms=_HOUR, scope="public" if authenticator is None else "private"),
                "prompts/list": CacheHint(ttl_ms=_HOUR, scope="public"),
                "resources/list": CacheHint(ttl_ms=_HOUR, scope="public"),
                "resources/templates/list": CacheHint(ttl_ms=_HOUR, scope="public"),
                # One hint for all reads, and avatars are the account's own.
                "resources/read": CacheHint(ttl_ms=60_000, scope="private"),
            },
        )
        self._resources = resources.offer_completions(
            self, self.services, settings.tool_prefix, settings.call_seconds, settings.contact
        )
        self._resources_are_registered = False

    async def services(self) -> Services:
        """The services behind tools and resources. Raises SettingsError when they cannot be opened."""
        account = current_account()
        if account and self.own_accounts is not None:
            return await self.own_accounts.services(account)
        if self._configuration.is_without_account:
            raise ToolError(self._unconfigured)
        return await self.company_services()

    @property
    def _ready(self) -> Services | None:
        """The same, where they are those of the servers' own account, and open."""
        is_of_user = bool(current_account()) or self._configuration.is_without_account
        return None if is_of_user else self._lazy_services.ready

    async def company_services(self) -> Services:
        """The services of the servers' own account. Raises SettingsError; ToolError where there must be a token."""
        if self._configuration.mode == "unset" and not self._finds_token:
            raise ToolError(self._unconfigured)
        try:
            return await self._lazy_services.services()
        except TokenMissing:
            raise ToolError(self._unconfigured) from None

    def _accounts_of_users(self) -> OwnAccounts | None:
        if self._configuration.own_keys == "off" or self._authenticator is None:
            return None
        from a2e_mcp.server.own_accounts import OwnAccounts

        return OwnAccounts(self._configuration, self.company_services, timing=self._timing, operation=self.operation)

    def _results_to_keep(self) -> ResultSweep | None:
        if self._configuration.store is None or not self.operation.is_web:
            return None
        from a2e_mcp.server.result_sweep import ResultSweep

        own = None if self.own_accounts is None else self.own_accounts.services
        return ResultSweep(self.company_services, own, self._timing)

    def plain_manager(self, guard: TransportSecuritySettings) -> StreamableHTTPSessionManager:
        """A second manager of requests over HTTP, which answers with JSON only; it runs whenever the first one does."""
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        manager = StreamableHTTPSessionManager(
            self._lowlevel_server, json_response=True, stateless=True, security_settings=guard
        )
        self._beside = manager.run
        return manager

    @asynccontextmanager
    async def _living(self, _: MCPServer[LazyServices]) -> AsyncIterator[LazyServices]:
        """The life of the server, which a manager that runs beside the first one shares."""
        own = nullcontext() if self.own_accounts is None else self.own_accounts.open()
        sweep = nullcontext() if self._result_sweep is None else self._result_sweep.open()
        async with self._lazy_services.open() as services, own, sweep:
            run, self._beside = self._beside, nullcontext
            async with run():
                yield services

    async def check_ready(self) -> None:
        """Raises A2EError when a call could not be answered now: no token, or data or a database out of reach."""
        await (await self._inner_ledger()).recent(most=1)

    async def open_starts(self) -> Mapping[str, Sequence[float]]:
        """For how many seconds each start has been in a phase that it must leave. Raises A2EError."""
        from a2e_mcp.ledger.open_starts import open_starts

        return await open_starts(await self._inner_ledger())

    async def _inner_ledger(self) -> Ledger:
        try:
            return (await self.company_services()).account_ledger
        except ToolError as problem:
            raise SettingsError(str(problem), charged=None) from None

    async def run_stdio_async(self, ended: anyio.Event | None = None) -> None:
        """Serve the client behind stdin and stdout until it disconnects, or until `ended` is set."""
        from a2e_mcp.server.stdio import serve_stdio

        sdk = self._lowlevel_server

        async def serve(incoming: Incoming, outgoing: Outgoing) -> None:
            await sdk.run(incoming, outgoing, sdk.create_initialization_options())

        await serve_stdio(serve, ended or anyio.Event())

    async def list_tools(self) -> list[Tool]:
        """The visible tools of the snapshot, in their order."""
        return [
            Tool.model_validate(tool) for tool in visibility.listed(self._shown_here(), self._configuration.tool_prefix)
        ]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[LazyServices, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool. Raises ToolError with a sentence for the model: what failed, what it cost, what to do next."""
        name = bare_name(name, self._configuration.tool_prefix)
        with self.operation.measurements.of_call(name if name in tool_index.tools() else "unknown"):
            return await self._answer(name, arguments, context)

    async def _answer(
        self, name: str, arguments: dict[str, Any], context: Context[LazyServices, Any] | None
    ) -> CallToolResult | InputRequiredResult:
        settings, caller = self._configuration, current()
        try:
            can_be_charged = tool_index.can_be_charged(name)
            if can_be_charged:
                self.operation.drain.refuse_starts()
            if hidden := self._hidden(name, caller):
                raise ToolError(hidden)
            # Imported at the first call, since the declarations behind the tools are slow to import.
            from a2e_mcp.server.dispatch import run_tool
            from a2e_mcp.server.elicitation import InputNeeded, confirmation

            seconds, progress = settings.call_seconds, protocol_output.progress_reporter(context)
            # Only what may cost something is asked about.
            asked = context if can_be_charged and settings.elicitation == "auto" else None
            confirm = confirmation(asked, seconds=self._timing.answer_seconds)
            try:
                work = run_tool(
                    name,
                    arguments,
                    self.services,
                    seconds,
                    progress,
                    ready=self._ready,
                    shown=self._shown_here,
                    confirm=confirm,
                )
                answer = await (work if caller is None else self._unless_revoked(caller, name, work))
            except InputNeeded as question:
                return question.result
            with_links = bool(answer.links) and settings.links == "auto" and protocol_output.takes_links(context)
            meta = protocol_output.named(context, self._names)
            return protocol_output.tool_result(answer, settings.tool_prefix, with_links=with_links, meta=meta)
        except A2EError as problem:
            effect, can_be_charged = tool_index.effect_of(name), tool_index.can_be_charged(name)
            told = permissions.addressed(problem, caller, settings.contact)
            text = failure_text(told, effect, can_be_charged=can_be_charged)
            raise protocol_output.tool_failure(text, settings.tool_prefix) from None
        except ToolError as problem:
            raise protocol_output.tool_failure(str(problem), settings.tool_prefix) from None
        except MCPError:
            raise
        except Exception as mistake:
            # An unforeseen error may follow a charge; its details are for the log.
            _log.exception("%s failed", name)
            raise protocol_output.ToolMistake(_unforeseen(name, mistake), settings.tool_prefix) from mistake

    async def list_resources(self) -> list[ResourceListed]:
        """The fixed resources."""
        from a2e_mcp.server.apps import pages

        self._register_resources()
        return [*await super().list_resources(), *pages.listed(self._configuration.tool_prefix)]

    async def list_resource_templates(self) -> list[ResourceTemplateListed]:
        """The resources whose addresses have parameters."""
        self._register_resources()
        return await super().list_resource_templates()

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[LazyServices, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """The content of one resource. Raises ResourceNotFoundError or ResourceError."""
        from a2e_mcp.server.apps import pages

        page = pages.find_page(str(uri))
        if page is not None:
            return [pages.content(page, self._configuration.tool_prefix, await self._media())]
        self._register_resources()
        return await super().read_resource(uri, context)

    async def list_prompts(self) -> list[PromptListed]:
        """The prompts of the `prompts` folder."""
        from a2e_mcp.server import prompts

        return prompts.listed(self._configuration.tool_prefix)

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[LazyServices, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """One prompt, filled in. Raises MCPError -32602 for an unknown prompt or argument."""
        from a2e_mcp.server import prompts

        return protocol_output.prompt_result(prompts.filled_in(name, arguments or {}, self._configuration.tool_prefix))

    def _register_resources(self) -> None:
        # At the first request for any: the SDK builds a model for each, and a person waits for the start.
        if not self._resources_are_registered:
            self._resources_are_registered = True
            self._resources.register(self)

    async def _ended(self, job_ids: Sequence[str]) -> CallToolResult:
        """The answer about jobs that have ended, as wait_for_job gives it."""
        from a2e_mcp.server.dispatch import run_tool

        arguments = {"job_ids": list(job_ids), "until": "all", "seconds": 0}
        settings, silent = self._configuration, protocol_output.progress_reporter(None)
        try:
            answer = await run_tool(
                "wait_for_job", arguments, self.services, settings.call_seconds, silent, shown=tuple
            )
        except A2EError as problem:
            told = permissions.addressed(problem, current(), settings.contact)
            text = prefixed(failure_text(told, "reads", can_be_charged=False), settings.tool_prefix)
            return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
        return protocol_output.tool_result(answer, settings.tool_prefix, with_links=settings.links == "auto")

    async def _media(self) -> Sequence[str]:
        """Where results are loaded from; without services no result is shown."""
        try:
            return (await self.services()).media()
        except (A2EError, ToolError):
            return ()

    async def _unless_revoked(self, caller: Caller, name: str, work: Coroutine[Any, Any, Answer]) -> Answer:
        from a2e_mcp.server.revocation import unless_revoked

        authenticator = self._authenticator
        if authenticator is None:
            return await work
        can_be_charged = tool_index.can_be_charged(name)
        return await unless_revoked(work, lambda: authenticator.objection(caller), can_be_charged=can_be_charged)

    async def objection_to_user(self, user: str, credential: str) -> AccessDenied | None:
        """Why nothing more is done for a user without a call of theirs; None when nothing speaks against it."""
        known = self._authenticator
        return None if known is None or not user else await known.objection_to_user(user, credential)

    def _hidden(self, name: str, caller: Caller | None) -> str | None:
        """The sentence for a tool that the settings, the path or the caller's scope hide, or None."""
        settings = self._configuration
        hidden = None if name in self._is_shown else visibility.switched_off(name, settings)
        if hidden is None and self._is_remote:
            hidden = visibility.out_of_reach(name, settings)
        hidden = hidden or toolset_paths.current().hides(name)
        return hidden or permissions.forbidden(caller, name, settings.contact)

    def _shown_here(self) -> tuple[str, ...]:
        here, caller = toolset_paths.current(), current()
        return tuple(name for name in self._shown if here.shows(name) and permissions.permits(caller, name))

    @property
    def _unconfigured(self) -> str:
        """What every call answers without a token."""
        settings, caller = self._configuration, current()
        if caller is None or settings.is_without_account:
            return settings.unconfigured
        return f"This server has no A2E token yet. Nothing was charged. Ask {settings.contact}."


def _unforeseen(name: str, mistake: Exception) -> str:
    reads = visibility.reads(name)
    problem = A2EError(
        f"Internal error in a2e-mcp while running {one_line(name)} ({type(mistake).__name__})",
        charged=None if reads else Charged.UNKNOWN,
        hint="Please report it" if reads else "Look in list_jobs before trying again, and please report it",
    )
    return str(problem)
