"""What each family that makes clips costs in the sandbox: seconds of work a second of its clip, and the memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from a2e_mcp.processes.line_process import worker_environment
from a2e_mcp.sandbox.orders.avatar_cover import AvatarCoverOrder
from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.caption_removal import CaptionRemovalOrder
from a2e_mcp.sandbox.orders.dubbing import DubbingOrder
from a2e_mcp.sandbox.orders.face_swap import FaceSwapOrder
from a2e_mcp.sandbox.orders.image_to_video import ImageToVideoOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.orders.talking_photo import TalkingPhotoOrder
from a2e_mcp.sandbox.orders.talking_video import TalkingVideoOrder
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import (
    ColourBackground,
    Done,
    DrawnAvatar,
    Failed,
    Order,
    Outcome,
    PortraitAvatar,
    TextMark,
    decode_reply,
    encode_request,
)
from bench.budgets import FAMILY_MEMORY_MIB, FAMILY_SECONDS_720, FAMILY_SECONDS_1080
from bench.table import Row

_SENTENCE = "Welcome to our little studio, and thank you for coming. "
_SIZES = {(1280, 720): FAMILY_SECONDS_720, (1920, 1080): FAMILY_SECONDS_1080}
_LONG_SECONDS = 300.0
_WOMAN = DrawnAvatar(seed=1, gender="female")
_GREY = ColourBackground(colour="#808080")

MakeOrder = Callable[[str, int, int], Order]


class _Worker:
    """A render worker and its process."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._process, self._stdin, self._stdout = process, stdin, stdout

    def render(self, order: Order) -> Outcome:
        """Carry out an order. Raises RuntimeError."""
        self._stdin.write(encode_request("bench", order))
        self._stdin.flush()
        for line in self._stdout:
            match decode_reply(line):
                case Done(outcome=outcome):
                    return outcome
                case Failed(message=message):
                    raise RuntimeError(message)
        raise RuntimeError("the worker has ended")

    @property
    def peak(self) -> float | None:
        """Its largest memory in MiB, where the system tells it."""
        status = Path(f"/proc/{self._process.pid}/status")
        lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


@contextmanager
def _worker() -> Iterator[_Worker]:
    command = [sys.executable, "-m", "a2e_mcp.sandbox.render_workers.program"]
    # As the sandbox starts its workers.
    environment = worker_environment()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        process.stdout.readline()
        try:
            yield _Worker(process, process.stdin, process.stdout)
        finally:
            process.kill()


def measure_families(seconds: float, *, long: bool) -> Iterator[Row]:
    """A row for each family and size, and one for the memory of a long video, which takes minutes."""
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder:
        files = _Files(Path(folder), seconds)
        for size, budget in _SIZES.items():
            for name, make in files.orders(size).items():
                yield _speed(name, make, size, budget, files)
        if long:
            yield files.long_video()


def _speed(name: str, make: MakeOrder, size: tuple[int, int], budget: float, files: _Files) -> Row:
    with _worker() as worker:
        began = time.perf_counter()
        outcome = worker.render(make(str(files.folder / "made.mp4"), *size))
        work = time.perf_counter() - began
        peak = worker.peak
    ratio = work / (outcome.seconds or 1.0)
    memory = "" if peak is None else f", {peak:.0f} MiB"
    met = ratio <= budget and (peak or 0.0) <= FAMILY_MEMORY_MIB
    return Row(
        f"sandbox: {name}, {size[1]}p",
        f"{work:.1f} s{memory}",
        f"{outcome.seconds:.1f} s of video",
        f"x {ratio:.2f}",
        f"x {budget:.2f}, {FAMILY_MEMORY_MIB:.0f} MiB",
        met,
    )


class _Files:
    """Sounds, portraits and clips to work on, made once."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self._portrait = str(folder / "portrait.png")
        with _worker() as worker:
            worker.render(AvatarCoverOrder(avatar=_WOMAN, output=self._portrait, width=1080, height=1080))
        self._sound = self._speech("short", seconds)

    def _speech(self, name: str, seconds: float) -> str:
        sound = str(self.folder / f"{name}.mp3")
        # The sentence takes about three and a half seconds.
        text = _SENTENCE * max(1, round(seconds / 3.5))
        with _worker() as worker:
            worker.render(SpeechOrder(text=text, voice="en-us+f3", output=sound, track=f"{sound}.json"))
        return sound

    def _avatar(self, avatar: DrawnAvatar | PortraitAvatar, *, captions: bool = False, cut: bool = False) -> MakeOrder:
        def make(output: str, width: int, height: int) -> Order:
            return AvatarVideoOrder(
                audio=self._sound,
                track=f"{self._sound}.json",
                avatar=avatar,
                background=_GREY if cut else None,
                captions=captions,
                output=output,
                width=width,
                height=height,
            )

        return make

    def orders(self, size: tuple[int, int]) -> dict[str, MakeOrder]:
        """An order of each family, by its name."""
        photo = PortraitAvatar(image=self._portrait)
        clip = str(self.folder / f"clip{size[1]}.mp4")
        with _worker() as worker:
            worker.render(self._avatar(_WOMAN, captions=True)(clip, *size))
        mark = TextMark(text="Sample")
        side = max(size)
        return {
            "drawn avatar": self._avatar(_WOMAN),
            "photo avatar": self._avatar(photo),
            "photo avatar, background replaced": self._avatar(photo, cut=True),
            "talking photo": lambda output, width, height: TalkingPhotoOrder(
                image=self._portrait, audio=self._sound, output=output, width=width, height=height
            ),
            "talking video": lambda output, _width, _height: TalkingVideoOrder(
                video=clip, audio=self._sound, output=output, width=side, height=side, fps=25
            ),
            "image to video": lambda output, width, height: ImageToVideoOrder(
                image=self._portrait, output=output, width=width, height=height
            ),
            "face swap": lambda output, _width, _height: FaceSwapOrder(
                face=self._portrait, target=clip, output=output, width=side, height=side, fps=25
            ),
            "dubbing": lambda output, _width, _height: DubbingOrder(
                source=clip, voice="es+f3", script="Bienvenidos.", output=output, width=side, height=side, fps=25
            ),
            "caption removal": lambda output, _width, _height: CaptionRemovalOrder(
                video=clip, output=output, width=side, height=side, fps=25
            ),
            "watermark": lambda output, _width, _height: WatermarkOrder(
                source=clip, mark=mark, output=output, width=side, height=side, fps=25
            ),
        }

    def long_video(self) -> Row:
        """The memory that five minutes of a photo avatar take."""
        self._sound = self._speech("long", _LONG_SECONDS)
        make = self._avatar(PortraitAvatar(image=self._portrait))
        return _speed("5 minutes of a photo avatar", make, (1280, 720), FAMILY_SECONDS_720, self)
