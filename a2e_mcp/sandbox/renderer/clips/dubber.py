"""Dubbing: the speech of a clip or a sound spoken over in another voice, stretch by stretch."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.audio.dub_script import (
    Line,
    Stretch,
    lines_of_script,
    script_sentences,
    set_lines,
    stretches_of_speech,
)
from a2e_mcp.sandbox.renderer.audio.sound import Sound, read_sound, write_mp3
from a2e_mcp.sandbox.renderer.audio.spoken_text import utter
from a2e_mcp.sandbox.renderer.audio.stored_samples import StoredSamples
from a2e_mcp.sandbox.renderer.clips.inspection import inspect
from a2e_mcp.sandbox.renderer.clips.remake import remake, source_clip
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, counted

_ORIGINAL_SHARE = 0.08
_SLOWEST, _QUICKEST = 0.75, 1.9
_FADE = 0.04
_LOUDEST = 32_000
_NOTHING = np.zeros(0, np.float32)


def dub(order: ClipOrder, rendering: Rendering, *, source: str, voice: str, script: str | None) -> Outcome:
    """Speak over a clip or a sound."""
    found = inspect(source)
    if found.kind == "image":
        raise OrderRefused("unreadable", "The file is a picture; a video or a sound is needed.")
    original = read_sound(source) if found.has_audio else None
    speech = stretches_of_speech(original) if original else []
    if original is None or not speech:
        raise OrderRefused("no_sound", "The file contains no speech to dub.")
    sentences = script_sentences(script or "")
    if script is not None and not sentences:
        raise OrderRefused("nothing_spoken", "The script contains nothing to speak.")
    utter("1", voice, speed=1.0)  # refuses an unknown voice before any work
    lines, voice, how = _plan(voice, sentences, speech)
    dubbed, cut = _dubbed(original, lines, voice, rendering)
    notes = [
        f"eSpeak NG, voice {voice}, speaks over the original in {counted(len(lines), 'piece')}.",
        how,
        f"The original is kept below at {_ORIGINAL_SHARE:.0%}.",
        f"{counted(cut, 'piece')} did not fit and had to be cut short." if cut else "",
    ]
    if found.kind == "audio":
        write_mp3(dubbed, order.output, rendering)
        return Outcome(
            note=" ".join(filter(None, notes)),
            media_kind="audio",
            media_type="audio/mpeg",
            seconds=round(dubbed.seconds, 3),
            has_audio=True,
        )
    clip = source_clip(source, order.width, order.height, order.fps, found)
    remade = remake(clip, order.output, rendering, lambda frame: frame.picture, sound=dubbed)
    return remade.outcome(*notes, "The mouth is not changed.", clip.scale_note, original.damage_note)


def _plan(voice: str, sentences: Sequence[str], speech: Sequence[Stretch]) -> tuple[list[Line], str, str]:
    """The lines and their times, the voice, and the note about them."""
    if sentences:
        return lines_of_script(sentences, speech), voice, "The words are the given script."
    name, _, variant = voice.partition("+")
    language = name.partition("-")[0]
    lines, is_known = set_lines(language, speech)
    how = "The words say only that this is a sandbox dub; nothing was understood or translated."
    if is_known:
        return lines, voice, how
    english = f"en+{variant}" if variant else "en"
    return (
        lines,
        english,
        f"{how} They are in English, since the sandbox has none in {language!r}.",
    )


def _dubbed(original: Sound, lines: Sequence[Line], voice: str, rendering: Rendering) -> tuple[Sound, int]:
    """The original, quiet, with the lines over it, and how many of those had to be cut."""
    channels, length = original.samples.shape
    mixed = StoredSamples(channels)

    def mix(until: int, spoken: npt.NDArray[np.float32]) -> None:
        # Seconds at a time: a long sound would fill the memory.
        first = mixed.shape[1]
        for start in range(first, until, original.rate):
            end = min(until, start + original.rate)
            below = original.samples[:, start:end] * np.float32(_ORIGINAL_SHARE)
            over = spoken[start - first : end - first]
            below[:, : len(over)] += over
            mixed.append(np.clip(below, -_LOUDEST, _LOUDEST))

    ends = [line.at.start for line in lines[1:]] + [original.seconds]
    cut = 0
    for number, (line, latest) in enumerate(zip(lines, ends, strict=True)):
        spoken = _fitted(line, voice, original.rate)
        start = round(line.at.start * original.rate)
        room = min(length, round(latest * original.rate)) - start
        if len(spoken) > room:
            cut += 1
            spoken = _faded(spoken[:room], round(_FADE * original.rate))
        mix(start, _NOTHING)
        mix(start + len(spoken), spoken)
        rendering.report(0.2 * (number + 1) / len(lines))
    mix(length, _NOTHING)
    return Sound(mixed, original.rate), cut


def _fitted(line: Line, voice: str, rate: int) -> npt.NDArray[np.float32]:
    """A line spoken as quickly or slowly as its place asks for, at a rate of samples, -32768 to 32767."""
    _, natural = utter(line.text, voice, speed=1.0)
    speed = min(max(natural.seconds / line.at.seconds, _SLOWEST), _QUICKEST)
    _, fitted = utter(line.text, voice, speed=speed)
    samples = np.frombuffer(fitted.samples, "<i2").astype(np.float32)
    times = np.arange(round(len(samples) * rate / fitted.rate)) * (fitted.rate / rate)
    return np.asarray(np.interp(times, np.arange(len(samples)), samples), np.float32)


def _faded(samples: npt.NDArray[np.float32], length: int) -> npt.NDArray[np.float32]:
    length = min(length, len(samples))
    faded = samples.copy()
    faded[len(samples) - length :] *= np.linspace(1, 0, length, dtype=np.float32)
    return faded
