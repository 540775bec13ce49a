"""A real render worker in its own process, and ways to look at what it made."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.orders.avatar_cover import AvatarCoverOrder
from a2e_mcp.sandbox.protocol import (
    Done,
    DrawnAvatar,
    Failed,
    Order,
    Outcome,
    Progress,
    Ready,
    decode_reply,
    encode_request,
)

SOUND_RATE = 22050


@dataclass
class RenderProcess:
    """A worker that was started and said that it is ready."""

    process: "subprocess.Popen[bytes]"
    progress: list[float] = field(default_factory=list)

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def send(self, line: bytes) -> None:
        self.stdin.write(line)
        self.stdin.flush()

    def answer(self) -> Outcome | Failed:
        """The end of the order sent last; the progress before it is kept."""
        self.progress = []
        while True:
            match decode_reply(self.stdout.readline()):
                case Progress(progress=progress):
                    self.progress.append(progress)
                case Done(outcome=outcome):
                    return outcome
                case Failed() as failed:
                    return failed
                case Ready():
                    raise AssertionError("a second greeting")

    def render(self, order: Order) -> Outcome:
        self.send(encode_request("job-1", order))
        answer = self.answer()
        assert isinstance(answer, Outcome), answer
        return answer

    def refused(self, order: Order) -> Failed:
        self.send(encode_request("job-1", order))
        answer = self.answer()
        assert isinstance(answer, Failed), answer
        return answer

    def cover(self, path: Path, seed: int, width: int = 360, height: int = 360) -> str:
        """A drawn portrait of a woman of a seed; the tests use no photos of anybody."""
        avatar = DrawnAvatar(seed=seed, gender="female")
        self.render(AvatarCoverOrder(avatar=avatar, output=str(path), width=width, height=height))
        return str(path)


@contextmanager
def render_process(*python_options: str, environment: dict[str, str] | None = None) -> Iterator[RenderProcess]:
    """Start a worker; it ends with the block."""
    command = [sys.executable, *python_options, "-m", "a2e_mcp.sandbox.render_workers.program"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        greeting = decode_reply(process.stdout.readline())
        assert isinstance(greeting, Ready)
        try:
            yield RenderProcess(process)
        finally:
            process.kill()


def frames_of(path: str | Path) -> list[npt.NDArray[Any]]:
    """All frames of a clip, RGB."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def write_clip(path: Path, pictures: list[npt.NDArray[Any]], fps: int = 10) -> str:
    """A clip from elsewhere, BGR."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "16"}
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return str(path)


def write_tone(path: Path, spans: list[tuple[float, bool]], hertz: float = 220.0) -> str:
    """A WAV of (seconds, sounding) spans: a buzzing vowel-like tone, or silence."""
    pieces = []
    for seconds, sounding in spans:
        time = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
        buzz = sum(np.sin(2 * np.pi * hertz * number * time) / number for number in range(1, 9))
        pieces.append(buzz * 6000 if sounding else time * 0)
    samples = np.concatenate(pieces).astype(np.int16)
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=SOUND_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = SOUND_RATE
        frame.time_base = Fraction(1, SOUND_RATE)
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return str(path)


def read_json(path: str | Path) -> Any:
    """A JSON file's content."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
