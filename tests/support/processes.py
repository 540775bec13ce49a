"""The program in a process of its own, and the processes that it leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from a2e_mcp import __version__
from tests.support.forked_program import LONGEST_RUN, TEMPLATE, ForkedProcess, fork_process, run_forked
from tests.support.paths import CHECKOUT
from tests.support.token_watch import without_token

HOME = CHECKOUT
SECONDS = 60.0
_LONGEST_LINE = 2**22


def environment_in(folder: Path, **changes: str) -> dict[str, str]:
    """An environment that keeps everything inside a folder, without the outer A2E settings and terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("A2E_") and name != "COLUMNS"}
    own = {
        "HOME": str(folder),
        "A2E_DATA_DIR": str(folder / "data"),
        "A2E_OUTPUT_DIR": str(folder / "output"),
        "PYTHONPATH": str(HOME),
        "PYTHONWARNINGS": "error",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    return {**kept, **own, **changes}


def run(
    *arguments: str, folder: Path, python: str = sys.executable, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    done = _run(arguments, folder, python, changes)
    without_token(done.stdout + done.stderr, f"the output of {' '.join(arguments)}")
    return done


def _run(
    arguments: Sequence[str], folder: Path, python: str, changes: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    environment = environment_in(folder, **changes)
    if TEMPLATE.can_be(python, changes):
        return run_forked(arguments, folder, environment)
    return subprocess.run(
        [python, "-m", "a2e_mcp", *arguments],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )


class ServerProcess:
    """A server process that takes JSON-RPC lines over its pipes."""

    def __init__(self, process: Process | ForkedProcess) -> None:
        self.process = process
        self.seen: list[str] = []
        self._last = 0

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a request and return its answer; lines before it are kept in `seen`."""
        self._last += 1
        await self.send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": parameters})
        while True:
            answer = await self.line()
            if answer.get("id") == self._last:
                return answer

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of a tool's answer."""
        result = (await self.ask("tools/call", name=tool, arguments=arguments))["result"]
        assert not result.get("isError"), result
        content: dict[str, Any] = result["structuredContent"]
        return content

    async def send(self, message: Mapping[str, Any] | bytes) -> None:
        """Send one message; bytes are sent unchanged."""
        assert self.process.stdin is not None
        self.process.stdin.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
        await self.process.stdin.drain()

    async def line(self) -> dict[str, Any]:
        """The next line, which must be a message of the protocol."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            text = (await self.process.stdout.readline()).decode()
        assert text, "the server closed its output"
        without_token(text, "an answer")
        self.seen.append(text)
        message: dict[str, Any] = json.loads(text)
        assert message["jsonrpc"] == "2.0"
        return message

    async def initialize(self) -> None:
        """Initialize as a client of the 2025 protocol does."""
        await self.ask(
            "initialize",
            protocolVersion="2025-06-18",
            capabilities={},
            clientInfo={"name": "test", "version": "1"},
        )
        await self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def start_long_render(self) -> str:
        """Start a long video and return once a worker renders it."""
        text = "This sentence is long enough to be rendered for a while. " * 4
        job = await self.call("start_avatar_video", script=text, voice="Aria", avatar="Ada", resolution=1080)
        while (await self.call("wait_for_job", job_ids=[job["job_id"]], seconds=1)).get("raw_status") != "process":
            pass
        return str(job["job_id"])

    async def ended(self, within: float) -> tuple[int, str, str]:
        """Exit code, the rest of stdout, and stderr of a process that ends by itself in time."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        async with asyncio.timeout(within):
            code = await self.process.wait()
        async with asyncio.timeout(SECONDS):
            rest, errors = await self.process.stdout.read(), await self.process.stderr.read()
        return code, without_token(rest.decode(), "the output"), without_token(errors.decode(), "the errors")


@asynccontextmanager
async def start_program(
    *arguments: str, folder: Path, python: str = sys.executable, **changes: str
) -> AsyncIterator[ServerProcess]:
    """Start the command with pipes; it is killed at the end of the block."""
    environment = environment_in(folder, **changes)
    async with AsyncExitStack() as stack:
        process: Process | ForkedProcess
        if TEMPLATE.can_be(python, changes):
            process = await stack.enter_async_context(fork_process(arguments, folder, environment, _LONGEST_LINE))
        else:
            process = await asyncio.create_subprocess_exec(
                *(python, "-m", "a2e_mcp", *arguments),
                env=environment,
                cwd=folder,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=_LONGEST_LINE,
            )
        try:
            yield ServerProcess(process)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@asynccontextmanager
async def start_http_server(
    folder: Path, address: str = "127.0.0.1:0", **changes: str
) -> AsyncIterator[tuple[ServerProcess, str]]:
    """Start a server over HTTP and return it with the address that it prints."""
    async with start_program("serve", "--sandbox", "--http", address, folder=folder, **changes) as server:
        assert server.process.stderr is not None
        greeting = (await server.process.stderr.readline()).decode()
        assert greeting.startswith(f"a2e-mcp {__version__} at http://")
        assert "sandbox" in greeting
        yield server, greeting.split(" at ")[1].split(" ")[0]


def descendants_of(pid: int) -> set[int]:
    """All descendants of a process."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in table.splitlines())}
    found: set[int] = set()
    while fresh := {child for child, parent in parents.items() if parent in {pid, *found}} - found:
        found |= fresh
    return found


def running(pids: set[int]) -> set[int]:
    """Those of the processes that still run; zombies do not count."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    states = {int(pid): state for pid, state in (line.split()[:2] for line in table.splitlines())}
    return {pid for pid in pids if not states.get(pid, "Z").startswith("Z")}
