"""A2E as a server sees it over a bad line: a proxy in front of a sandbox on a port.

It speaks HTTP by hand, since a broken line breaks HTTP: answers are cut, shortened, delayed, doubled and replaced. Ids
and addresses look like A2E's, so that servers in live mode take the sandbox for A2E; they reach files at `FILES` by
using this as their proxy. Every charged request that A2E has accepted is noted.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Literal

import httpx2

from tests.support.token_watch import TOKEN

FILES = "http://files.a2e.example"
CHARGED = {
    "/api/v1/video/send_tts": "speech",
    "/api/v1/video/generate": "avatar_video",
    "/api/v1/userText2Image/start": "text_to_image",
    "/api/v1/userText2image/start": "text_to_image",
    "/api/v1/userImage2Video/start": "image_to_video",
}
"""What is charged, by its path."""
MARK = re.compile(r"Take (\d+)\b")
"""What every text of a soak begins with: the number of the wish that it belongs to."""

_SANDBOX_ID = re.compile(rb"(?<![0-9a-f])00000000([0-9a-f]{16})(?![0-9a-f])")
_LIVE_ID = re.compile(rb"(?<![0-9a-f])67d29023([0-9a-f]{16})(?![0-9a-f])")
_PAGE = b"<!doctype html><html><title>Just a moment...</title><body>Bad gateway</body></html>"
_HANDLED_HERE = frozenset({"connection", "content-length", "transfer-encoding", "date", "server", "host", "keep-alive"})

Moment = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a request: before A2E gets it, or to the answer after A2E has carried it out."""

    name: str
    moment: Moment
    only_reads: bool = False


FAULTS = (
    Fault("cut before A2E got it", "before"),
    Fault("429", "before"),
    Fault("503 as HTML", "before"),
    Fault("error inside HTTP 200", "before"),
    Fault("delayed request", "before"),
    Fault("cut before the answer", "after"),
    Fault("answer cut in the middle", "after"),
    Fault("500 after it was done", "after"),
    Fault("HTML after it was done", "after"),
    Fault("delayed answer", "after"),
    Fault("very late answer", "after"),
    Fault("request sent twice", "after", only_reads=True),
    Fault("rows listed twice", "after", only_reads=True),
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A charged request that A2E has accepted: what was bought, and for which wish."""

    what: str
    wish: int | None
    credits: float
    at: float
    """When, by the event loop's clock."""
    record_ids: Sequence[str] = ()
    """What was made for it, by the sandbox's ids."""
    webhook: tuple[str, str] | None = None
    """Where the end of it is to be said, and the token to say it with."""


@dataclass(frozen=True, slots=True)
class Read:
    """A request that cost nothing; `path` has no ids in it, and `at` is by the event loop's clock."""

    path: str
    at: float


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _LineCut(Exception):
    """The connection ends here."""


@dataclass
class FaultProxy:
    """`rate` is the share of faulty requests now; `counts` says how often each fault has happened."""

    sandbox: str
    a2e: httpx2.AsyncClient
    ahead: float
    dice: random.Random
    url: str = ""
    rate: float = 0.0
    late_seconds: float = 12.0
    counts: Counter[str] = field(default_factory=Counter)
    accepted: list[Accepted] = field(default_factory=list)
    requests: int = 0
    reads: list[Read] = field(default_factory=list)
    prices_each: bool = True
    """Whether charges are made one after the other, so that the cost of each is known."""
    answer_delay: float = 0.0
    """Seconds between a charge and its answer."""
    charging: set[int] = field(default_factory=set)
    """The ports of the clients that wait for the answer of a charge."""
    _one_charge: asyncio.Lock = field(default_factory=asyncio.Lock)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)
    _ports: dict[asyncio.Task[Any] | None, int] = field(default_factory=dict)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends or the proxy is closed."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        self._ports[task] = writer.get_extra_info("peername")[1]
        task.add_done_callback(self._connections.discard)
        task.add_done_callback(self._ports.pop)
        await asyncio.wait({task})

    async def close(self) -> None:
        """End all connections."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(_LineCut, ConnectionError, asyncio.IncompleteReadError):
            while True:
                request = await _read(reader)
                answer, cut = await self._answered(request)
                await self._write(writer, answer, cut=cut)
        writer.close()

    async def _answered(self, request: _Request) -> tuple[_Answer, bool]:
        """The answer, and whether it is cut in the middle. Raises _LineCut."""
        self.requests += 1
        fault = self._fault(request)
        if fault is None:
            return await self._forward(request), False
        self.counts[fault.name] += 1
        if fault.moment == "before":
            refusal = await self._before(fault)
            return (refusal, False) if refusal is not None else (await self._forward(request), False)
        answer = await self._forward(request)
        return await self._after(fault, request, answer), fault.name == "answer cut in the middle"

    def _fault(self, request: _Request) -> Fault | None:
        # What is charged is what this is about: it fails three times as often.
        charged = request.path.partition("?")[0] in CHARGED
        if self.dice.random() >= min(0.9, self.rate * (3 if charged else 1)):
            return None
        is_read = request.method == "GET" and "/api/" in request.path
        return self.dice.choice([each for each in FAULTS if is_read or not each.only_reads])

    async def _before(self, fault: Fault) -> _Answer | None:
        """The answer that A2E knows nothing of; None when the request is only late."""
        match fault.name:
            case "cut before A2E got it":
                raise _LineCut
            case "429":
                return _Answer(429, {"retry-after": "1"}, b'{"code": 429, "msg": "Too many requests"}')
            case "503 as HTML":
                return _Answer(503, {"content-type": "text/html"}, _PAGE)
            case "error inside HTTP 200":
                return _json({"code": 5001, "msg": "The queue is full, nothing was started", "data": None})
            case _:
                await asyncio.sleep(self.dice.uniform(0.2, 2.0))
                return None

    async def _after(self, fault: Fault, request: _Request, answer: _Answer) -> _Answer:
        match fault.name:
            case "cut before the answer":
                raise _LineCut
            case "500 after it was done":
                return _Answer(
                    500, {"content-type": "application/json"}, b'{"code": 500, "msg": "The worker has crashed"}'
                )
            case "HTML after it was done":
                return _Answer(200, {"content-type": "text/html"}, _PAGE)
            case "delayed answer":
                await asyncio.sleep(self.dice.uniform(0.2, 2.0))
            case "very late answer":
                await asyncio.sleep(self.late_seconds)
            case "request sent twice":
                return await self._forward(request)
            case "rows listed twice":
                return _with_rows_twice(answer)
        return answer

    async def _forward(self, request: _Request) -> _Answer:
        what = CHARGED.get(request.path.partition("?")[0])
        if what is None:
            path = _LIVE_ID.sub(b"{id}", request.path.partition("?")[0].encode()).decode()
            self.reads.append(Read(path, asyncio.get_running_loop().time()))
            return await self._send(request)
        if self.prices_each:
            # One after the other, so that the balance tells what each has cost.
            async with self._one_charge:
                before = await _balance(self.a2e)
                answer = await self._send(request)
                self._note(what, request, answer, before - await _balance(self.a2e))
        else:
            answer = await self._send(request)
            self._note(what, request, answer, 0.0)
        if self.answer_delay:
            port = self._ports.get(asyncio.current_task(), 0)
            self.charging.add(port)
            try:
                await asyncio.sleep(self.answer_delay)
            finally:
                self.charging.discard(port)
        return answer

    def _note(self, what: str, request: _Request, answer: _Answer, cost: float) -> None:
        """Note a charged request that A2E has accepted."""
        if answer.status != 200 or (answered := json.loads(answer.body)).get("code") != 0:
            return
        found, sent = MARK.search(request.body.decode("utf-8", "replace")), json.loads(request.body)
        rows = answered["data"] if isinstance(answered["data"], list) else [answered["data"]]
        ids = [as_sandbox(row["_id"].encode(), self.sandbox).decode() for row in rows if "_id" in row]
        webhook = (sent["webhook_url"], sent["webhook_token"]) if "webhook_url" in sent else None
        now = asyncio.get_running_loop().time()
        self.accepted.append(Accepted(what, int(found[1]) if found else None, cost, now, ids, webhook))

    async def _send(self, request: _Request) -> _Answer:
        path = request.path.removeprefix(FILES)
        sent = await self.a2e.request(
            request.method,
            as_sandbox(path.encode(), self.sandbox).decode(),
            headers={name: value for name, value in request.headers.items() if name not in _HANDLED_HERE},
            content=as_sandbox(request.body, self.sandbox) if "/api/" in path else request.body,
        )
        body = as_live(sent.content, self.sandbox) if "/api/" in path else sent.content
        headers = {name: value for name, value in sent.headers.items() if name not in _HANDLED_HERE}
        return _Answer(sent.status_code, headers, body)

    async def _write(self, writer: asyncio.StreamWriter, answer: _Answer, *, cut: bool) -> None:
        date = formatdate(time.time() + self.ahead, usegmt=True)
        fields = {**answer.headers, "date": date, "content-length": str(len(answer.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        body = answer.body[: len(answer.body) // 2] if cut else answer.body
        writer.write(f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode("latin-1") + body)
        await writer.drain()
        if cut:
            raise _LineCut


async def _read(reader: asyncio.StreamReader) -> _Request:
    """The next request of a connection. Raises IncompleteReadError at its end."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    fields = dict(line.split(": ", 1) for line in lines if ": " in line)
    headers = {name.lower(): value for name, value in fields.items()}
    body = await _chunks(reader) if "transfer-encoding" in headers else b""
    if length := int(headers.get("content-length", "0")):
        body = await reader.readexactly(length)
    return _Request(method, path, headers, body)


async def _balance(a2e: httpx2.AsyncClient) -> float:
    shown = await a2e.get("/api/v1/user/remainingCoins", headers={"authorization": f"Bearer {TOKEN}"})
    return float(shown.json()["data"]["coins"])


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def as_live(content: bytes, sandbox: str) -> bytes:
    """What a sandbox has said, with ids and addresses that look like A2E's."""
    return _SANDBOX_ID.sub(rb"67d29023\1", content).replace(sandbox.encode(), FILES.encode())


def as_sandbox(content: bytes, sandbox: str) -> bytes:
    """What is said to a sandbox that is taken for A2E, with its own ids and addresses."""
    return _LIVE_ID.sub(rb"00000000\1", content).replace(FILES.encode(), sandbox.encode())


def _json(data: object) -> _Answer:
    return _Answer(200, {"content-type": "application/json"}, json.dumps(data).encode())


def _with_rows_twice(answer: _Answer) -> _Answer:
    """A list that grew between two pages shows rows twice."""
    with suppress(ValueError):
        shown = json.loads(answer.body)
        data = shown.get("data") if isinstance(shown, dict) else None
        for name in ("rows", "data", "list"):
            if isinstance(data, dict) and isinstance(rows := data.get(name), list):
                data[name] = [*rows[:3], *rows]
                return _Answer(answer.status, answer.headers, json.dumps(shown).encode())
    return answer


@asynccontextmanager
async def open_fault_proxy(sandbox: str, *, ahead: float, dice: random.Random) -> AsyncIterator[FaultProxy]:
    """Serve a fault proxy in front of a sandbox for the length of an `async with`; A2E's clock is so far ahead."""
    # A connection kept open may be closed by the sandbox just when it is used again.
    limits = httpx2.Limits(max_keepalive_connections=0)
    async with httpx2.AsyncClient(base_url=sandbox, trust_env=False, timeout=120, limits=limits) as a2e:
        proxy = FaultProxy(sandbox, a2e, ahead, dice)
        server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0, limit=2**22)
        async with server:
            proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            try:
                yield proxy
            finally:
                await proxy.close()
