"""A server whose results come from a storage that the test holds, cuts and watches."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from mcp import Client

from a2e_mcp.client.connection import Connection
from a2e_mcp.server.server import A2EServer
from a2e_mcp.server.timing import Timing
from tests.support.faulty_transport import Clock, ControlledServer, FaultyTransport
from tests.support.output_schemas import learn_output_schemas
from tests.support.server import connection_to, settings_in

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

LARGE_VIDEO = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 4096 * 9
"""Nine megabytes."""
SHA256 = hashlib.sha256(LARGE_VIDEO).hexdigest()
SHORT_CALL_SECONDS = 0.5
"""Seconds within which a call has to answer, for tests that hold a transfer."""
_PIECE = 2**20


@dataclass
class Storage(httpx2.AsyncBaseTransport):
    """Answers every result with LARGE_VIDEO and forwards uploads to the sandbox.

    `cut` breaks a transfer after so many megabytes, once for each number; `hold` stops it there until `go`.
    """

    inner: httpx2.AsyncBaseTransport
    cut: list[int] = field(default_factory=list)
    hold: int | None = None
    go: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    tag: str = '"one"'
    content: bytes = LARGE_VIDEO
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    status: int = 200
    asked: list[str] = field(default_factory=list)
    uploads: int = 0
    broken_uploads: int = 0
    uploads_answered_elsewhere: list[str] = field(default_factory=list)
    """What something between this computer and storage answers to the next uploads."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "PUT":
            return await self._take(request)
        if request.method == "HEAD":
            return httpx2.Response(200, headers={"content-type": "video/mp4"}, request=request)
        if self.status != 200:
            return httpx2.Response(self.status, request=request)
        wanted = request.headers.get("range", "")
        self.asked.append(wanted)
        is_same = request.headers.get("if-range") == self.tag
        start = int(wanted[6:-1]) if wanted and is_same and self.ranges else 0
        headers = {"etag": self.tag, "content-length": str(len(self.content) - start), **self.headers}
        if start:
            headers["content-range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        return httpx2.Response(
            206 if start else 200,
            headers={name: value for name, value in headers.items() if value},
            stream=_Body(self._pieces(start)),
            request=request,
        )

    async def _take(self, request: httpx2.Request) -> httpx2.Response:
        self.uploads += 1
        if self.uploads_answered_elsewhere:
            return httpx2.Response(200, text=self.uploads_answered_elsewhere.pop(), request=request)
        if self.hold is None and self.broken_uploads < 1:
            return await self.inner.handle_async_request(request)
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        async for _ in request.stream:
            if self.broken_uploads:
                self.broken_uploads -= 1
                raise httpx2.WriteError("cut", request=request)
            await self._wait()
        raise httpx2.ReadError("held too long", request=request)

    async def _pieces(self, start: int) -> AsyncIterator[bytes]:
        cut = self.cut.pop(0) if self.cut else None
        for number, place in enumerate(range(start, len(self.content), _PIECE)):
            if number == cut:
                raise httpx2.ReadError("cut")
            if number == self.hold:
                await self._wait()
            yield self.content[place : place + _PIECE]

    async def _wait(self) -> None:
        self.held.set()
        await self.go.wait()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


@dataclass(frozen=True)
class ServerWithStorage(ControlledServer):
    """A controlled server whose results come from a storage."""

    storage: Storage

    async def finished_speech(self) -> str:
        """The job id of a finished speech."""
        answer = await self.ask("generate_speech", script="Hello there.", voice="Aria (en-US)")
        if answer.data["state"] != "succeeded":
            await self.finish_soon(answer.data["job_id"])
        return str(answer.data["job_id"])

    def large_picture(self, name: str = "large.png") -> str:
        """Write a picture of nine megabytes into the allowed folder and return its name."""
        path = self.inbox / self.local_picture(name)
        # Bytes after the end of a picture are ignored.
        path.write_bytes(path.read_bytes() + LARGE_VIDEO)
        return name

    async def begin_upload(self, name: str) -> str:
        """Send a large file that is held on its way, and return its job id."""
        self.storage.hold = 0
        job_id = str((await self.ask("upload_file", path=name)).data["job_id"])
        await self.held()
        return job_id

    async def held(self) -> None:
        """Wait until a transfer is held; a call that has to answer soon may do so before, on a busy computer."""
        async with asyncio.timeout(20):
            await self.storage.held.wait()

    def saved(self) -> dict[str, bytes]:
        """The files in the output folder, by name."""
        return {path.name: path.read_bytes() for path in self.output.iterdir()} if self.output.exists() else {}

    async def finish_soon(self, job_id: str) -> Any:
        """Wait at most ten seconds for a job to end."""
        async with asyncio.timeout(10):
            return await self.finish(job_id)


@asynccontextmanager
async def connect_server_with_storage(
    folder: Path, sandbox: Sandbox, *, clock: Clock | None = None, beat_seconds: float = 10.0, **changes: Any
) -> AsyncIterator[ServerWithStorage]:
    """Open a server on a data folder; opening it again is a restart."""
    clock = clock or Clock()
    transport, storage = FaultyTransport(sandbox.transport()), Storage(sandbox.transport())
    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    settings = settings_in(folder, **changes)

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        async with connection_to(sandbox, lambda _: transport)() as connection:
            yield replace(connection, storage=storage)

    timing = Timing(clock.pause, clock.now, closing_seconds=0.2, beat_seconds=beat_seconds)
    a2e = A2EServer(settings, connect, timing)
    async with Client(a2e) as client:
        # The first call of a server also opens its data, which may take a short call's whole time on a busy computer.
        await a2e.services()
        learn_output_schemas(client.session)
        yield ServerWithStorage(client, sandbox, inbox, settings.output, transport, clock, storage)
