"""When the services of a server are opened, and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from a2e_mcp.errors import A2EError, Charged
from a2e_mcp.server.timing import Timing
from a2e_mcp.settings import Settings

if TYPE_CHECKING:
    from a2e_mcp.client.connection import Connect
    from a2e_mcp.server.services import Services


class LazyServices:
    """Opens the services at the first call and closes them with the server; one task owns them from start to end.

    Task groups and sandbox workers must be left in the task that entered them, which a tool call's task is not.
    """

    def __init__(self, settings: Settings, connect: Connect, timing: Timing | None = None) -> None:
        self._settings = settings
        self._connect = connect
        self._timing = timing
        self._wanted = anyio.Event()
        self._answered = anyio.Event()
        self._closing = anyio.Event()
        self._services: Services | None = None
        self._problem: A2EError | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[LazyServices]:
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
            raise type(problem)(problem.message, hint=problem.hint, charged=Charged.NOTHING)
        return self._services

    async def _hold(self) -> None:
        while not self._closing.is_set():
            await self._wanted.wait()
            if self._closing.is_set():
                return
            # Imported with the first call, not with the server: a person waits for the start.
            from a2e_mcp.server.services import open_services

            try:
                async with open_services(self._settings, self._connect, self._timing) as services:
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
