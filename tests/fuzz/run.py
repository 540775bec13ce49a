"""A fuzz: generated calls of every tool over mutated answers of A2E, against the whole server in memory."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp import Client
from mcp.shared.exceptions import MCPError

from a2e_mcp.server.server import A2EServer
from a2e_mcp.server.timing import Timing
from a2e_mcp.server.tool_index import find_tool, names
from tests.fuzz.answers import MutatingTransport
from tests.fuzz.calls import Caller, ToolCall
from tests.support.faulty_transport import Clock, open_test_sandbox
from tests.support.media import CONSENT, film, png, wav
from tests.support.sandbox_client import http_client
from tests.support.server import ServerUnderTest, connection_to, settings_in, tool_answer
from tests.support.token_watch import TOKEN

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

CALL_SECONDS = 8.0
_SPARE_SECONDS = 4.0
"""By how much a busy computer may exceed a call's seconds."""
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_LARGEST_ANSWER = 64 * 1024
_ROUND = 1000
_MEDIA = (
    *(
        "image",
        "video",
        "audio",
        "path",
        "background",
        "reference",
        "url",
        "face",
        "target",
        "person",
        "garment",
        "source",
    ),
    *("product", "media", "sample", "background_image", "end_image"),
)


@dataclass
class FuzzReport:
    """The figures of one run; `problems` are what must not be."""

    calls: int = 0
    failed: int = 0
    protocol_errors: int = 0
    requests: int = 0
    mutated: int = 0
    longest: float = 0.0
    largest: int = 0
    seconds: float = 0.0
    memory: list[float] = field(default_factory=list)
    """MiB in use after each thousand calls."""
    tools: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The table for the docs."""
        memory = "" if not self.memory else f"{self.memory[0]:.0f} MiB, at the end {self.memory[-1]:.0f} MiB"
        rows = [
            ("Tool calls", f"{self.calls:,} of {len(self.tools)} tools"),
            ("Answered with an error", f"{self.failed:,}"),
            ("Refused by the protocol", f"{self.protocol_errors:,}"),
            ("Requests to A2E", f"{self.requests:,}"),
            ("Answers mutated", f"{self.mutated:,}"),
            ("Longest time to an answer", f"{self.longest:.1f} s (limit {CALL_SECONDS:g} s)"),
            ("Largest answer", f"{self.largest / 1024:.1f} KB"),
            ("Memory after the first thousand calls", memory),
            ("Problems", str(len(self.problems))),
        ]
        return ["| What | Figure |", "| --- | ---: |", *(f"| {name} | {figure} |" for name, figure in rows)]


class _LoggedErrors(logging.Handler):
    """Keeps what the server logs as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        shown = "" if record.exc_info is None else "".join(traceback.format_exception(*record.exc_info)[-6:])
        self.said.append(f"{record.getMessage()} {shown}"[:3000])


async def fuzz(
    calls: int, folder: Path, *, seed: int = 1, rate: float = 0.3, say: Callable[[str], None] = lambda _: None
) -> FuzzReport:
    """Make so many calls and return what they have shown; the same seed makes the same calls."""
    report, logged, began = FuzzReport(), _LoggedErrors(), time.monotonic()
    logging.getLogger().addHandler(logged)
    try:
        async with open_test_sandbox(folder, credits=10**9) as sandbox:
            sandbox.control.seed(avatars=[{"name": "Zoe"}])
            transport = MutatingTransport(sandbox.transport())
            async with _connected(folder, sandbox, transport) as server:
                caller, known = await _caller(server), 0
                for number in range(calls):
                    dice = random.Random(f"{seed} {number}")
                    transport.dice, transport.rate = dice, dice.choice((0.0, rate, 2 * rate))
                    await _one(server, caller.call(dice), caller, report, f"{seed} {number}")
                    report.problems += [f"{seed} {number}: {each}" for each in logged.said]
                    logged.said.clear()
                    for problem in report.problems[known:]:
                        say(f"PROBLEM {problem}")
                    known = len(report.problems)
                    if number % _ROUND == _ROUND - 1:
                        gc.collect()
                        report.memory.append(_resident())
                        say(f"{number + 1} calls, {len(report.problems)} problems, {report.memory[-1]:.0f} MiB")
                report.requests, report.mutated = transport.requests, transport.mutated
    finally:
        logging.getLogger().removeHandler(logged)
    report.seconds = time.monotonic() - began
    return report


class _connected:
    """A server over a mutating transport."""

    def __init__(self, folder: Path, sandbox: Sandbox, transport: MutatingTransport) -> None:
        self._inbox = folder / "inbox"
        self._inbox.mkdir(exist_ok=True)
        for name in ("picture", "portrait", "harbour", "zoe", "mug", "jacket", "office"):
            png(self._inbox, f"{name}.png", (320, 240))
        for name in ("sound", "speech", "narrator"):
            wav(self._inbox, f"{name}.wav", 20.0)
        for name in ("clip", "zoe"):
            film(self._inbox, f"{name}.mp4")
        (self._inbox / "notes.txt").write_text("not a picture")
        self._sandbox = sandbox
        self._settings = settings_in(folder, call_seconds=CALL_SECONDS, max_wait=1, toolsets=("all",))
        timing = Timing(Clock().pause, closing_seconds=0.5)
        self._client = Client(A2EServer(self._settings, connection_to(sandbox, lambda _: transport), timing))

    async def __aenter__(self) -> ServerUnderTest:
        client = await self._client.__aenter__()
        return ServerUnderTest(client, self._sandbox, self._inbox, self._settings.output)

    async def __aexit__(self, *problem: Any) -> None:
        await self._client.__aexit__(*problem)


async def _caller(server: ServerUnderTest) -> Caller:
    tools = (await server.client.list_tools()).tools
    async with http_client(server.sandbox) as http:
        rows = (await http.post("/api/v1/custom_back/allBackground", json={})).json()["data"]
    media = [
        "picture.png",
        "picture.png",
        rows[0]["img_url"],
        rows[0]["img_url"],
        "sound.wav",
        "notes.txt",
        "absent.png",
    ]
    pools: dict[str, Sequence[Any]] = {
        "avatar": ["Ada", "Ben", "nobody at all"],
        "voice": ["Aria (en-US)", "Aria", "guy"],
        "script": ["Good morning.", "Buenos días a todos.", "12 % of 1,000 & more"],
        "consent": [CONSENT],
        "tool": [tool.name for tool in tools],
        "language": ["en-US", "Spanish", "xx"],
        "target_language": ["es-ES", "German"],
        "prompt": ["The waves move", "A red house", "[sandbox:fail] waves", "[sandbox:cut_answer] waves"],
        "title": ["Logo", "[sandbox:unreadable]"],
        "max_credits": [0, 5, 50, 1000, 1000],
        "room": ["room-1"],
        **dict.fromkeys(_MEDIA, media),
    }
    examples = {name: [dict(each) for each in tool.examples] for name in names() if (tool := find_tool(name))}
    return Caller({tool.name: tool.input_schema for tool in tools}, pools, examples)


async def _one(server: ServerUnderTest, call: ToolCall, caller: Caller, report: FuzzReport, number: str) -> None:
    report.calls += 1
    report.tools[call.tool if call.tool.isidentifier() else "(other names)"] += 1
    began = time.monotonic()
    try:
        async with asyncio.timeout(CALL_SECONDS + 60):
            result = await server.client.call_tool(call.tool, call.arguments)
    except MCPError as problem:
        report.protocol_errors += 1
        _check(problem.error.message, report, f"{number} {call.tool} (protocol)")
        return
    except TimeoutError:
        report.problems.append(f"{number}: {call.tool} was not answered: {call.arguments!r}"[:600])
        return
    took = time.monotonic() - began
    report.longest = max(report.longest, took)
    if took > CALL_SECONDS + _SPARE_SECONDS:
        report.problems.append(f"{number}: {call.tool} was answered after {took:.1f} s")
    answer = tool_answer(result)
    report.failed += answer.failed
    caller.learn(answer.data)
    where = f"{number} {call.tool}"
    _check(answer.text, report, where)
    _check_data(answer.data, report, where)
    size = len(answer.text) + len(json.dumps(answer.data))
    report.largest = max(report.largest, size)
    if size > _LARGEST_ANSWER:
        report.problems.append(f"{where} answered with {size} bytes")


def _check(text: str, report: FuzzReport, where: str) -> None:
    for sign in ("Traceback", "Internal error", TOKEN):
        if sign in text:
            report.problems.append(f"{where} said: {text[:400]!r}")
    if found := _HIDDEN.search(text):
        report.problems.append(f"{where} let {found[0]!r} through: {text[max(0, found.start() - 60) :][:160]!r}")


def _check_data(data: Mapping[str, Any], report: FuzzReport, where: str) -> None:
    for text in _texts(data):
        _check(text, report, where)
    try:
        json.dumps(data, allow_nan=False)
    except ValueError as problem:
        report.problems.append(f"{where} answered with a number that is none: {problem}")


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for each in value.items() for part in each for text in _texts(part)]
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []


def _resident() -> float:
    """MiB of memory that this process has in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20
