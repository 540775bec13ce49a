"""Clips made for tests: a square that moves, and what a finished clip shows and lets hear."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from tests.support.media import fetched

Frames = npt.NDArray[np.int16]


def moving_clip(
    folder: Path, name: str = "moving.mp4", *, seconds: float = 3, size: tuple[int, int] = (320, 180)
) -> Path:
    """A silent clip in which textured things on a dark ground move to the right by a third of the width."""
    path, rate = folder / name, 8
    width, height = size
    texture = np.random.default_rng(1).integers(60, 255, (height // 3, width // 4, 3), np.uint8)
    texture = texture.repeat(2, 0).repeat(2, 1)[: height // 3, : width // 4]
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        count = round(seconds * rate)
        for number in range(count):
            picture = np.full((height, width, 3), 24, np.uint8)
            left = width // 6 + round(width / 3 * number / max(1, count - 1))
            picture[height // 3 : height // 3 + texture.shape[0], left : left + texture.shape[1]] = texture
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


async def frames_at(url: str) -> Frames:
    """The frames of a clip behind an address, as frames x height x width x 3."""
    with av.open(io.BytesIO((await fetched(url)).content), "r") as clip:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]).astype(np.int16)


async def sound_at(url: str) -> npt.NDArray[np.float32] | None:
    """The sound of a clip behind an address, in one channel; None when it has none."""
    with av.open(io.BytesIO((await fetched(url)).content), "r") as clip:
        if not clip.streams.audio:
            return None
        pieces = [frame.to_ndarray() for frame in clip.decode(audio=0)]
    return np.asarray(np.concatenate(pieces, axis=1).mean(0), np.float32)
