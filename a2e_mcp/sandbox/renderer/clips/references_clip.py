"""Clips with references, as far as it goes without an AI model: the references are shown one after another."""

from collections.abc import Iterator, Sequence

import numpy as np

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.audio.ambience import ambience
from a2e_mcp.sandbox.renderer.audio.sound import Sound, read_sound
from a2e_mcp.sandbox.renderer.clips.inspection import inspect
from a2e_mcp.sandbox.renderer.clips.reader import read_frames
from a2e_mcp.sandbox.renderer.clips.writer import write_clip
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, cover
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size, sensible_fps

_MAX_SECONDS = 60.0
_NEARER = 0.1


def show_references(
    order: ClipOrder, rendering: Rendering, *, references: Sequence[str], prompt: str, seconds: float, sound: bool
) -> Outcome:
    """A clip of so many seconds in which each picture and clip has its share of the time."""
    if not 0.5 <= seconds <= _MAX_SECONDS:
        raise OrderRefused("invalid_order", f"The clip must be 0.5 to {_MAX_SECONDS:.0f} s long, not {seconds:g} s.")
    kinds = [(path, inspect(path).kind) for path in references]
    seen = [(path, kind) for path, kind in kinds if kind != "audio"]
    if not seen:
        raise OrderRefused("unreadable", "The sandbox shows references, and a sound alone shows nothing.")
    fps, size = sensible_fps(order.fps), even_size(order.width, order.height)
    frames = max(2, round(seconds * fps))
    heard = next((found for path, kind in kinds if kind == "audio" and (found := read_sound(path))), None)
    track = _sound(heard, prompt, seconds, wanted=sound)
    ends = [round(frames * (number + 1) / len(seen)) for number in range(len(seen))]
    with write_clip(order.output, size, fps, rendering, sound=track) as written:
        for (path, kind), end in zip(seen, ends, strict=True):
            shown = _still(path, size, end - written.frames) if kind == "image" else _moving(path, size, fps)
            while written.frames < end:
                written.add(next(shown))
                rendering.report(written.frames / frames)
    return written.outcome(
        "A stand-in: the references are shown one after another; no AI model put them together.",
        "The first given sound is heard." if heard else "The sound is synthetic." if track else "",
    )


def _sound(heard: Sound | None, prompt: str, seconds: float, *, wanted: bool) -> Sound | None:
    if heard is not None:
        return heard.first(seconds)
    return ambience(prompt, seconds, np.full(2, 0.5)).sound if wanted else None


def _still(path: str, size: tuple[int, int], frames: int) -> Iterator[Picture]:
    picture = read_for_remaking(path)
    for index in range(max(1, frames)):
        yield cover(picture, *size, zoom=1 + _NEARER * index / max(1, frames))


def _moving(path: str, size: tuple[int, int], fps: int) -> Iterator[Picture]:
    """The frames of a clip, over and over."""
    while True:
        has_frames = False
        for frame in read_frames(path, *size, fps=fps):
            has_frames = True
            yield cover(frame.picture, *size)
        if not has_frames:
            raise OrderRefused("unreadable", "No frame of the video can be decoded.")
