"""Opening a sandbox: its parts are made, tied together, and taken down again."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import anyio
import httpx2
from anyio.abc import TaskGroup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from a2e_mcp.errors import SettingsError
from a2e_mcp.loopback import LocalOnly, LoopbackServer
from a2e_mcp.private_files import make_private_folder
from a2e_mcp.sandbox.assets.fetcher import Fetcher
from a2e_mcp.sandbox.assets.files import FileStore
from a2e_mcp.sandbox.assets.media_inputs import MediaInputs
from a2e_mcp.sandbox.assets.previews import Pictures
from a2e_mcp.sandbox.assets.uploads import Uploads
from a2e_mcp.sandbox.behaviour.service import DRAFT, FULL, Service
from a2e_mcp.sandbox.clock import Clock
from a2e_mcp.sandbox.errors import Refusal
from a2e_mcp.sandbox.http.control import Control, control_routes
from a2e_mcp.sandbox.http.file_routes import file_routes
from a2e_mcp.sandbox.http.fixed_paths import FixedPaths
from a2e_mcp.sandbox.http.index_page import index_route
from a2e_mcp.sandbox.http.routes import AnswerCut, Answering, a2e_routes, problem_shown
from a2e_mcp.sandbox.jobs.engine import JobEngine
from a2e_mcp.sandbox.jobs.policy import Policy
from a2e_mcp.sandbox.live.room_processes import RoomProcesses
from a2e_mcp.sandbox.live.rooms import PrepaidRooms
from a2e_mcp.sandbox.render_workers.analysis import Analysis
from a2e_mcp.sandbox.render_workers.pool import WorkerPool
from a2e_mcp.sandbox.settings import SandboxSettings
from a2e_mcp.sandbox.store import Store

_PORT = "port"
_BEARER = "sk_sandbox"
_IN_PROCESS = "http://a2e.sandbox.localhost"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """An open sandbox. `base_url` is where `transport()` finds it, or its port when it is served on one."""

    app: ASGIApp
    base_url: str
    token: str
    clock: Clock
    control: Control
    loopback: LoopbackServer
    folder: Path
    _inside: ASGIApp
    _files: FileStore

    def owns(self, url: str) -> bool:
        """Whether this folder once handed out this address, whatever port it had then."""
        return self._files.key_of(url) is not None

    def fresh(self, url: str) -> str:
        """An address of this folder as it is today; any other address unchanged."""
        key = self._files.key_of(url)
        return url if key is None else self._files.url(key)

    def on_disk(self, url: str) -> Path | None:
        """The file behind an address of this folder, if there is one."""
        key = self._files.key_of(url)
        return None if key is None else self._files.path(key)

    def media(self) -> tuple[str, ...]:
        """The origin that files are served from; opens its port."""
        return (self.loopback.origin(),)

    def transport(self) -> httpx2.ASGITransport:
        """A transport that leads straight into the sandbox, without a port, whatever host is asked for."""
        return httpx2.ASGITransport(app=_Dated(self._inside, self.clock), raise_app_exceptions=False)


@asynccontextmanager
async def opened(
    settings: SandboxSettings, *, origin: str | None = None, fetcher: Fetcher | None = None
) -> AsyncIterator[Sandbox]:
    """Open a sandbox; `origin` is where its app is served, when it is. Raises SettingsError."""
    policy, policies = _policies(settings)
    async with _folder_and_store(settings.folder) as (folder, store):
        pool = WorkerPool(folder, renders=settings.workers, render_seconds=settings.render_seconds)
        clock = Clock(store)
        async with _tasks() as tasks:
            loopback = LoopbackServer(
                tasks,
                port=settings.port,
                earlier=int(store.fact(_PORT) or 0),
                on_open=lambda port: _keep_port(store, port),
                origin=origin,
            )
            files = FileStore(store, folder / "files", origin=loopback.origin)
            pictures = Pictures(files, pool, cover_side=360 if settings.draft else 720)
            jobs = JobEngine(store, clock, files, pool, workers=settings.workers, policy=policy)
            jobs.policies.update(policies)
            rooms = PrepaidRooms(store, clock, RoomProcesses(folder), url=files.room_url)
            service = Service(
                store=store,
                clock=clock,
                files=files,
                pictures=pictures,
                pool=pool,
                jobs=jobs,
                inputs=MediaInputs(files, pictures, pool, fetcher or Fetcher()),
                uploads=Uploads(files, clock, signing_secret=store.secret("uploads")),
                analysis=Analysis(pool),
                rooms=rooms,
                quality=DRAFT if settings.draft else FULL,
            )
            store.grant_once(settings.credits, clock.now())
            counts: Counter[str] = Counter()
            control = Control(service, credits=settings.credits, counts=counts)
            inside = _app(service, control, counts, on_a_port=origin is not None)
            app = LocalOnly(_Cutting(inside))
            loopback.mount(app)
            if settings.port:
                loopback.origin()  # so that a port in use is found out now
            else:
                loopback.reopen()
            async with pool, rooms.watched(tasks), jobs.running(tasks):
                try:
                    yield Sandbox(app, origin or _IN_PROCESS, _BEARER, clock, control, loopback, folder, inside, files)
                finally:
                    loopback.close()


def _keep_port(store: Store, port: int) -> None:
    # Another server of this folder may hold the first one, under which most addresses were handed out.
    if store.fact(_PORT) is None:
        store.set_fact(_PORT, str(port))


@asynccontextmanager
async def _tasks() -> AsyncIterator[TaskGroup]:
    """A task group that lets a failure of the block inside out as it is, not in a group of one."""
    try:
        async with anyio.create_task_group() as tasks:
            yield tasks
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        (lone,) = group.exceptions
        raise lone from lone.__cause__


def _app(service: Service, control: Control, counts: Counter[str], *, on_a_port: bool) -> ASGIApp:
    calls, switches = a2e_routes(), control_routes(control)
    app = Starlette(
        routes=[
            *([index_route(calls=calls, control=switches, token=_BEARER)] if on_a_port else []),
            *calls,
            *switches,
            *file_routes(service),
        ],
        exception_handlers={Refusal: problem_shown, HTTPException: problem_shown},
    )
    app.router = FixedPaths(app.routes)
    app.state.answering = Answering(service, counts)
    return _WhenFree(app, service.store)


class _WhenFree:
    """Lets a request in once nothing else has the data locked; refuses it when that lasts too long."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not await self._store.until_free():
            locked = Refusal("Sandbox: its data is locked by another program", status=503)
            await problem_shown(Request(scope), locked)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class _Dated:
    """Tells the sandbox's time with every answer, as a web server does."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        await self._app(scope, receive, dated)


class _Cutting:
    """Leaves an answer unfinished when that was asked for; a server then closes its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(AnswerCut):
            await self._app(scope, receive, send)


def _policies(settings: SandboxSettings) -> tuple[Policy, dict[str, Policy]]:
    try:
        by_family = {family: Policy.parse(text) for family, text in settings.policies.items()}
        return Policy.parse(settings.policy), by_family
    except ValueError as problem:
        raise SettingsError(f"The sandbox has an {problem}") from None


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="a2e-sandbox-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary).resolve()
        return
    try:
        make_private_folder(folder)
    except OSError as problem:
        raise SettingsError(f"The sandbox cannot use the folder {folder}: {problem.strerror}") from None
    yield folder.resolve()


@asynccontextmanager
async def _folder_and_store(folder: Path | None) -> AsyncIterator[tuple[Path, Store]]:
    with _folder(folder) as opened_folder:
        # Another process may have it locked, and waiting for that must stop nothing else.
        store = await anyio.to_thread.run_sync(Store, opened_folder / "sandbox.db")
        try:
            yield opened_folder, store
        finally:
            store.close()
