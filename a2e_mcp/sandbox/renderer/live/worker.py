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

from a2e_mcp.sandbox.extra import INSTALL_LIVE
from a2e_mcp.sandbox.protocol import DrawnAvatar
from a2e_mcp.sandbox.protocol.stdout import take_stdout
from a2e_mcp.sandbox.renderer.core.render import Refused

if TYPE_CHECKING:
    from a2e_mcp.sandbox.renderer.live.audience import Audience
    from a2e_mcp.sandbox.renderer.live.performance import Performance

Members: TypeAlias = dict[str, Any]

_SECONDS_TO_HANG_UP = 1.0


def main() -> None:
    """Serve one room until stdin ends."""
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    protocol = take_stdout()

    def send(members: Members) -> None:
        protocol.write(json.dumps(members) + "\n")
        protocol.flush()

    send({"ready": True})
    asyncio.run(_serve(send))
    # Threads that still encode are not waited for.
    os._exit(0)


async def _serve(send: Callable[[Members], None]) -> None:
    requests: asyncio.Queue[Members | None] = asyncio.Queue()
    threading.Thread(target=_read, args=(asyncio.get_running_loop(), requests), daemon=True).start()
    room = Room()
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


class Room:
    """The room that this process is; nothing heavy is imported before it is opened."""

    _audience: "Audience"
    _performance: "Performance"

    def __init__(self) -> None:
        self._play: asyncio.Task[None] | None = None

    async def answer(self, request: Members) -> object:
        """Carry out a request. Raises Refused, ImportError, and anything that goes wrong."""
        carry_out: dict[str, Callable[..., Awaitable[object]]] = {
            "open": self._open,
            "join": self._join,
            "speak": self._speak,
            "count": self._count,
        }
        return await carry_out[request["do"]](**request["with"])

    async def close(self) -> None:
        """End the play and hang up."""
        if self._play is not None:
            self._play.cancel()
            await self._audience.close()

    async def _open(self, seed: int, gender: str) -> None:
        from a2e_mcp.sandbox.renderer.live.audience import Audience
        from a2e_mcp.sandbox.renderer.live.loopback import stay_on_loopback
        from a2e_mcp.sandbox.renderer.live.performance import Performance
        from a2e_mcp.sandbox.renderer.live.stage import Stage

        stay_on_loopback()
        self._audience = Audience()
        self._performance = Performance()
        stage = Stage(DrawnAvatar(seed=seed, gender="male" if gender == "male" else "female"), self._performance)
        self._play = asyncio.create_task(stage.play_for(self._audience))
        self._play.add_done_callback(_tell_of_the_end)

    async def _join(self, offer: str) -> str:
        try:
            return await self._audience.join(offer)
        except Refused:
            raise
        except Exception as problem:
            traceback.print_exception(problem, file=sys.stderr)
            message = "The offer of the page is no WebRTC offer that a live room can answer."
            raise Refused("unreadable", message) from None

    async def _speak(self, text: str, voice: str, as_answer: bool) -> float:
        from a2e_mcp.sandbox.renderer.live.performance import rehearse

        utterance = await asyncio.to_thread(rehearse, text, voice, is_answer=as_answer)
        self._performance.add(utterance)
        return utterance.seconds

    async def _count(self) -> int:
        return self._audience.count


def _tell_of_the_end(play: "asyncio.Task[None]") -> None:
    if not play.cancelled() and (problem := play.exception()):
        traceback.print_exception(problem, file=sys.stderr)
        # A room that shows nothing any more must not look open.
        os._exit(1)


def _failure(problem: Exception) -> dict[str, str]:
    match problem:
        case Refused():
            return {"code": problem.code, "message": str(problem)}
        case ImportError(name=str(module)) if not module.startswith("a2e_mcp"):
            package = module.partition(".")[0]
            message = f"A live room needs the package {package}. Install it with: {INSTALL_LIVE}"
            return {"code": "extra_missing", "message": message}
    traceback.print_exception(problem, file=sys.stderr)
    message = f"The live room could not do this: an unexpected {type(problem).__name__} in its own code."
    return {"code": "internal", "message": message}


if __name__ == "__main__":
    main()
