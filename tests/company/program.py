"""A process of the company's program, which is killed, ended in order, and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.support.processes import environment_in
from tests.support.reliability import faults_in
from tests.support.token_watch import TOKEN


class Program:
    """`a2e-mcp` with these arguments; `errors` is the file that its stderr goes to."""

    def __init__(self, name: str, folder: Path, variables: Mapping[str, str], *arguments: str) -> None:
        self.name = name
        self.errors = folder / f"{name}.stderr"
        self._folder = folder / name
        self._folder.mkdir()
        self._variables = dict(variables)
        self._arguments = arguments
        self._process: Process | None = None

    @property
    def is_up(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    def holds(self, port: int) -> bool:
        """Whether a connection from this local port is the process's own (on Linux)."""
        if self._process is None or self._process.returncode is not None:
            return False
        lines = Path(f"/proc/{self._process.pid}/net/tcp").read_text().splitlines()[1:]
        # The second field is the local address in hexadecimal, the tenth the number of the socket.
        inodes = {line.split()[9] for line in lines if int(line.split()[1].rpartition(":")[2], 16) == port}
        held = set()
        for link in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with suppress(OSError):
                held.add(os.readlink(link))
        return any(f"socket:[{inode}]" in held for inode in inodes)

    async def start(self) -> None:
        """Start the process."""
        with self.errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "a2e_mcp", *self._arguments),
                env=environment_in(self._folder, **self._variables),
                cwd=self._folder,
                stdin=DEVNULL,
                stdout=errors,
                stderr=errors,
            )

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def pause(self) -> None:
        """Let the process stand still."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process continue."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def faults_in_output(self, keys: Sequence[str]) -> list[str]:
        """What it has written that it must not: the token, a key, or a traceback."""
        return faults_in(self.errors, secrets=[TOKEN, *keys])

    async def end(self, *, within: float) -> int:
        """SIGTERM; the exit code, or that of a kill when it takes longer."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(within):
                return await self._process.wait()
        except TimeoutError:
            await self.kill()
            return -signal.SIGKILL
