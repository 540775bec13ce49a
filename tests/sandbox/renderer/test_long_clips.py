import sys
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

from a2e_mcp.sandbox.orders.dubbing import DubbingOrder
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import TextMark
from a2e_mcp.sandbox.renderer.clips.pipeline import Sink, read_ahead
from tests.support.render_worker import RenderProcess, render_process, write_clip, write_tone


def peak_mib(worker: RenderProcess) -> float:
    """The most memory that a worker has had."""
    lines = Path(f"/proc/{worker.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the most memory that a process has had")
def test_a_longer_clip_needs_no_more_memory(tmp_path: Path) -> None:
    picture = np.full((360, 640, 3), 90, np.uint8)
    # Both longer than what the encoder looks ahead, some forty frames.
    short = write_clip(tmp_path / "short.mp4", [picture] * 100, fps=25)
    long = write_clip(tmp_path / "long.mp4", [picture] * 300, fps=25)

    with render_process() as worker:
        peaks = []
        for source in (short, long):
            worker.render(WatermarkOrder(source=source, mark=TextMark(text="Hi"), output=str(tmp_path / "o.mp4")))
            peaks.append(peak_mib(worker))

    # A frame has a third of a MiB: kept, those of eight more seconds would be 66.
    assert peaks[1] < peaks[0] + 25


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the most memory that a process has had")
def test_a_longer_sound_needs_no_more_memory(tmp_path: Path) -> None:
    short = write_tone(tmp_path / "short.wav", [(2, True), (1, False)] * 3)
    long = write_tone(tmp_path / "long.wav", [(2, True), (1, False)] * 40)

    with render_process() as worker:
        peaks = []
        for source in (short, long):
            worker.render(DubbingOrder(source=source, voice="es", script="Hola.", output=str(tmp_path / "o.mp3")))
            peaks.append(peak_mib(worker))

    # Kept as numbers to calculate with, two minutes would be 40.
    assert peaks[1] < peaks[0] + 12


def test_what_fails_while_frames_are_read_ahead_is_raised_after_the_frames_before() -> None:
    def frames() -> Generator[int, None, None]:
        yield 1
        yield 2
        raise OSError("the disk is gone")

    ahead = iter(read_ahead(frames()))

    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_reading_ahead_ends_when_no_more_frames_are_wanted() -> None:
    ended = []

    def frames() -> Generator[int, None, None]:
        try:
            yield from range(1, 1000)
        finally:
            ended.append(True)

    assert next(iter(read_ahead(frames()))) == 1
    assert ended == [True]


def test_what_fails_while_frames_are_written_is_raised_to_the_task_that_draws_them() -> None:
    def write(frame: int) -> None:
        if frame == 2:
            raise OSError("no space left")
        written.append(frame)

    written: list[int] = []
    sink = Sink(write)
    sink.add(1)
    sink.add(2)

    with pytest.raises(OSError, match="no space left"):
        sink.finish()

    assert written == [1]
    sink.close()
