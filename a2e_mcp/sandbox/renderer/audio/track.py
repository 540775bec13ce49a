"""What is known of a spoken text beyond its sound: mouth events and words. Kept as JSON beside the MP3."""

import json
from dataclasses import asdict, dataclass

from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering

# Scripts that are written without spaces between words.
SPACELESS_FROM = "\u2e80"


@dataclass(frozen=True)
class Word:
    """A word as written, with the signs after it, and when it is spoken, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Track:
    """Mouth events as (time, opening, width), words, and the length of the sound, in seconds."""

    seconds: float
    mouth: tuple[tuple[float, float, float], ...]
    words: tuple[Word, ...]


def write_track(track: Track, path: str, rendering: Rendering) -> None:
    """Write the track as JSON."""
    with rendering.writing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump({**rendering.tags, **asdict(track)}, file, ensure_ascii=False)


def read_track(path: str) -> Track:
    """A track from its file. Raises OrderRefused."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        mouth = tuple((float(time), float(opening), float(width)) for time, opening, width in content["mouth"])
        words = tuple(Word(str(word["text"]), float(word["start"]), float(word["end"])) for word in content["words"])
        return Track(float(content["seconds"]), mouth, words)
    except (OSError, ValueError, KeyError, TypeError):
        raise OrderRefused("unreadable", "The speech track is missing or damaged.") from None
