"""A server, a sandbox, and between them a line that can be made to fail; time and waiting are the test's own."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from mcp import Client
from PIL import Image

from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.server.server import A2EServer
from a2e_mcp.server.timing import Timing
from tests.support.server import Studio, connection_to, settings_in

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

RENDERS = {"workers": 2}
"""A sandbox that really renders."""

CONSENT = "The person agreed by e-mail on Monday."

Fault = Callable[[httpx2.Request, "Forward"], Awaitable[httpx2.Response]]
Forward = Callable[[httpx2.Request], Awaitable[httpx2.Response]]


class Line(httpx2.AsyncBaseTransport):
    """A transport with faults: `on` one call (method and path), so many times; every attempt is counted."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self._faults: dict[str, list[Fault]] = {}
        self.attempts: Counter[str] = Counter()

    def on(self, call: str, fault: Fault, *, times: int = 1) -> None:
        """Put a fault in the way of the next so many requests of a call."""
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
    """A2E does it, and the connection breaks before its answer arrives."""
    await forward(request)
    raise httpx2.ReadError("cut", request=request)


async def not_connected(request: httpx2.Request, _: Forward) -> httpx2.Response:
    """No connection can be made."""
    raise httpx2.ConnectError("refused", request=request)


def answered(status: int, body: object) -> Fault:
    """A2E does it, and answers with this instead."""

    async def fault(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        await forward(request)
        return httpx2.Response(status, json=body, request=request)

    return fault


def only_answered(status: int, body: object) -> Fault:
    """A2E does nothing, and answers with this."""

    async def fault(request: httpx2.Request, _: Forward) -> httpx2.Response:
        return httpx2.Response(status, json=body, request=request)

    return fault


@dataclass
class Gate:
    """A fault that holds a request back until the test lets it go on."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def held(self) -> None:
        """Wait until a request is held."""
        await asyncio.wait_for(self.reached.wait(), 10)

    async def before(self, request: httpx2.Request, forward: Forward) -> httpx2.Response:
        """Hold it before A2E has it."""
        self.reached.set()
        await self.opened.wait()
        return await forward(request)

    async def after(self, request: httpx2.Request, forward: Forward) -> httpx2.Response:
        """Hold its answer back."""
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
        """Wait until somebody has waited by this clock."""
        await asyncio.wait_for(self.waited.wait(), 10)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.waited.set()
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Desk(Studio):
    """A studio whose line can fail and whose clock can be moved."""

    line: Line
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
        return {call: self.line.attempts[call] for call in CHARGING if self.line.attempts[call]}

    def records(self, family: str) -> int:
        """How many records of a family the account holds."""
        held: dict[str, int] = self.sandbox.control.inspect()["records"]
        return held.get(family, 0)

    async def picture(self) -> str:
        """The address of some picture that A2E holds."""
        async with self.outside() as http:
            rows = (await http.post("/api/v1/custom_back/allBackground", json={})).json()["data"]
        address: str = rows[0]["img_url"]
        return address

    def outside(self) -> httpx2.AsyncClient:
        """A way to the account that is not the server's."""
        return httpx2.AsyncClient(
            transport=self.sandbox.transport(),
            base_url=self.sandbox.base_url,
            headers={"authorization": f"Bearer {self.sandbox.token}"},
        )

    async def clip(self, **arguments: Any) -> dict[str, Any]:
        """Arguments of the cheapest start there is to make: one clip, 100 credits, nothing on the way."""
        return {"image": await self.picture(), "prompt": "The waves move", **arguments}

    def own_picture(self, name: str, colour: str = "teal") -> str:
        """A picture on this computer, in the allowed folder; gives its name."""
        Image.new("RGB", (320, 180), colour).save(self.inbox / name)
        return name

    async def listed(self) -> dict[str, str]:
        """Every job that list_jobs shows, with its state."""
        rows = (await self.ask("list_jobs")).data["jobs"]
        return {row["job_id"]: row["state"] for row in rows}


def talk(**arguments: Any) -> dict[str, Any]:
    """Arguments of a talking video: speech on the way, then the video."""
    return {"script": "Hello there.", "voice": "Aria (en-US)", "avatar": "Ada", **arguments}


@asynccontextmanager
async def open_box(folder: Path, **settings: Any) -> AsyncIterator[Sandbox]:
    """A sandbox; the same folder again is the same account. Jobs stay queued unless it gets `workers` to render."""
    wanted = SandboxSettings(**{"workers": 0, **settings})
    async with open_sandbox(replace(wanted, folder=folder / "sandbox", draft=True)) as sandbox:
        yield sandbox


@asynccontextmanager
async def open_desk(
    folder: Path,
    sandbox: Sandbox,
    clock: Clock | None = None,
    *,
    beat_seconds: float = 10.0,
    grace_seconds: float = 10.0,
    **changes: Any,
) -> AsyncIterator[Desk]:
    """A server on a data folder, in front of a sandbox; several may share both."""
    clock = clock or Clock()
    line = Line(sandbox.transport())
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    settings = settings_in(folder, **changes)
    timing = Timing(clock.pause, clock.now, closing_seconds=0.5, beat_seconds=beat_seconds, grace_seconds=grace_seconds)
    server = A2EServer(settings, connection_to(sandbox, lambda _: line), timing)
    async with Client(server) as client:
        yield Desk(client, sandbox, inbox, settings.output, line, clock)


@asynccontextmanager
async def desk_in(folder: Path, *, box: dict[str, Any] | None = None, **changes: Any) -> AsyncIterator[Desk]:
    """One server and its sandbox."""
    async with open_box(folder, **(box or {})) as sandbox, open_desk(folder, sandbox, **changes) as desk:
        yield desk
