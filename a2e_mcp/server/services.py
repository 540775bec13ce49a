"""Everything a tool call works with, opened together when the first call needs it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import anyio

from a2e_mcp.client import A2EClient
from a2e_mcp.connection import Connect
from a2e_mcp.errors import A2EError
from a2e_mcp.files import Files
from a2e_mcp.jobs import Jobs
from a2e_mcp.ledger import Ledger
from a2e_mcp.names import Names
from a2e_mcp.resolving import Resolver
from a2e_mcp.settings import Settings
from a2e_mcp.spending import Spending, ceilings
from a2e_mcp.starts import Starts
from a2e_mcp.steps import Steps
from a2e_mcp.trace import Trace
from a2e_mcp.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Services:
    """The parts a tool may use."""

    settings: Settings
    client: A2EClient
    ledger: Ledger
    jobs: Jobs
    waiting: Waiting
    names: Names
    files: Files
    spending: Spending
    starts: Starts

    @property
    def sandbox(self) -> bool:
        """Whether nothing here costs real money."""
        return self.settings.mode == "sandbox"


@asynccontextmanager
async def open_services(settings: Settings, connect: Connect) -> AsyncIterator[Services]:
    """Open everything for the length of an `async with`. Raises SettingsError."""
    sandbox = settings.mode == "sandbox"
    async with AsyncExitStack() as stack:
        way = await stack.enter_async_context(connect())
        ledger = stack.enter_context(
            Ledger(settings.data / "ledger.sqlite3", account=way.token.get_secret_value(), sandbox=sandbox)
        )
        client = await stack.enter_async_context(
            A2EClient(
                way.token,
                base_url=way.base_url,
                transport=way.transport,
                trace=Trace(settings.trace) if settings.trace else None,
            )
        )
        files = await stack.enter_async_context(
            Files(folders=settings.files, output=settings.output, trusted=way.trusted)
        )
        jobs = Jobs(client, ledger, sandbox=sandbox, fresh=way.fresh)
        names = Names(client)
        limits = ceilings(
            sandbox=sandbox,
            per_start=settings.max_credits,
            per_day=settings.daily_credits,
            allow_unpriced=settings.allow_unpriced,
        )
        spending = Spending(client, ledger, limits)
        starts = await stack.enter_async_context(
            Starts(
                client=client,
                ledger=ledger,
                jobs=jobs,
                resolver=Resolver(names, files, jobs, sandbox=sandbox),
                spending=spending,
                steps=Steps(client=client, ledger=ledger, jobs=jobs, files=files, spending=spending, fresh=way.fresh),
            )
        )
        waiting = Waiting(jobs, sandbox=sandbox)
        stack.push_async_callback(waiting.close)
        yield Services(
            settings=settings,
            client=client,
            ledger=ledger,
            jobs=jobs,
            waiting=waiting,
            names=names,
            files=files,
            spending=spending,
            starts=starts,
        )


class Backstage:
    """Opens the services at the first call and closes them with the server; one task owns them from start to end.

    Task groups and sandbox workers must be left in the task that entered them, which a tool call's task is not.
    """

    def __init__(self, settings: Settings, connect: Connect) -> None:
        self._settings = settings
        self._connect = connect
        self._wanted = anyio.Event()
        self._answered = anyio.Event()
        self._closing = anyio.Event()
        self._services: Services | None = None
        self._problem: A2EError | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Backstage]:
        """Be there for the length of an `async with`; nothing is opened before it is needed."""
        self._wanted, self._answered, self._closing = anyio.Event(), anyio.Event(), anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(self._hold)
            try:
                yield self
            finally:
                self._closing.set()
                self._wanted.set()

    async def services(self) -> Services:
        """The services, opened if need be. Raises SettingsError when they cannot be; the next call tries again."""
        self._wanted.set()
        await self._answered.wait()
        if self._services is None:
            problem = self._problem or A2EError("The server is closing")
            raise type(problem)(problem.what, then=problem.then)
        return self._services

    async def _hold(self) -> None:
        while not self._closing.is_set():
            await self._wanted.wait()
            if self._closing.is_set():
                return
            try:
                async with open_services(self._settings, self._connect) as services:
                    self._services = services
                    self._answered.set()
                    await self._closing.wait()
            except A2EError as problem:
                self._problem = problem
                answered, self._answered = self._answered, anyio.Event()
                self._wanted = anyio.Event()
                answered.set()
            finally:
                self._services = None
