"""What every renderer is given: where to report, how to name its file, and how to refuse."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from a2e_mcp.sandbox.protocol import FailureCode

ENGINE_VERSION = "1"
COMMENT = "A2E sandbox render, synthetic, not made by A2E"

MAX_SIDE = 4096
MAX_FPS = 60


class OrderRefused(Exception):
    """An order that cannot be carried out; the user reads the reason."""

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code: FailureCode = code


@dataclass(frozen=True)
class Rendering:
    """One order being carried out: its id, its kind and where its progress goes."""

    job_id: str
    kind: str
    report: Callable[[float], None]
    _unfinished: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def tags(self) -> dict[str, str]:
        """What is written into every file, so that none can be mistaken for A2E's own work."""
        about = {"job": self.job_id, "kind": self.kind, "engine": ENGINE_VERSION}
        return {"comment": COMMENT, "a2e_sandbox": json.dumps(about)}

    @contextmanager
    def writing(self, path: str) -> Iterator[str]:
        """A temporary name beside `path`, moved there when the block ends well and removed when it does not."""
        target = Path(path)
        temporary = str(target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}"))
        with self._lock:
            self._unfinished.add(temporary)
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            with suppress(OSError):
                os.unlink(temporary)
            with self._lock:
                self._unfinished.discard(temporary)

    def abandon(self) -> None:
        """Remove what is half written; called from another thread just before the process ends."""
        with self._lock:
            for temporary in self._unfinished:
                with suppress(OSError):
                    os.unlink(temporary)


def even_size(width: int, height: int) -> tuple[int, int]:
    """The size rounded down to even numbers, which H.264 needs. Raises OrderRefused when no frame can have it."""
    if not (16 <= width <= MAX_SIDE and 16 <= height <= MAX_SIDE):
        raise OrderRefused(
            "invalid_order", f"A frame cannot be {width}x{height} pixels; each side must be 16 to {MAX_SIDE}."
        )
    return width // 2 * 2, height // 2 * 2


def sensible_fps(fps: int) -> int:
    """The frame rate itself. Raises OrderRefused outside 1 to 60."""
    if not 1 <= fps <= MAX_FPS:
        raise OrderRefused("invalid_order", f"The frame rate must be 1 to {MAX_FPS}, not {fps}.")
    return fps


def unused_prompts(prompt: str, negative_prompt: str) -> str:
    """The sentence about prompts that change nothing; empty where none was given."""
    given = [name for name, text in (("prompt", prompt), ("negative prompt", negative_prompt)) if text.strip()]
    return f"Not used: {', '.join(given)}." if given else ""


def scaled(own: tuple[int, int], made: tuple[int, int]) -> str:
    """The sentence about a picture or clip that was made smaller; empty where it was not."""
    is_smaller = made[0] < own[0] - 1 or made[1] < own[1] - 1
    return f"It is scaled from {own[0]}x{own[1]} to {made[0]}x{made[1]}." if is_smaller else ""


def counted(number: int, one: str, more: str = "") -> str:
    """A number of things, in the plural unless it is one."""
    return f"{number} {one if number == 1 else more or one + 's'}"
