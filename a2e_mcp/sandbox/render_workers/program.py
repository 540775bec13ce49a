"""The render worker: orders in on stdin, replies out on stdout, one JSON line each, one order at a time.

It runs as a plain subprocess so that a crash in a native library, or an endless file, costs one job and not the
service. It ends the moment its stdin closes, also in the middle of a render.
"""

import os
import sys
import traceback

from a2e_mcp.processes.line_server import Send, now_and_then, serve_lines
from a2e_mcp.sandbox.extra import PACKAGES, install_advice
from a2e_mcp.sandbox.orders import decode_order, render
from a2e_mcp.sandbox.protocol import (
    Done,
    Failed,
    InvalidRequest,
    Progress,
    Ready,
    decode_request,
    encode_reply,
    kind_of,
)
from a2e_mcp.sandbox.renderer.rendering.animations import with_stills_named
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering


def main() -> None:
    """Serve orders until stdin ends."""
    # One thread each for vision: the service runs several workers side by side.
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    current = _Current()
    serve_lines(encode_reply(Ready()), lambda line, send: _serve(line, send, current), on_end=current.abandon_rendering)


class _Current:
    """The rendering under way, for the reader thread to clean up after."""

    rendering: Rendering | None = None

    def abandon_rendering(self) -> None:
        if self.rendering is not None:
            self.rendering.abandon()


def _serve(line: bytes, send: Send, current: _Current) -> None:
    request_id = ""
    try:
        request = decode_request(line)
        request_id = request.id
        order = decode_order(request.order)
    except InvalidRequest as problem:
        send(encode_reply(Failed(id=request_id, code="invalid_order", message=str(problem))))
        return

    def report(progress: float) -> None:
        send(encode_reply(Progress(id=request_id, progress=progress)))

    current.rendering = Rendering(request_id, kind_of(order), now_and_then(report))
    try:
        outcome = with_stills_named(render(order, current.rendering), order)
    except Exception as problem:
        send(encode_reply(_failed(request_id, problem)))
    else:
        send(encode_reply(Done(id=request_id, outcome=outcome)))
    finally:
        current.rendering = None


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
