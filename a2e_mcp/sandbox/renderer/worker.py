"""The render worker: orders in on stdin, replies out on stdout, one JSON line each, one order at a time.

It runs as a plain subprocess so that a crash in a native library, or an endless file, costs one job and not the
service. It ends the moment its stdin closes, also in the middle of a render.
"""

import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import IO, TypeAlias

from a2e_mcp.processes.stdout import take_stdout
from a2e_mcp.sandbox.extra import PACKAGES, install_advice
from a2e_mcp.sandbox.orders import decode_order, render
from a2e_mcp.sandbox.protocol import (
    Done,
    Failed,
    InvalidRequest,
    Progress,
    Ready,
    Reply,
    decode_request,
    encode_reply,
    kind_of,
)
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering

Send: TypeAlias = Callable[[Reply], None]

_SECONDS_BETWEEN_REPORTS = 0.1


def main() -> None:
    """Serve orders until stdin ends."""
    # One thread each for vision: the service runs several workers side by side.
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    send = _sender(take_stdout())
    current = _Current()
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines, current), daemon=True).start()
    send(Ready())
    while True:
        _serve(lines.get(), send, current)


class _Current:
    """The rendering under way, for the reader thread to clean up after."""

    rendering: Rendering | None = None

    def end_process(self) -> None:
        if self.rendering is not None:
            self.rendering.abandon()
        os._exit(0)


def _sender(protocol: IO[bytes]) -> Send:
    def send(reply: Reply) -> None:
        try:
            protocol.write(encode_reply(reply))
            protocol.flush()
        except BrokenPipeError:
            os._exit(0)  # the service has ended

    return send


def _read(lines: "queue.SimpleQueue[bytes]", current: _Current) -> None:
    for line in iter(sys.stdin.buffer.readline, b""):
        if line.strip():
            lines.put(line)
    current.end_process()


def _serve(line: bytes, send: Send, current: _Current) -> None:
    request_id = ""
    try:
        request = decode_request(line)
        request_id = request.id
        order = decode_order(request.order)
    except InvalidRequest as problem:
        send(Failed(id=request_id, code="invalid_order", message=str(problem)))
        return
    current.rendering = Rendering(request_id, kind_of(order), _reporter(request_id, send))
    try:
        outcome = render(order, current.rendering)
    except Exception as problem:
        send(_failed(request_id, problem))
    else:
        send(Done(id=request_id, outcome=outcome))
    finally:
        current.rendering = None


def _reporter(request_id: str, send: Send) -> Callable[[float], None]:
    last = time.monotonic()

    def report(progress: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_REPORTS:
            last = now
            send(Progress(id=request_id, progress=min(1.0, max(0.0, progress))))

    return report


def _failed(request_id: str, problem: Exception) -> Failed:
    match problem:
        case OrderRefused():
            return Failed(id=request_id, code=problem.code, message=str(problem))
        case ImportError(name=str(module)) if module.partition(".")[0] in PACKAGES:
            package = PACKAGES[module.partition(".")[0]]
            message = f"Rendering needs the package {package}. {install_advice()}"
            return Failed(id=request_id, code="extra_missing", message=message)
    traceback.print_exception(problem, file=sys.stderr)
    message = f"The sandbox could not render this because of an internal error ({type(problem).__name__})."
    return Failed(id=request_id, code="internal", message=message)


if __name__ == "__main__":
    main()
