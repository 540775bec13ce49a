"""The program in a process that is forked from a template, for tests that do not ask how an interpreter starts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from tests.support.paths import CHECKOUT

_READ_BY_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "TZ")
_READ_BY_KEYRING = "PYTHON_KEYRING_BACKEND"
LONGEST_RUN = 180.0
"""Seconds that a program may take, on a busy computer too."""


class Template:
    """The process that is forked; it is started when it is first needed."""

    def __init__(self) -> None:
        self.is_preferred = False
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def can_be(self, python: str, changes: Mapping[str, str]) -> bool:
        """Whether a forked process would be like a new one of this interpreter with these changes of its variables."""
        is_this = self.is_preferred and sys.platform == "linux" and python == sys.executable
        return is_this and not any(
            name.startswith(_READ_BY_THE_INTERPRETER) for name in changes if name != _READ_BY_KEYRING
        )

    def fork(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        streams: Sequence[int],
        *,
        program: str = "a2e_mcp",
        user: int | None = None,
    ) -> socket.socket:
        """Fork a program, and return the socket that first tells its id and then its exit code."""
        ours, theirs = socket.socketpair()
        order = {
            "program": program,
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            "user": user,
        }
        with theirs:
            socket.send_fds(self._open_channel(), [json.dumps(order).encode()], [*streams, theirs.fileno()])
        return ours

    def close(self) -> None:
        """End the process; what was forked from it has ended."""
        if self._channel is not None and self._process is not None:
            self._channel.close()
            self._process.communicate()
            self._channel = self._process = None

    def _open_channel(self) -> socket.socket:
        if self._channel is None:
            self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            kept = {name: value for name, value in os.environ.items() if not name.startswith("A2E_")}
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.program_template", str(theirs.fileno())],
                    env={**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONWARNINGS": "error"},
                    cwd=CHECKOUT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    pass_fds=[theirs.fileno()],
                )
        return self._channel


TEMPLATE = Template()


@contextmanager
def forking_programs(*, is_preferred: bool) -> Iterator[None]:
    """Let tests fork the program; preferred, wherever a new interpreter would do the same."""
    TEMPLATE.is_preferred = is_preferred
    try:
        yield
    finally:
        TEMPLATE.close()


class ForkedProcess:
    """What asyncio's own class of a process offers, for a program that was forked."""

    def __init__(
        self,
        pid: int,
        stdin: asyncio.StreamWriter,
        stdout: asyncio.StreamReader,
        stderr: asyncio.StreamReader,
        told: asyncio.StreamReader,
    ) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._told = told

    async def wait(self) -> int:
        """Wait for the end, and return the exit code."""
        if self.returncode is None:
            self.returncode = int(await self._told.readline())
        return self.returncode

    def kill(self) -> None:
        """End it at once. Raises ProcessLookupError."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Send a signal. Raises ProcessLookupError."""
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)


@asynccontextmanager
async def fork_process(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], limit: int
) -> AsyncIterator[ForkedProcess]:
    """Fork the program with pipes, which are closed at the end of the block."""
    loop = asyncio.get_running_loop()
    pipes = [os.pipe() for _ in range(3)]
    (their_input, our_input), (our_output, their_output), (our_errors, their_errors) = pipes
    try:
        control = TEMPLATE.fork(arguments, folder, environment, (their_input, their_output, their_errors))
    finally:
        for descriptor in (their_input, their_output, their_errors):
            os.close(descriptor)
    async with AsyncExitStack() as stack:

        async def reader_of(descriptor: int) -> asyncio.StreamReader:
            reader = asyncio.StreamReader(limit)
            pipe = os.fdopen(descriptor, "rb", 0)
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
            stack.callback(transport.close)
            return reader

        stdout, stderr = await reader_of(our_output), await reader_of(our_errors)
        writing, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(our_input, "wb", 0)
        )
        stack.callback(writing.close)
        stdin = asyncio.StreamWriter(writing, protocol, None, loop)
        told, closing = await asyncio.open_connection(sock=control)
        stack.callback(closing.close)
        pid = int(await told.readline())
        yield ForkedProcess(pid, stdin, stdout, stderr, told)


def run_forked(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    program: str = "a2e_mcp",
    user: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Fork the program, or a file that uses it, and wait for its end."""
    with (
        open(os.devnull, "rb") as nothing,
        TemporaryFile("w+", encoding="utf-8") as output,
        TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        streams = [file.fileno() for file in (nothing, output, errors)]
        forked = TEMPLATE.fork(arguments, folder, environment, streams, program=program, user=user)
        with forked as control, control.makefile() as told:
            control.settimeout(LONGEST_RUN)
            told.readline()
            code = int(told.readline())
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(list(arguments), code, output.read(), errors.read())
