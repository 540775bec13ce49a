"""A process that has imported the program, and forks one for each order: a new interpreter takes a second to do so.

Run as `python -m tests.support.program_template CHANNEL`; `tests/support/forked_program.py` is the other end. Its own
standard streams are pipes, as those of what it forks.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, Never, Self

import a2e_mcp

LONGEST_ORDER = 200_000
_LEFT_OUT = ("a2e_mcp.__main__", "a2e_mcp.sandbox.renderer", "a2e_mcp.sandbox.testing")
# What commands import when they need it, and servers at their first request.
_ALSO = (
    *("argparse", "platformdirs.unix", "sqlite3", "tomlkit", "ruamel.yaml"),
    *("keyring", "keyring.backends.SecretService", "keyring.backends.Windows", "keyring.backends.kwallet"),
    *("keyring.backends.libsecret", "keyring.backends.macOS"),
    *("anyio._backends._asyncio", "httpcore2", "truststore"),
    *("uvicorn", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.on", "uvicorn.loops.asyncio"),
)


class Order(NamedTuple):
    """A program to be run: a module or a file, what it is started with, and its standard streams."""

    program: str
    arguments: list[str]
    user: int | None
    folder: str
    environment: dict[str, str]
    streams: list[int]


def main(channel: socket.socket) -> Order | None:
    """Fork a process for each order, in which this returns the order; None once no more can come."""
    for name in _modules():
        importlib.import_module(name)
    if threading.active_count() > 1:
        raise RuntimeError("a process with threads cannot be forked")
    gc.collect()
    gc.freeze()
    # Ctrl-C in a terminal reaches this process too; the one that ordered decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Programs() as programs:
        programs.ready.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in programs.ready.select():
                if key.fileobj is not channel:
                    programs.proceed(key)
                    continue
                message, descriptors, _, _ = socket.recv_fds(channel, LONGEST_ORDER, 4)
                if not message:
                    return None
                *streams, control = descriptors
                if (program := os.fork()) == 0:
                    channel.close()
                    os.close(control)
                    programs.forget()
                    return Order(**json.loads(message), streams=streams)
                for stream in streams:
                    os.close(stream)
                programs.add(program, control)


class Programs:
    """The programs under way: the id and then the exit code of each is written where its reader waits for them."""

    def __init__(self) -> None:
        self.ready = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ready.close()

    def add(self, program: int, control: int) -> None:
        """Say the id of a program, and wait for its end."""
        with suppress(BrokenPipeError):
            os.write(control, b"%d\n" % program)
        self.ready.register(os.pidfd_open(program), selectors.EVENT_READ, (program, control))

    def proceed(self, key: selectors.SelectorKey) -> None:
        """Say how a program has ended, or let it go; its id is not used again before the reader is done."""
        program, control = key.data
        self.ready.unregister(key.fileobj)
        os.close(key.fd)
        if key.fd == control:
            os.waitpid(program, 0)
            return
        ended = os.waitid(os.P_PID, program, os.WEXITED | os.WNOWAIT)
        if ended is not None:
            code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
            with suppress(BrokenPipeError):
                os.write(control, b"%d\n" % code)
        self.ready.register(control, selectors.EVENT_READ, (program, control))

    def forget(self) -> None:
        """Close what belongs to other programs, in one that was just forked."""
        for key in list(self.ready.get_map().values()):
            if key.data is not None:
                for descriptor in {key.fd, key.data[1]}:
                    os.close(descriptor)


def run_to_end(order: Order) -> Never:
    """Run the program and end as it asks, without taking down every module, which takes longer than most programs."""
    code: object = None
    try:
        run(order)
    except SystemExit as end:
        code = end.code
    if threading.active_count() > 1 or not isinstance(code, int | None):
        raise SystemExit(code)
    atexit._run_exitfuncs()
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def run(order: Order) -> None:
    """Become the program."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(order.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    sys.path[0] = order.folder
    sys.argv = [order.program, *order.arguments]
    if order.user is not None:
        os.setresuid(order.user, 0, 0)  # who it is, not what it may do
    if order.program.endswith(".py"):
        runpy.run_path(order.program, run_name="__main__")
    else:
        runpy.run_module(order.program, run_name="__main__", alter_sys=True)


def _modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(a2e_mcp.__path__, "a2e_mcp."):
        if not found.name.startswith(_LEFT_OUT):
            yield found.name
    yield from _ALSO


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as ours:
        ordered = main(ours)
    if ordered is not None:
        run_to_end(ordered)
