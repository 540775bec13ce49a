"""Clips made anew frame by frame: the same length, size and sound, other pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from a2e_mcp.media.damage import Damage
from a2e_mcp.sandbox.renderer.audio.sound import Sound, read_sound
from a2e_mcp.sandbox.renderer.clips.inspection import Inspection, inspect
from a2e_mcp.sandbox.renderer.clips.pipeline import frames_under_way, read_ahead
from a2e_mcp.sandbox.renderer.clips.reader import Frame, PlanarFrame, read_frames, read_planes, video_stream
from a2e_mcp.sandbox.renderer.clips.writer import ClipWriter, write_clip
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, resize
from a2e_mcp.sandbox.renderer.pictures.planes import Planes
from a2e_mcp.sandbox.renderer.rendering.open_media import open_media
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, counted, even_size, scaled, sensible_fps

Prepared = TypeVar("Prepared")

OWN_TAG = "a2e_sandbox"
# A clip of 30 frames a second keeps them all where 25 are usual.
_A_LITTLE_FASTER = 1.25


@dataclass(frozen=True)
class SourceClip:
    """A clip to make anew: how large and at which even rate it will be read."""

    path: str
    size: tuple[int, int]
    own_size: tuple[int, int]
    fps: int
    seconds: float
    sound: Sound | None
    is_ours: bool

    own_fps: float = 0.0
    damage: Damage = field(default_factory=Damage)

    @property
    def sound_note(self) -> str:
        """The sentence about a sound that is kept."""
        return f"The original sound is kept. {self.sound.damage_note}".strip() if self.sound else ""

    @property
    def scale_note(self) -> str:
        """What is said of a smaller size or frame rate, and of damage in the pictures, once they were read."""
        slower = (
            f"Of its {self.own_fps:.3g} frames a second {self.fps} are kept." if self.own_fps > self.fps + 1 else ""
        )
        pieces = counted(self.damage.pieces, "damaged piece")
        damaged = f"{pieces} of the picture could not be read." if self.damage.pieces else ""
        seconds = self.damage.missing
        missing = f"{seconds:.1f} s of the picture is missing in the file." if seconds else ""
        return " ".join(filter(None, (scaled(self.own_size, self.size), slower, damaged, missing)))


def source_clip(path: str, width: int, height: int, fps: int, found: Inspection | None = None) -> SourceClip:
    """The clip at `path`, to be read into a box and at about `fps` at most. Raises OrderRefused when it is no video."""
    box = even_size(width, height)
    fastest = sensible_fps(fps)
    found = found or inspect(path)
    if found.kind != "video":
        raise OrderRefused("unreadable", f"The file is {_KINDS[found.kind]}; a video is needed.")
    with open_media(path) as media:
        stream = video_stream(media)
        rate = float(stream.average_rate or fastest) if stream else fastest
    own_size = (found.width or box[0], found.height or box[1])
    scale = min(1.0, box[0] / own_size[0], box[1] / own_size[1])
    even_rate = _even_rate(rate, fastest)
    return SourceClip(
        path=path,
        size=even_size(*(max(16, round(side * scale)) for side in own_size)),
        own_size=own_size,
        fps=even_rate,
        seconds=max(found.seconds or 0.0, 1 / even_rate),
        sound=read_sound(path) if found.has_audio else None,
        is_ours=is_ours(path),
        own_fps=rate,
    )


def _even_rate(rate: float, fastest: int) -> int:
    """How many frames of a clip a second are kept: all, or each second, third and so on, or movement would stutter."""
    each = 1
    while rate / each > fastest * _A_LITTLE_FASTER:
        each += 1
    return max(1, round(rate / each))


def is_ours(path: str) -> bool:
    """Whether the sandbox made a clip. Raises OrderRefused."""
    with open_media(path) as media:
        return OWN_TAG in media.metadata


def remake(
    clip: SourceClip,
    output: str,
    rendering: Rendering,
    draw: Callable[[Frame], Picture],
    *,
    sound: Sound | None,
    accept: Callable[[], None] = lambda: None,
) -> ClipWriter:
    """Write the clip with every frame as `draw` returns it; returns the finished clip.

    `draw` may draw on the frame it is given. When all are drawn, `accept` may still refuse; then no file appears.
    """
    drawn = ((frame.time, draw(frame)) for frame in _frames(clip))
    return _written(clip, output, rendering, drawn, sound=sound, accept=accept)


def remake_prepared(
    clip: SourceClip,
    output: str,
    rendering: Rendering,
    prepare: Callable[[Frame], Prepared],
    draw: Callable[[Prepared], Frame],
    *,
    sound: Sound | None,
    accept: Callable[[], None] = lambda: None,
) -> ClipWriter:
    """The same in two steps: `prepare` works in another thread, on the frames after that drawn."""
    prepared = read_ahead((prepare(frame) for frame in _frames(clip)), frames_under_way(*clip.size))
    drawn = ((frame.time, frame.picture) for frame in map(draw, prepared))
    return _written(clip, output, rendering, drawn, sound=sound, accept=accept)


def remake_planes(
    clip: SourceClip,
    output: str,
    rendering: Rendering,
    prepare: Callable[[PlanarFrame], Prepared],
    draw: Callable[[Prepared], PlanarFrame],
    *,
    sound: Sound | None,
) -> ClipWriter:
    """The same in planes."""
    frames = read_planes(clip.path, clip.size, fps=clip.fps, damage=clip.damage)
    prepared = read_ahead((prepare(frame) for frame in frames), frames_under_way(*clip.size))
    drawn = ((frame.time, frame.planes) for frame in map(draw, prepared))
    return _written(clip, output, rendering, drawn, sound=sound)


def _written(
    clip: SourceClip,
    output: str,
    rendering: Rendering,
    drawn: Iterator[tuple[float, Picture | Planes]],
    *,
    sound: Sound | None,
    accept: Callable[[], None] = lambda: None,
) -> ClipWriter:
    """Write what is drawn; returns the finished clip."""
    with write_clip(output, clip.size, clip.fps, rendering, sound=sound) as written:
        _write(clip, written, drawn, rendering)
        accept()
    return written


def _write(
    clip: SourceClip, written: ClipWriter, drawn: Iterator[tuple[float, Picture | Planes]], rendering: Rendering
) -> None:
    """Write pictures, each at its time."""
    last: Picture | Planes | None = None
    for time, picture in drawn:
        due = round(time * clip.fps)
        # Slow and uneven clips keep their tempo: a frame stands until the next one is due.
        while last is not None and written.frames < due:
            written.add(last)
        last = picture
        # Pictures that begin later than the sound have their first one from the beginning.
        while written.frames < due:
            written.add(last)
        written.add(last)
        rendering.report(min(1.0, written.seconds / clip.seconds))
    if last is None:
        raise OrderRefused("unreadable", "No frame of the video can be decoded.")
    while written.frames < round(clip.seconds * clip.fps):
        written.add(last)


def _frames(clip: SourceClip) -> Iterator[Frame]:
    for read in read_frames(clip.path, *clip.size, fps=clip.fps, damage=clip.damage):
        fits = read.picture.shape[1::-1] == clip.size
        yield read if fits else Frame(read.time, resize(read.picture, *clip.size))


_KINDS = {"image": "a picture", "audio": "a sound", "video": "a video"}
