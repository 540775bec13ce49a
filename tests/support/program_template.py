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
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import NamedTuple, Never

import a2e_mcp

LONGEST_ORDER = 200_000
_LEFT_OUT = ("a2e_mcp.__main__", "a2e_mcp.sandbox.renderer", "a2e_mcp.sandbox.testing")
_ALSO = ("sqlite3", "uvicorn", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.on", "uvicorn.loops.asyncio")


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
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, LONGEST_ORDER, 4)
        if not message:
            return None
        *streams, control = descriptors
        if os.fork() == 0:
            channel.close()
            if program := os.fork():
                _watch(program, streams, control)
            os.close(control)
            return Order(**json.loads(message), streams=streams)
        for descriptor in descriptors:
            os.close(descriptor)
        _reap()


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


def _watch(program: int, streams: list[int], control: int) -> None:
    """Write the id and then the exit code of the program; its id is not used again before the reader is done."""
    for stream in streams:
        os.close(stream)
    os.write(control, b"%d\n" % program)
    ended = os.waitid(os.P_PID, program, os.WEXITED | os.WNOWAIT)
    if ended is not None:
        os.write(control, b"%d\n" % (ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status))
    os.read(control, 1)
    os.waitpid(program, 0)
    os._exit(0)


def _reap() -> None:
    """Let the system forget who has ended, so that the time they took is counted."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as ours:
        ordered = main(ours)
    if ordered is not None:
        run_to_end(ordered)
