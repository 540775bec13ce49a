"""What is said of a finished film: which clips were cropped, shortened, silent or damaged, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from a2e_mcp.film.cuts import time_shown
from a2e_mcp.film.engine.canvas import Placing
from a2e_mcp.film.engine.source import Source
from a2e_mcp.film.engine.timeline import Segment, Timeline
from a2e_mcp.film.orders import FilmClip
from a2e_mcp.media.damage import Damage

LEAST_CUT_OFF = 0.02
"""Of a clip, or of the frame: a smaller share is not worth a sentence."""
_SLACK = 0.1
_NOTICED = 0.15
"""Seconds of a sound that are not there and are worth a sentence."""
_MOST_NAMED = 5


class FilmNotes:
    """What is to be said of a film, each once."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    def add(self, *sentences: str) -> None:
        """Add sentences; what is empty or was said is not."""
        for sentence in sentences:
            if sentence:
                self._sentences[sentence] = None

    @property
    def text(self) -> str:
        """All of it, as whole sentences."""
        return " ".join(self._sentences)


def framing_notes(timeline: Timeline, *, fills: bool) -> Iterator[str]:
    """Which clips have another shape than the film, and what was made of that."""
    barred: list[str] = []
    cut: dict[str, None] = {}
    for source in (segment.source for segment in timeline.segments):
        placing = Placing.of(source.size, timeline.size, fills=fills)
        if placing.cut_off > LEAST_CUT_OFF:
            cut[f"{placing.cut_off:.0%} of {source.name}"] = None
        if placing.bars > LEAST_CUT_OFF:
            barred.append(source.name)
    if cut:
        yield f"{_listed(cut)} {'lies' if len(cut) == 1 else 'lie'} outside the frame."
    one, many = "has another shape than the film, so it has", "have another shape than the film, so they have"
    yield _said(barred, f"{one} black bars; fit=fill crops it.", f"{many} black bars; fit=fill crops them.")


def length_note(clip: FilmClip, segment: Segment, timeline: Timeline) -> str:
    """That a clip is shorter than it was to be shown."""
    seconds = float(segment.frames / timeline.fps)
    if segment.source.kind != "video" or clip.seconds is None or clip.seconds <= seconds + _SLACK:
        return ""
    shown, wanted = time_shown(seconds), time_shown(clip.seconds)
    return f"{clip.name} is shown for {shown} and not for {wanted}, since it ends there."


def stillness_note(timeline: Timeline) -> str:
    """Which pictures move and stand still in the film."""
    animated = [segment.source.name for segment in timeline.segments if segment.source.is_animated]
    why = "of moving pictures the first is shown."
    return _said(animated, f"stands still: {why}", f"stand still: {why}")


def silence_note(timeline: Timeline) -> str:
    """Which clips have no sound."""
    silent = [each.source for each in timeline.segments if each.source.kind == "video" and not each.source.has_sound]
    return _said([source.name for source in silent], "has no sound.", "have no sound.")


def damage_notes(timeline: Timeline, pictures: Sequence[Damage], sounds: Sequence[Damage]) -> Iterator[str]:
    """What of each clip could not be read."""
    for segment, picture, sound in zip(timeline.segments, pictures, sounds, strict=True):
        found = [
            f"{_pieces(picture)} of its picture could not be read" if picture.pieces else "",
            f"{time_shown(picture.missing)} of its picture is missing" if picture.missing else "",
            f"{_pieces(sound)} of its sound could not be read" if sound.pieces else "",
            f"{time_shown(sound.silent)} of its sound is missing" if sound.silent > _NOTICED else "",
        ]
        if any(found):
            yield f"{segment.source.name} is damaged: {', '.join(filter(None, found))}."


def music_note(music: Source, timeline: Timeline) -> str:
    """What became of a music that is not as long as the film."""
    if music.seconds < timeline.seconds - 1:
        return f"{music.name} is repeated, since it is shorter than the film."
    if music.seconds > timeline.seconds + 1:
        return f"{music.name} is faded out at the film's end."
    return ""


def _said(names: Iterable[str], of_one: str, of_many: str) -> str:
    """A sentence about some files; empty for none."""
    once = list(dict.fromkeys(names))
    return f"{_listed(once)} {of_one if len(once) == 1 else of_many}" if once else ""


def _listed(names: Iterable[str]) -> str:
    """`a, b and c`, and of very many the first and how many more."""
    every = list(names)
    shown = every if len(every) <= _MOST_NAMED + 1 else [*every[:_MOST_NAMED], f"{len(every) - _MOST_NAMED} more"]
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)


def _pieces(damage: Damage) -> str:
    return "1 piece" if damage.pieces == 1 else f"{damage.pieces} pieces"
