"""When the services of a server are opened, and by whom."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import anyio

from a2e_mcp.errors import A2EError, Charged
from a2e_mcp.private_files import link_problem
from a2e_mcp.server.time_limit import TimeLimit
from a2e_mcp.text import one_line, without_secrets

if TYPE_CHECKING:
    from a2e_mcp.client.connection import Connect
    from a2e_mcp.operations.operation import Operation
    from a2e_mcp.server.services import Services
    from a2e_mcp.server.timing import Timing
    from a2e_mcp.settings import Settings

_log = logging.getLogger(__name__)

OpenServices = Callable[[], AbstractAsyncContextManager["Services"]]


def opened_lazily(settings: Settings, connect: Connect, timing: Timing, operation: Operation) -> LazyServices:
    """The services of the account that a server connects to."""

    def open_() -> AbstractAsyncContextManager[Services]:
        # Imported with the first call, not with the server: a person waits for the start.
        from a2e_mcp.server.services import open_services

        return open_services(settings, connect, timing, operation)

    return LazyServices(open_, settings.data, on_open=operation.on_open)


class LazyServices:
    """Opens the services at the first call and closes them with the server; one task owns them from start to end.

    Task groups and sandbox workers must be left in the task that entered them, which a tool call's task is not.
    """

    def __init__(self, open_services: OpenServices, data: Path, *, on_open: Callable[[], None] = lambda: None) -> None:
        """`data` is the folder that is looked at when they cannot be opened."""
        self._open_services = open_services
        self._data = data
        self._on_open = on_open
        self._wanted = anyio.Event()
        self._answered = anyio.Event()
        self._closing = anyio.Event()
        self._opening: anyio.CancelScope | None = None
        self._services: Services | None = None
        self._problem: A2EError | None = None
        self._is_open = False

    @property
    def ready(self) -> Services | None:
        """The services, where they are open."""
        return self._services

    @property
    def is_busy(self) -> bool:
        """Whether they are open and work is under way in them."""
        return self._services is not None and self._services.is_busy

    @asynccontextmanager
    async def open(self) -> AsyncIterator[LazyServices]:
        """Be there for the length of an `async with`; nothing is opened before it is needed.

        Who opens it inside such a block shares what the outer one has.
        """
        if self._is_open:
            yield self
            return
        self._is_open = True
        self._wanted, self._answered, self._closing = anyio.Event(), anyio.Event(), anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(self._hold)
            try:
                yield self
            finally:
                self._is_open = False
                self._closing.set()
                self._wanted.set()
                if self._services is None and self._opening is not None:
                    # What has not opened yet may never do so, and nothing has been started in it.
                    self._opening.cancel()

    async def services(self) -> Services:
        """The services, opened if need be. Raises SettingsError when they cannot be; the next call tries again."""
        if self._services is None:
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
            with anyio.CancelScope() as self._opening:
                async with AsyncExitStack() as stack:
                    stack.push(self._answer_problem)
                    self._services = await stack.enter_async_context(self._open_services())
                    self._answered.set()
                    self._on_open()
                    await self._closing.wait()

    def _answer_problem(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Tell everyone who waits about a problem, whatever it is; the next call tries again."""
        self._services = None
        if not isinstance(problem, Exception):
            return False
        if isinstance(problem, A2EError):
            self._problem = problem
        elif isinstance(problem, OSError):
            self._problem = _unforeseen(problem)
            with suppress(OSError):
                # Looking at the folder may fail as well, which must not keep the callers waiting.
                self._problem = self._unusable(problem)
        else:
            _log.error("The services could not be opened", exc_info=problem)
            self._problem = _unforeseen(problem)
        answered, self._answered = self._answered, anyio.Event()
        self._wanted = anyio.Event()
        answered.set()
        return True

    def _unusable(self, problem: OSError) -> A2EError:
        return A2EError(
            f"The data in {self._data} cannot be used"
            f" ({link_problem(self._data) or problem.strerror or one_line(str(problem), 200)})",
            hint="Make room on the disk or correct the folder's permissions, or set A2E_DATA_DIR; then retry",
        )


async def opened(open_services: Callable[[], Awaitable[Services]], limit: TimeLimit) -> Services:
    """The services, opened within the limit of a call. Raises A2EError."""
    with anyio.move_on_after(limit.left):
        return await open_services()
    raise A2EError(
        f"The server is still opening its data after {limit.seconds:g} s; a slow disk or another program may "
        "hold it up",
        hint="Try again in a minute; a2e-mcp doctor checks the data folder",
    )


def _unforeseen(problem: Exception) -> A2EError:
    return A2EError(
        "Internal error in a2e-mcp: its services could not be opened"
        f" ({type(problem).__name__}: {one_line(without_secrets(str(problem)), 200)})",
        hint="Run a2e-mcp doctor, retry, and please report it",
    )
