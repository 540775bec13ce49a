"""A server process that many callers ask at the same time, and that is killed and started again."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.paths import CHECKOUT
from tests.support.processes import environment_in

_GREETING_SECONDS = 120.0


class ServerKilled(Exception):
    """The process ended before it answered."""


class LiveServer:
    """A server in live mode, as a host runs it; `errors` is the file that its stderr goes to."""

    def __init__(self, name: str, folder: Path, variables: Mapping[str, str], secret: str) -> None:
        self.name = name
        self.errors = folder / f"{name}.stderr"
        self.kills = 0
        self.leaks: list[str] = []
        self._secret = secret
        self._folder = folder
        self._variables = dict(variables)
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._last = 0
        self._up = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the process and say hello."""
        with self.errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.soak.computer",
                env=environment_in(self._folder, **self._variables),
                cwd=CHECKOUT,
                stdin=PIPE,
                stdout=PIPE,
                stderr=errors,
                limit=2**22,
            )
        self._reader = asyncio.create_task(self._read(self._process))
        try:
            hello = {"name": "soak", "version": "1"}
            async with asyncio.timeout(_GREETING_SECONDS):
                await self._ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=hello)
            self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        except BaseException:
            # Half a start is none: who looks later must not take it for a server that runs.
            self._process.kill()
            self._process = None
            raise
        self._up.set()

    async def kill(self) -> None:
        """kill -9, and whatever was asked stays unanswered."""
        process, reader = self._process, self._reader
        if process is None or reader is None or process.returncode is not None:
            return
        self.kills += 1
        self._up.clear()
        process.kill()
        await process.wait()
        await reader

    async def stop(self) -> int:
        """End the process in order, as a host does, and return its exit code."""
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return 0
        self._up.clear()
        if process.stdin is not None:
            process.stdin.close()
        code = await process.wait()
        await reader
        return code

    async def up(self) -> None:
        """Wait until the process takes calls. Raises TimeoutError."""
        async with asyncio.timeout(2 * _GREETING_SECONDS):
            await self._up.wait()

    async def call(self, tool: str, arguments: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The result of a tool. Raises ServerKilled, or TimeoutError when no answer comes in time."""
        async with asyncio.timeout(seconds):
            answer = await self._ask("tools/call", name=tool, arguments=dict(arguments))
        if "error" in answer:
            shown = f"Internal error: {answer['error']}"
            return {"isError": True, "content": [{"type": "text", "text": shown}]}
        result: dict[str, Any] = answer["result"]
        return result

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        number = self._last
        self._waiting[number] = answered = asyncio.get_running_loop().create_future()
        try:
            self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})
            answer: dict[str, Any] = await answered
            return answer
        finally:
            self._waiting.pop(number, None)

    def _send(self, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise ServerKilled
        process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            text = line.decode()
            if self._secret in text:
                self.leaks.append(text[:200])
            message = json.loads(text)
            waiting = self._waiting.get(message.get("id"))
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        for waiting in list(self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(ServerKilled())
