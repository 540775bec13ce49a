"""The other end of a `LineProcess`, in the process itself: lines in on stdin, lines out on stdout, one at a time."""

import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from a2e_mcp.processes.stdout import take_stdout

Send: TypeAlias = Callable[[bytes], None]
"""Writes a line, its end included."""
Report: TypeAlias = Callable[[float], None]
"""Takes a share that is done, 0 to 1."""

_SECONDS_BETWEEN_REPORTS = 0.1


def serve_lines(
    greeting: bytes, answer: Callable[[bytes, Send], None], *, on_end: Callable[[], None] = lambda: None
) -> NoReturn:
    """Greet, then answer each line, until stdin ends: then the process ends at once, also in the middle of an answer.

    `on_end` is called from another thread before that.
    """
    protocol = take_stdout()

    def send(line: bytes) -> None:
        try:
            protocol.write(line)
            protocol.flush()
        except BrokenPipeError:
            os._exit(0)  # the server has ended

    def read() -> None:
        for line in iter(sys.stdin.buffer.readline, b""):
            if line.strip():
                lines.put(line)
        on_end()
        os._exit(0)

    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=read, daemon=True).start()
    send(greeting)
    while True:
        answer(lines.get(), send)


def now_and_then(report: Report) -> Report:
    """The same, but for reports that follow each other too quickly to be of use."""
    last = time.monotonic()

    def report_if_due(share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_REPORTS:
            last = now
            report(min(1.0, max(0.0, share)))

    return report_if_due
