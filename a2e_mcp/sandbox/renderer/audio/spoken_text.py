"""Spoken text: an MP3 and a track of the mouth and the words."""

import re

import numpy as np

from a2e_mcp.media.line_breaks import NO_BLANK
from a2e_mcp.sandbox.protocol import Outcome
from a2e_mcp.sandbox.renderer.audio.espeak import Utterance, speak
from a2e_mcp.sandbox.renderer.audio.mouth import is_sound, shape_of_phoneme
from a2e_mcp.sandbox.renderer.audio.sound import Sound, write_mp3
from a2e_mcp.sandbox.renderer.audio.spoken_form import SpokenPart, read
from a2e_mcp.sandbox.renderer.audio.track import SPACELESS_FROM, Track, Word, write_track
from a2e_mcp.sandbox.renderer.rendering.open_media import MAX_SECONDS, too_long
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering

_VOICE = re.compile(r"[A-Za-z0-9_-]{1,40}(\+[A-Za-z0-9_ -]{1,40})?")
# Control signs would be taken as commands to the engine.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def speak_text(
    rendering: Rendering, *, text: str, voice: str, speed: float, pitch: int | None, output: str, track: str
) -> Outcome:
    """Speak a text into an MP3 at `output`, with its track beside it."""
    text, speaking = utter(text, voice, speed=speed, pitch=pitch)
    rendering.report(0.3)
    spoken = Track(round(speaking.seconds, 3), mouth_of(speaking), _words(text, speaking))
    rows = tuple((word.text, word.start, word.end) for word in spoken.words)
    write_mp3(Sound(np.frombuffer(speaking.samples, "<i2")[None], speaking.rate, rows), output, rendering)
    write_track(spoken, track, rendering)
    return Outcome(
        note=" ".join([f"Spoken by eSpeak NG, voice {voice}, a synthetic voice.", *speaking.notes]),
        media_kind="audio",
        media_type="audio/mpeg",
        seconds=spoken.seconds,
        has_audio=True,
        words=len(spoken.words),
    )


def utter(text: str, voice: str, *, speed: float, pitch: int | None = None) -> tuple[str, Utterance]:
    """The text as it is shown, and how it sounds, its words placed in the shown text. Raises OrderRefused."""
    text = _CONTROL.sub(" ", text)
    if not any(letter.isalnum() for letter in text):
        raise OrderRefused("nothing_spoken", "The text contains nothing to speak.")
    if not _VOICE.fullmatch(voice):
        raise OrderRefused("unsupported_language", f"The sandbox has no voice {voice[:60]!r}.")
    reading = read(text, voice)
    text = reading.shown
    speaking: Utterance | None = None
    for piece in reading.pieces:
        speaking = _joined(speaking, _uttered(piece, speed, pitch), piece)
        if speaking.cut or speaking.seconds > MAX_SECONDS:
            raise too_long()
    if speaking is None:
        raise OrderRefused("nothing_spoken", "The text contains nothing to speak.")
    speaking.notes = reading.notes
    if not speaking.samples or not any(is_sound(phoneme) for _, phoneme in speaking.phonemes):
        raise OrderRefused("nothing_spoken", "The voice cannot speak anything in the text.")
    return text, speaking


def _uttered(piece: SpokenPart, speed: float, pitch: int | None) -> Utterance:
    """A piece as it sounds; one without words is silent. Raises OrderRefused."""
    spoken = speak(
        piece.spoken, piece.voice, speed=speed, pitch=pitch, max_seconds=MAX_SECONDS, pause_at_end=piece.ends
    )
    if not spoken:
        raise OrderRefused("unsupported_language", f"The sandbox has no voice {piece.voice[:60]!r}.")
    if not any(letter.isalnum() for letter in piece.spoken):
        return Utterance(spoken.rate)
    places = piece.places
    words = [(time, places[at]) for time, at in spoken.words if 0 <= at < len(places)]
    # What is written in one is shown in one, however many words it is read as.
    spoken.words = [word for word, before in zip(words, [(0.0, -1), *words], strict=False) if word[1] != before[1]]
    return spoken


def _joined(before: Utterance | None, piece: Utterance, said: SpokenPart) -> Utterance:
    if before is None:
        before = Utterance(piece.rate)
    before.samples += bytes(2 * round(said.pause * before.rate))
    shift = before.seconds
    before.samples += piece.samples
    before.words += [(time + shift, place) for time, place in piece.words]
    before.phonemes += [(time + shift, phoneme) for time, phoneme in piece.phonemes]
    before.cut = piece.cut
    return before


def mouth_of(speaking: Utterance) -> tuple[tuple[float, float, float], ...]:
    """The mouth of an utterance, as (time, opening, width)."""
    shapes = ((time, shape_of_phoneme(phoneme)) for time, phoneme in speaking.phonemes)
    return tuple((round(time, 3), shape.opening, shape.width) for time, shape in shapes)


def _words(text: str, speaking: Utterance) -> tuple[Word, ...]:
    """Each word as it is written, with the signs before and after it."""
    starts = [(time, position) for time, position in speaking.words if 0 <= position < len(text)]
    starts = [(time, _with_signs_before(text, position)) for time, position in starts]
    # What is written in one is shown in one: "25%", "e-mail".
    starts = [(time, at) for time, at in starts if at == 0 or text[at - 1].isspace() or text[at] >= SPACELESS_FROM]
    silences = [time for time, phoneme in speaking.phonemes if not is_sound(phoneme)]
    ends = [*starts[1:], (speaking.seconds, len(text))]
    found: list[Word] = []
    for (start, position), (next_start, next_position) in zip(starts, ends, strict=True):
        written = text[position:next_position].strip()
        pause = next((time for time in silences if start < time < next_start), next_start)
        if written:
            is_apart = position == 0 or text[position - 1].isspace()
            found.append(Word(written if is_apart else NO_BLANK + written, round(start, 3), round(pause, 3)))
    return tuple(found)


def _with_signs_before(text: str, position: int) -> int:
    """Where a word begins with the opening signs, quotes or brackets before it: those that have a space before them."""
    first = position
    while first and not (text[first - 1].isalnum() or text[first - 1].isspace()):
        first -= 1
    return first if first == 0 or text[first - 1].isspace() else position
