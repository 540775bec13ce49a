"""What is said in a film and when: from the clips' scripts, a text, or the cues of an SRT file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from a2e_mcp.film.cuts import time_shown
from a2e_mcp.film.engine.captions import CaptionGroup, from_cues, grouped, shown_words, undrawn_note
from a2e_mcp.film.engine.mix import FilmSound
from a2e_mcp.film.engine.refusal import FilmRefused
from a2e_mcp.film.engine.sound import RATE, samples_of
from a2e_mcp.film.engine.timeline import Segment, Timeline
from a2e_mcp.film.engine.word_times import SpokenWord, estimated, written_down
from a2e_mcp.film.orders import Cue, FilmCaptions
from a2e_mcp.media.text_pictures import joined
from a2e_mcp.media.word_tags import ESTIMATED_TAG, words_to_tag

_ESTIMATED = "The captions' times are estimated from the pauses of the speech."


@dataclass(frozen=True)
class Transcript:
    """Words in the film's time; whether some times are estimated; and the clips whose words are not known."""

    words: Sequence[SpokenWord]
    is_estimated: bool = False
    unknown: Sequence[str] = ()

    @property
    def script(self) -> str | None:
        """What is said, as a text; None where that is not known of all clips."""
        return None if self.unknown else joined([word.text for word in self.words])

    @property
    def tags(self) -> dict[str, str]:
        """The metadata by which a film that is made of this one knows its words."""
        if self.unknown or not self.words:
            return {}
        marks = {ESTIMATED_TAG: "1"} if self.is_estimated else {}
        return marks | words_to_tag((word.text, word.start, word.end) for word in self.words)


def captions_of(
    captions: FilmCaptions, timeline: Timeline, sound: FilmSound, scripts: Transcript
) -> tuple[list[CaptionGroup], str]:
    """The captions of a film, and how their times were found, as sentences. Raises FilmRefused when there are none."""
    if captions.cues:
        return _of_cues(captions.cues, timeline)
    said = _of_text(captions.text, timeline, sound) if captions.text else scripts
    words = shown_words(said.words)
    if said.words and not words:
        raise FilmRefused("The captions have no letters that can be drawn: give the words that are spoken.")
    if not words and said.unknown:
        names = ", ".join(dict.fromkeys(said.unknown))
        raise FilmRefused(f"What is said in {names} is not known: give the spoken text, or an SRT file, as captions.")
    if not words:
        raise FilmRefused("No speech was found in the film, so captions have no times; give an SRT file instead.")
    unknown = f"No captions for {', '.join(dict.fromkeys(said.unknown))}: what is said there is not known."
    notes = [_ESTIMATED] if said.is_estimated else []
    notes += [undrawn] if (undrawn := undrawn_note("the captions are", (word.text for word in said.words))) else []
    return grouped(words, timeline.size), " ".join([*notes, *([unknown] if said.unknown else [])])


def _of_cues(cues: Sequence[Cue], timeline: Timeline) -> tuple[list[CaptionGroup], str]:
    """The captions of an SRT file that the film is long enough for, and which of them are left out."""
    shown = [cue for cue in cues if cue.start < timeline.seconds]
    late = len(cues) - len(shown)
    if not shown:
        raise FilmRefused(f"All captions begin after the film's end: it is {time_shown(timeline.seconds)} long.")
    left_out = f"{late} of {len(cues)} captions are left out: they begin after the film's end." if late else ""
    undrawn = undrawn_note("the captions are", (cue.text for cue in shown))
    return from_cues(shown, timeline.size), " ".join(note for note in (left_out, undrawn) if note)


def write_subtitles(groups: Sequence[CaptionGroup], path: str) -> None:
    """Write captions as an SRT file."""
    rows = [
        f"{number}\n{_srt_clock(group.start)} --> {_srt_clock(group.end)}\n{group.text}\n"
        for number, group in enumerate(groups, 1)
    ]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(rows))


def _srt_clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02},{rest % 1000:03}"


def _of_text(text: str, timeline: Timeline, sound: FilmSound) -> Transcript:
    """A text that is said over the whole film."""
    known = [word for segment in timeline.segments for word in _written_down(segment, timeline)]
    if known and _letters(text) == _letters("".join(word.text for word in known)):
        return Transcript(known)
    return Transcript(estimated(text, sound.spoken()), is_estimated=True)


def transcript_of(timeline: Timeline) -> Transcript:
    """What is said in each clip, where that is known."""
    words: list[SpokenWord] = []
    unknown: list[str] = []
    is_estimated = False
    for segment in timeline.segments:
        tags = segment.source.tags
        found = _written_down(segment, timeline)
        is_estimated = is_estimated or bool(found and ESTIMATED_TAG in tags)
        # A part in which nothing is said is known where the whole clip's words are.
        is_known = bool(written_down(tags)) or segment.script is not None
        if not found and segment.script and segment.source.has_sound:
            found = _in_film(_estimated_in(segment), segment, timeline)
            is_estimated = is_estimated or bool(found)
        if not is_known and segment.source.has_sound:
            unknown.append(segment.source.name)
        words += found
    return Transcript(words, is_estimated, unknown)


def _written_down(segment: Segment, timeline: Timeline) -> list[SpokenWord]:
    return _in_film(written_down(segment.source.tags), segment, timeline)


def _estimated_in(segment: Segment) -> list[SpokenWord]:
    """A script's words in the whole clip, of which the film may show a part."""
    whole = round(segment.source.seconds * RATE)
    return estimated(segment.script or "", samples_of(segment.source, 0.0, whole))


def _in_film(words: Sequence[SpokenWord], segment: Segment, timeline: Timeline) -> list[SpokenWord]:
    """The words that are spoken in a segment, in the film's time; a word counts where its middle is."""
    begin = float(segment.first / timeline.fps)
    seconds = float(segment.frames / timeline.fps)
    found = []
    for word in words:
        start, end = word.start - segment.start, word.end - segment.start
        if 0 <= (start + end) / 2 < seconds:
            found.append(SpokenWord(word.text, begin + max(0.0, start), begin + min(seconds, end)))
    return found


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
