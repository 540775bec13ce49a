"""The film's timeline: which part of which file stands where, in frames and in samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from a2e_mcp.film.cuts import time_shown
from a2e_mcp.film.engine.pauses import QuietEnds, quiet_ends
from a2e_mcp.film.engine.refusal import FilmRefused
from a2e_mcp.film.engine.sound import RATE
from a2e_mcp.film.engine.source import STANDARD_RATES, Source
from a2e_mcp.film.orders import FilmClip, Shape

_FADE = 0.5
_SHORTEST = 0.1
_LONGEST = 2 * 3600.0
_PICTURE = 3.0
_RATIOS: dict[str, Fraction] = {
    "16:9": Fraction(16, 9),
    "9:16": Fraction(9, 16),
    "1:1": Fraction(1),
    "4:5": Fraction(4, 5),
}
_SHORT_SIDES = (128, 1080)
_SLACK = 0.05
"""Seconds by which a cut may lie past the end of a clip: people round."""


@dataclass(frozen=True)
class Segment:
    """A part of a file in the film: from `start` of the file, `frames` long, at `first` of the film's frames.

    `fade` is how many of its first frames are faded in over the last ones of the segment before; where it
    `is_shortened`, more of them would have covered a word. `quiet` is how long nothing is spoken at both ends.
    """

    source: Source
    start: float
    first: int
    frames: int
    fade: int = 0
    script: str | None = None
    quiet: QuietEnds = QuietEnds()
    is_shortened: bool = False

    @property
    def end(self) -> int:
        """The film's frame after its last."""
        return self.first + self.frames


@dataclass(frozen=True)
class Timeline:
    """All segments in order, and the film's frame size and rate."""

    segments: tuple[Segment, ...]
    size: tuple[int, int]
    fps: Fraction

    @property
    def frames(self) -> int:
        """How many frames the film has."""
        return self.segments[-1].end

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float(self.frames / self.fps)

    def sample_at(self, frame: int) -> int:
        """The sample with which a frame begins."""
        return round(frame / self.fps * RATE)


def laid_out(
    clips: Sequence[FilmClip], sources: Sequence[Source], *, shape: Shape | None, crossfades: bool
) -> Timeline:
    """Put the clips one after the other. Raises FilmRefused for a part that a clip does not have."""
    pictured = [each for each in sources if each.kind != "audio"]
    fps = max((each.fps for each in sources if each.kind == "video"), default=Fraction(30))
    fps = min(max(fps, STANDARD_RATES[0]), STANDARD_RATES[-1])
    segments: list[Segment] = []
    for clip, source in zip(clips, sources, strict=True):
        start, seconds = span_of(clip, source)
        frames = max(1, round(seconds * fps))
        before = segments[-1] if segments else None
        quiet = quiet_ends(source, start, seconds) if crossfades else QuietEnds()
        wanted = min(round(_FADE * fps), frames // 2, before.frames // 2) if before and crossfades else 0
        # One clip's last word has ended when the other's first begins.
        spoken_from = before.quiet.end + quiet.begin if before else 0.0
        fade = wanted if spoken_from > _FADE else min(wanted, int(spoken_from * fps))
        first = before.end - fade if before else 0
        segments.append(Segment(source, start, first, frames, fade, clip.script, quiet, fade < wanted))
    made = Timeline(tuple(segments), frame_size(pictured[0].size, shape), fps)
    if made.seconds > _LONGEST:
        raise FilmRefused(f"The film would be longer than {_LONGEST / 3600:g} hours.")
    return made


def span_of(clip: FilmClip, source: Source) -> tuple[float, float]:
    """Where a clip's part begins, and how long it is. Raises FilmRefused."""
    if source.kind == "audio":
        raise FilmRefused(f"{clip.name} is a sound without a picture: give it as music, or give a video or a picture.")
    if source.kind == "image":
        return 0.0, clip.seconds or _PICTURE
    whole = source.seconds
    # Below zero both count from the end.
    start, end = (at + whole if at < 0 else at for at in (clip.start, whole if clip.end is None else clip.end))
    if start < 0 or end <= 0:
        raise FilmRefused(f"{clip.name} is only {time_shown(whole)} long.")
    if start >= whole or end > whole + _SLACK:
        past = start if start >= whole else end
        raise FilmRefused(f"{clip.name} is {time_shown(whole)} long, so it has nothing at {time_shown(past)}.")
    end = min(end, whole)
    if clip.seconds is not None:
        end = min(end, start + clip.seconds)
    if end - start < _SHORTEST:
        raise FilmRefused(f"The part of {clip.name} is shorter than {_SHORTEST} s.")
    return start, end - start


def frame_size(first: tuple[int, int], shape: Shape | None) -> tuple[int, int]:
    """The film's even frame size: the first clip's, or of a shape whose short side is as long as that clip's."""
    ratio = _RATIOS[shape] if shape else Fraction(*first)
    short = min(max(min(first), _SHORT_SIDES[0]), _SHORT_SIDES[1])
    wide, tall = (round(short * ratio), short) if ratio >= 1 else (short, round(short / ratio))
    longest = max(wide, tall)
    scale = min(1.0, 4096 / longest)
    return round(wide * scale / 2) * 2, round(tall * scale / 2) * 2
