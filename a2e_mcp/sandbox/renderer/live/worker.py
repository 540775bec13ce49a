"""A live room's process: requests in on stdin, replies out on stdout, one JSON line each; the rest is WebRTC.

One process a room, so that a crash in a native library ends one conversation. It ends when its stdin closes.
"""

import asyncio
import json
import os
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from a2e_mcp.processes.stdout import take_stdout
from a2e_mcp.sandbox.extra import LIVE_ROOMS, install_advice
from a2e_mcp.sandbox.protocol import DrawnAvatar
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

if TYPE_CHECKING:
    from a2e_mcp.sandbox.renderer.live.speech_timeline import SpeechTimeline
    from a2e_mcp.sandbox.renderer.live.viewers import Viewers

Members: TypeAlias = dict[str, Any]

_SECONDS_TO_HANG_UP = 1.0


def main() -> None:
    """Serve one room until stdin ends."""
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    protocol = take_stdout()

    def send(members: Members) -> None:
        protocol.write(json.dumps(members).encode() + b"\n")
        protocol.flush()

    send({"ready": True})
    asyncio.run(_serve(send))
    # Threads that still encode are not waited for.
    os._exit(0)


async def _serve(send: Callable[[Members], None]) -> None:
    requests: asyncio.Queue[Members | None] = asyncio.Queue()
    threading.Thread(target=_read, args=(asyncio.get_running_loop(), requests), daemon=True).start()
    room = RoomWorker()
    while (request := await requests.get()) is not None:
        try:
            reply = {"reply": await room.answer(request)}
        except Exception as problem:
            reply = {"failed": _failure(problem)}
        send({"id": request["id"], **reply})
    await room.close()


def _read(loop: asyncio.AbstractEventLoop, requests: "asyncio.Queue[Members | None]") -> None:
    for line in iter(sys.stdin.buffer.readline, b""):
        loop.call_soon_threadsafe(requests.put_nowait, json.loads(line))
    loop.call_soon_threadsafe(requests.put_nowait, None)
    # Whatever the room is doing, it does not outlive the service.
    threading.Event().wait(_SECONDS_TO_HANG_UP)
    os._exit(0)


class RoomWorker:
    """The room of this process; nothing heavy is imported before it is opened."""

    _viewers: "Viewers"
    _timeline: "SpeechTimeline"

    def __init__(self) -> None:
        self._frames: asyncio.Task[None] | None = None

    async def answer(self, request: Members) -> object:
        """Carry out a request. Raises OrderRefused, ImportError, and anything that goes wrong."""
        carry_out: dict[str, Callable[..., Awaitable[object]]] = {
            "open": self._open,
            "join": self._join,
            "speak": self._speak,
            "count": self._count,
        }
        return await carry_out[request["do"]](**request["with"])

    async def close(self) -> None:
        """Stop sending frames and disconnect every page."""
        if self._frames is not None:
            self._frames.cancel()
            await self._viewers.close()

    async def _open(self, seed: int, gender: str) -> None:
        from a2e_mcp.sandbox.renderer.live.frame_loop import FrameLoop
        from a2e_mcp.sandbox.renderer.live.loopback import stay_on_loopback
        from a2e_mcp.sandbox.renderer.live.speech_timeline import SpeechTimeline
        from a2e_mcp.sandbox.renderer.live.viewers import Viewers

        stay_on_loopback()
        self._viewers = Viewers()
        self._timeline = SpeechTimeline()
        loop = FrameLoop(DrawnAvatar(seed=seed, gender="male" if gender == "male" else "female"), self._timeline)
        self._frames = asyncio.create_task(loop.run(self._viewers))
        self._frames.add_done_callback(_end_process_on_failure)

    async def _join(self, offer: str) -> str:
        try:
            return await self._viewers.join(offer)
        except OrderRefused:
            raise
        except Exception as problem:
            traceback.print_exception(problem, file=sys.stderr)
            message = "The page sent an invalid WebRTC offer."
            raise OrderRefused("unreadable", message) from None

    async def _speak(self, text: str, voice: str, as_answer: bool) -> float:
        from a2e_mcp.sandbox.renderer.live.speech_timeline import prepare_speech

        speech = await asyncio.to_thread(prepare_speech, text, voice, is_answer=as_answer)
        self._timeline.add(speech)
        return speech.seconds

    async def _count(self) -> int:
        return self._viewers.count


def _end_process_on_failure(frames: "asyncio.Task[None]") -> None:
    if not frames.cancelled() and (problem := frames.exception()):
        traceback.print_exception(problem, file=sys.stderr)
        # A room that sends nothing any more must not look open.
        os._exit(1)


def _failure(problem: Exception) -> dict[str, str]:
    match problem:
        case OrderRefused():
            return {"code": problem.code, "message": str(problem)}
        case ImportError(name=str(module)) if not module.startswith("a2e_mcp"):
            package = module.partition(".")[0]
            message = f"Live rooms need the package {package}. {install_advice(LIVE_ROOMS)}"
            return {"code": "extra_missing", "message": message}
    traceback.print_exception(problem, file=sys.stderr)
    message = f"Internal error in the live room ({type(problem).__name__})."
    return {"code": "internal", "message": message}


if __name__ == "__main__":
    main()
