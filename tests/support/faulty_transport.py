"""A server in front of a sandbox, over a transport that can be made to fail; the test owns the clock."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from mcp import Client
from PIL import Image

from a2e_mcp.sandbox import SandboxSettings
from a2e_mcp.server.server import A2EServer
from a2e_mcp.server.timing import Timing
from tests.support.output_schemas import learn_output_schemas
from tests.support.server import ServerUnderTest, connection_to, open_account, settings_in

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

VIDEO = "POST /api/v1/video/generate"
VIDEOS = "GET /api/v1/video/awsList"
SPEECH = "POST /api/v1/video/send_tts"
CLIP = "POST /api/v1/userImage2Video/start"
CLIPS = "GET /api/v1/userImage2Video/allRecords"
SWAP = "POST /api/v1/userFaceSwapTask/add"
PREVIEW = "POST /api/v1/userFaceSwapPreview/add"
LIP_SYNC = "POST /api/v1/userVideoTwin/continueTraining"
TWIN = "GET /api/v1/userVideoTwin/{_id}"
UPLOAD = "POST /api/v1/r2/upload-presigned-url"
QUOTE = "POST /api/v1/generation/quote"
CREDITS = "GET /api/v1/user/remainingCoins"
CHARGING = (VIDEO, SPEECH, CLIP, SWAP, PREVIEW, LIP_SYNC, UPLOAD)

RENDERS = {"workers": 1}
"""A sandbox that really renders; one worker at a time, since starting one costs more than most renders."""

PATIENT = 30.0
"""Seconds that a server gives what a test holds while it ends: more than a busy computer takes."""

CONSENT = "The person agreed by e-mail on Monday."

Fault = Callable[[httpx2.Request, "Forward"], Awaitable[httpx2.Response]]
Forward = Callable[[httpx2.Request], Awaitable[httpx2.Response]]


class FaultyTransport(httpx2.AsyncBaseTransport):
    """A transport that fails on request: `on` sets the next faults of a call; every attempt is counted."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self._faults: dict[str, list[Fault]] = {}
        self.attempts: Counter[str] = Counter()

    def on(self, call: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next requests of a call (method and path) fail."""
        self._faults[call] = [fault] * times

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        call = f"{request.method} {request.url.path}"
        self.attempts[call] += 1
        waiting = self._faults.get(call)
        if waiting:
            return await waiting.pop()(request, self._inner.handle_async_request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def cut_after(request: httpx2.Request, forward: Forward) -> httpx2.Response:
    """A2E carries it out, and the connection breaks before its answer arrives."""
    await forward(request)
    raise httpx2.ReadError("cut", request=request)


async def not_connected(request: httpx2.Request, _: Forward) -> httpx2.Response:
    """No connection can be made."""
    raise httpx2.ConnectError("refused", request=request)


def answered(status: int, body: object) -> Fault:
    """A2E carries it out and answers with this."""

    async def fault(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        await forward(request)
        return httpx2.Response(status, json=body, request=request)

    return fault


def only_answered(status: int, body: object) -> Fault:
    """A2E does nothing and answers with this."""

    async def fault(request: httpx2.Request, _: Forward) -> httpx2.Response:
        return httpx2.Response(status, json=body, request=request)

    return fault


@dataclass
class Gate:
    """A fault that holds a request until the test opens the gate."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def held(self) -> None:
        """Wait until a request is held."""
        await asyncio.wait_for(self.reached.wait(), PATIENT)

    async def before(self, request: httpx2.Request, forward: Forward) -> httpx2.Response:
        """Hold the request before A2E gets it."""
        self.reached.set()
        await self.opened.wait()
        return await forward(request)

    async def after(self, request: httpx2.Request, forward: Forward) -> httpx2.Response:
        """Hold the answer."""
        answer = await forward(request)
        self.reached.set()
        await self.opened.wait()
        return answer


@dataclass
class Clock:
    """Real time plus what the test adds, and a way of waiting that takes no time."""

    ahead: float = 0.0
    pauses: list[float] = field(default_factory=list)
    waited: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        return time.time() + self.ahead

    async def has_waited(self) -> None:
        """Wait until the product has waited by this clock."""
        await asyncio.wait_for(self.waited.wait(), PATIENT)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.waited.set()
        await asyncio.sleep(0)


@dataclass(frozen=True)
class ControlledServer(ServerUnderTest):
    """A server whose transport can fail and whose clock can be moved."""

    transport: FaultyTransport
    clock: Clock

    @property
    def credits(self) -> int:
        """What the sandbox says is left."""
        return int(self.sandbox.control.inspect()["credits"])

    @property
    def spent(self) -> int:
        """What the sandbox has taken, refunds counted against it; its first grant is not spending."""
        changes = self.sandbox.control.inspect()["transactions"]
        granted = ("sandbox grant", "sandbox seed")
        return -sum(int(change["amount"]) for change in changes if change["reason"] not in granted)

    @property
    def charging_requests(self) -> dict[str, int]:
        """How often each call that may be charged was sent."""
        return {call: self.transport.attempts[call] for call in CHARGING if self.transport.attempts[call]}

    def records(self, family: str) -> int:
        """How many records of a family the account holds."""
        held: dict[str, int] = self.sandbox.control.inspect()["records"]
        return held.get(family, 0)

    async def picture(self) -> str:
        """The URL of some picture that A2E holds."""
        async with self.account_client() as http:
            rows = (await http.post("/api/v1/custom_back/allBackground", json={})).json()["data"]
        address: str = rows[0]["img_url"]
        return address

    def account_client(self) -> httpx2.AsyncClient:
        """A client of the same account beside the server."""
        return httpx2.AsyncClient(
            transport=self.sandbox.transport(),
            base_url=self.sandbox.base_url,
            headers={"authorization": f"Bearer {self.sandbox.token}"},
        )

    async def clip_arguments(self, **arguments: Any) -> dict[str, Any]:
        """Arguments of the cheapest start: one clip, 100 credits, no speech and no upload."""
        return {"image": await self.picture(), "prompt": "The waves move", **arguments}

    def local_picture(self, name: str, colour: str = "teal") -> str:
        """Write a picture into the allowed folder and return its name."""
        Image.new("RGB", (320, 180), colour).save(self.inbox / name)
        return name

    async def listed(self) -> dict[str, str]:
        """Every job that list_jobs shows, with its state."""
        rows = (await self.ask("list_jobs")).data["jobs"]
        return {row["job_id"]: row["state"] for row in rows}


def video_arguments(**arguments: Any) -> dict[str, Any]:
    """Arguments of an avatar video whose speech is made first."""
    return {"script": "Hello there.", "voice": "Aria (en-US)", "avatar": "Ada", **arguments}


@asynccontextmanager
async def open_test_sandbox(folder: Path, **settings: Any) -> AsyncIterator[Sandbox]:
    """A sandbox; the same folder again is the same account. Jobs stay queued unless it has `workers` to render."""
    wanted = SandboxSettings(**{"workers": 0, **settings})
    async with open_account(replace(wanted, folder=folder / "sandbox", draft=True)) as sandbox:
        yield sandbox


@asynccontextmanager
async def connect_server(
    folder: Path,
    sandbox: Sandbox,
    clock: Clock | None = None,
    *,
    beat_seconds: float = 10.0,
    grace_seconds: float = 10.0,
    closing_seconds: float = 0.5,
    **changes: Any,
) -> AsyncIterator[ControlledServer]:
    """A server on a data folder, in front of a sandbox; several may share both."""
    clock = clock or Clock()
    transport = FaultyTransport(sandbox.transport())
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    settings = settings_in(folder, **changes)
    timing = Timing(
        clock.pause,
        clock.now,
        closing_seconds=closing_seconds,
        beat_seconds=beat_seconds,
        grace_seconds=grace_seconds,
    )
    async with Client(A2EServer(settings, connection_to(sandbox, lambda _: transport), timing)) as client:
        learn_output_schemas(client.session)
        yield ControlledServer(client, sandbox, inbox, settings.output, transport, clock)


@asynccontextmanager
async def open_controlled_server(
    folder: Path, *, sandbox_settings: Mapping[str, Any] | None = None, **changes: Any
) -> AsyncIterator[ControlledServer]:
    """One server and its sandbox."""
    async with (
        open_test_sandbox(folder, **(sandbox_settings or {})) as sandbox,
        connect_server(folder, sandbox, **changes) as server,
    ):
        yield server
