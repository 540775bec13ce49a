"""The film worker: orders in on stdin, replies out on stdout, one JSON line each, one order at a time.

It runs as a plain subprocess, so that a crash in a native library, or an endless file, costs one job and not the
server. It ends the moment its stdin closes, also in the middle of a film.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable

from a2e_mcp.film.orders import (
    AnyOrder,
    ComposeOrder,
    FilmFailed,
    FilmMade,
    FilmProgress,
    FilmReady,
    LettersOrder,
    Reply,
    TrimOrder,
    decode_order,
    encode,
)
from a2e_mcp.processes.stdout import take_stdout

_SECONDS_BETWEEN_REPORTS = 0.1


def main() -> None:
    """Serve orders until stdin ends."""
    protocol = take_stdout()

    def send(reply: Reply) -> None:
        try:
            protocol.write(encode(reply))
            protocol.flush()
        except BrokenPipeError:
            os._exit(0)  # the server has ended

    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    send(FilmReady())
    while True:
        send(_answer(lines.get(), _reporter(send)))


def _read(lines: queue.SimpleQueue[bytes]) -> None:
    for line in iter(sys.stdin.buffer.readline, b""):
        if line.strip():
            lines.put(line)
    # What is half written is removed by the server.
    os._exit(0)


def _answer(line: bytes, report: Callable[[float], None]) -> Reply:
    from a2e_mcp.film.engine.refusal import NO_ROOM, FilmRefused, is_full

    try:
        return _carried_out(decode_order(line), report)
    except FilmRefused as refusal:
        return FilmFailed(message=str(refusal))
    except Exception as problem:
        if is_full(problem):
            return FilmFailed(message=NO_ROOM)
        traceback.print_exception(problem, file=sys.stderr)
        message = f"The film could not be made because of an internal error ({type(problem).__name__})."
        return FilmFailed(message=message, is_refused=False)


def _carried_out(order: AnyOrder, report: Callable[[float], None]) -> FilmMade:
    match order:
        case ComposeOrder():
            from a2e_mcp.film.engine.compose import compose

            return compose(order, report)
        case TrimOrder():
            from a2e_mcp.film.engine.trim import trim

            return trim(order, report)
        case LettersOrder():
            from a2e_mcp.media.fonts import missing_scripts

            return FilmMade(missing=tuple(missing_scripts(order.text)))


def _reporter(send: Callable[[Reply], None]) -> Callable[[float], None]:
    last = time.monotonic()

    def report(share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_REPORTS:
            last = now
            send(FilmProgress(share=min(1.0, max(0.0, share))))

    return report


if __name__ == "__main__":
    main()
