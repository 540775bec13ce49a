"""The render worker: orders in on stdin, replies out on stdout, one JSON line each, one order at a time.

It runs as a plain subprocess so that a crash in a native library, or an endless file, costs one job and not the
service. It ends the moment its stdin closes, also in the middle of a render.
"""

import contextlib
import importlib
import importlib.metadata
import os
import platform
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import IO, TypeAlias

from a2e_mcp.sandbox.extra import INSTALL, PACKAGES
from a2e_mcp.sandbox.protocol import (
    Done,
    Failed,
    Failure,
    InvalidLine,
    Order,
    Outcome,
    Progress,
    Ready,
    Reply,
    kind_of,
    order_from_line,
    reply_to_line,
)
from a2e_mcp.sandbox.protocol.stdout import take_stdout
from a2e_mcp.sandbox.renderer.core.render import ENGINE_VERSION, Refused, Rendering

Send: TypeAlias = Callable[[Reply], None]

# Imported when the first order of the kind arrives: speech must not wait for vision.
_RENDERERS = {
    "speech": "speech",
    "avatar_video": "avatar_video",
    "avatar_cover": "avatar_video",
    "image_to_video": "image_to_video",
    "train_avatar": "avatar_training",
    "train_lip_sync": "avatar_training",
    "face_swap": "face_swap",
    "talking_photo": "talking_photo",
    "caption_removal": "caption_removal",
    "dubbing": "dubbing",
    "replace_background": "background_replacement",
    "product_holding": "product_holding",
    "virtual_try_on": "virtual_try_on",
    "text_to_image": "text_to_image",
    "watermark": "watermark",
    "poster": "inspection",
    "probe": "inspection",
    "tell_language": "analysis",
    "hear_voice": "analysis",
    "cut_sound": "analysis",
}

_SECONDS_BETWEEN_REPORTS = 0.1


def main() -> None:
    """Serve orders until stdin ends."""
    # One thread each for vision: the service runs several workers side by side.
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    send = _sender(take_stdout())
    current = _Current()
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines, current), daemon=True).start()
    send(Ready(engine=ENGINE_VERSION, python=platform.python_version(), packages=_versions()))
    while True:
        _serve(lines.get(), send, current)


class _Current:
    """The rendering under way, for the reader thread to clean up after."""

    rendering: Rendering | None = None

    def end_process(self) -> None:
        if self.rendering is not None:
            self.rendering.abandon()
        os._exit(0)


def _sender(protocol: IO[str]) -> Send:
    def send(reply: Reply) -> None:
        try:
            protocol.write(reply_to_line(reply))
            protocol.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody is left to work for

    return send


def _read(lines: "queue.SimpleQueue[str]", current: _Current) -> None:
    for line in iter(sys.stdin.buffer.readline, b""):
        if line.strip():
            lines.put(line.decode("utf-8", errors="replace"))
    current.end_process()


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for package in PACKAGES.values():
        versions[package] = None
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return versions


def _serve(line: str, send: Send, current: _Current) -> None:
    try:
        errand_id, order = order_from_line(line)
    except InvalidLine as problem:
        send(Failed(id=problem.errand_id or "", failure=Failure(code="invalid_order", message=str(problem))))
        return
    current.rendering = Rendering(errand_id, kind_of(order), _reporter(errand_id, send))
    try:
        outcome = _render(order, current.rendering)
    except Exception as problem:
        send(Failed(id=errand_id, failure=_failure(problem)))
    else:
        send(Done(id=errand_id, outcome=outcome))
    finally:
        current.rendering = None


def _reporter(errand_id: str, send: Send) -> Callable[[float], None]:
    last = time.monotonic()

    def report(progress: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_REPORTS:
            last = now
            send(Progress(id=errand_id, progress=min(1.0, max(0.0, progress))))

    return report


def _render(order: Order, rendering: Rendering) -> Outcome:
    renderer = importlib.import_module(f"a2e_mcp.sandbox.renderer.orders.{_RENDERERS[rendering.kind]}")
    render: Callable[[Order, Rendering], Outcome] = getattr(renderer, f"render_{rendering.kind}")
    return render(order, rendering)


def _failure(problem: Exception) -> Failure:
    match problem:
        case Refused():
            return Failure(code=problem.code, message=str(problem))
        case ImportError(name=str(module)) if module.partition(".")[0] in PACKAGES:
            package = PACKAGES[module.partition(".")[0]]
            message = f"Rendering needs the package {package}. Install it with: {INSTALL}"
            return Failure(code="extra_missing", message=message)
    traceback.print_exception(problem, file=sys.stderr)
    message = f"The sandbox could not render this: an unexpected {type(problem).__name__} in its own code."
    return Failure(code="internal", message=message)


if __name__ == "__main__":
    main()
