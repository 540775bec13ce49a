"""When each word of a script is spoken: as the sandbox wrote it down, else estimated from the pauses of the sound."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from a2e_mcp.film.engine.sound import RATE, Samples
from a2e_mcp.media.line_breaks import NO_BLANK, is_spaceless, words_in
from a2e_mcp.media.text_pictures import has_space
from a2e_mcp.media.word_tags import words_from_tag

_Numbers: TypeAlias = npt.NDArray[np.float64]

_STEP = RATE // 100
_SHORTEST_PAUSE, _SHORTEST_SOUND = 0.10, 0.05
_WINDOW = 2.0
_NO_PAUSE_COST = 0.25
"""What a stop without a pause in the sound counts, in seconds squared a second."""
_STOPS = re.compile(r"[.!?…。！？،؛؟,;:、，；：।–—]+[\"'”’»)\]」』）]*$")
_VOWELS = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿœαεηιουωάέήίόύώаеёиоуыэюяіїєąęőű]+")
_NOT_SPOKEN = re.compile(r"<[^<>]*>")
_SMALL = "ゃゅょャュョぁぃぅぇぉァィゥェォーっッ々"


@dataclass(frozen=True)
class SpokenWord:
    """A word and when it is spoken, in seconds."""

    text: str
    start: float
    end: float


def words_of(text: str) -> list[str]:
    """The words of a text as captions show them; scripts without blanks are cut between their phrases."""
    # A mark alone stays with the word before it.
    joined: list[str] = []
    for word in words_in(_NOT_SPOKEN.sub(" ", text)):
        if joined and not any(sign.isalnum() for sign in word):
            bare = word.removeprefix(NO_BLANK)
            joined[-1] += bare if bare != word or is_spaceless(joined[-1][-1]) else f" {word}"
        else:
            joined.append(word)
    return joined


def written_down(tags: dict[str, str]) -> list[SpokenWord]:
    """The times that a file's metadata tell; none when it tells none. Lines may end between these words."""
    text, spans = "", list[tuple[int, int, float, float]]()
    for row, start, end in words_from_tag(tags):
        bare = " ".join(row.removeprefix(NO_BLANK).split())
        text += " " if text and has_space(text, row) else ""
        spans.append((len(text), len(text) + len(bare), start, end))
        text += bare
    found: list[SpokenWord] = []
    at = 0
    for word in words_of(text):
        bare = word.removeprefix(NO_BLANK)
        # What others have written into a file may be put together in other ways.
        at = max(at, text.find(bare, at))
        found.append(SpokenWord(word, _moment(spans, at, begins=True), _moment(spans, at + len(bare), begins=False)))
        at += len(bare)
    return found


def _moment(spans: Sequence[tuple[int, int, float, float]], place: int, *, begins: bool) -> float:
    """When a place of the text is spoken, as the beginning or the end of a word."""
    reached = [span for span in spans if (span[0] <= place if begins else span[0] < place)]
    first, after, start, end = reached[-1]
    return start + (end - start) * min(1.0, (place - first) / max(1, after - first))


def estimated(text: str, sound: Iterable[Samples]) -> list[SpokenWord]:
    """The times of a text's words in its sound, by the weight of their syllables between the sound's pauses."""
    words = words_of(text)
    is_spoken = _activity(sound)
    if not words or not is_spoken.any():
        return []
    # From how much has been spoken to the time: pauses take none of it.
    spoken = np.concatenate([[0.0], np.cumsum(is_spoken)]) / 100
    weights = np.array([_weight(word) for word in words])
    moments = _boundaries(words, weights, spoken, is_spoken)
    clock = np.arange(len(spoken)) / 100
    found = []
    for word, (begin, end) in zip(words, pairwise(moments), strict=True):
        # A word begins where the sound begins after a pause, and ends where it stops before one.
        first = float(clock[np.searchsorted(spoken, begin + 1e-6, "left") - 1])
        last = float(clock[np.searchsorted(spoken, end - 1e-6, "left")])
        found.append(SpokenWord(word, max(0.0, first), max(first + 0.02, last)))
    return found


def _boundaries(
    words: Sequence[str],
    weights: npt.NDArray[np.float64],
    spoken: npt.NDArray[np.float64],
    is_spoken: npt.NDArray[np.bool_],
) -> list[float]:
    """Where each word begins, in seconds of speech: the stops of the text are laid on the pauses of the sound."""
    total = float(spoken[-1])
    ends = np.cumsum(weights) / weights.sum() * total
    stops = [number for number, word in enumerate(words[:-1]) if _STOPS.search(word)]
    pauses = _pauses(spoken, is_spoken)
    anchors = _matched([float(ends[number]) for number in stops], pauses, total)
    known = [(0.0, 0.0), *zip((float(ends[n]) for n in stops), anchors, strict=True), (total, total)]
    expected, real = zip(*known, strict=True)
    return [0.0, *(float(np.interp(end, expected, real)) for end in ends)]


def _matched(expected: Sequence[float], pauses: Sequence[float], total: float) -> list[float]:
    """For each stop the pause that makes the parts between them most as long as they should be."""
    rows: list[list[tuple[float, float, int]]] = [[(0.0, 0.0, -1)]]
    for at, wanted in enumerate(expected):
        before = expected[at - 1] if at else 0.0
        near = [(pause, 0.0) for pause in pauses if abs(pause - wanted) <= max(_WINDOW, 0.1 * total)]
        row = []
        for place, extra in [*near, (wanted, _NO_PAUSE_COST)]:
            choices = [
                (cost + _misfit(place - was, wanted - before) + extra, number)
                for number, (was, cost, _) in enumerate(rows[-1])
                if was < place or not at
            ]
            if choices:
                cost, number = min(choices)
                row.append((place, cost, number))
        if not row:
            return list(expected)
        rows.append(row)
    last = expected[-1] if expected else 0.0
    number = min(
        range(len(rows[-1])),
        key=lambda each: rows[-1][each][1] + _misfit(total - rows[-1][each][0], total - last),
    )
    found: list[float] = []
    for row in reversed(rows[1:]):
        place, _, before_number = row[number]
        found.insert(0, place)
        number = before_number
    return found


def _misfit(real: float, expected: float) -> float:
    return (real - expected) ** 2 / max(expected, 0.2)


def _pauses(spoken: _Numbers, is_spoken: npt.NDArray[np.bool_]) -> list[float]:
    """Where the pauses lie, in seconds of speech."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], is_spoken, [True]]).astype(np.int8)))
    return [float(spoken[begin]) for begin in edges[::2] if 0 < spoken[begin] < spoken[-1]]


def _activity(sound: Iterable[Samples]) -> npt.NDArray[np.bool_]:
    """Which hundredths of a second hold speech."""
    levels = []
    for block in sound:
        mono = np.pad(block.mean(0), (0, -block.shape[1] % _STEP))
        levels.append(np.sqrt((mono.reshape(-1, _STEP) ** 2).mean(1)))
    decibels = 20 * np.log10(np.concatenate(levels) + 1e-6) if levels else np.zeros(0)
    if not len(decibels) or decibels.max() < -60:
        return np.zeros(len(decibels), bool)
    floor, loud = np.percentile(decibels, 5), np.percentile(decibels, 95)
    active = decibels > max(floor + 0.35 * (loud - floor), loud - 32)
    active = _without_short(active, round(_SHORTEST_PAUSE * 100), of=False)
    return _without_short(active, round(_SHORTEST_SOUND * 100), of=True)


def _without_short(active: npt.NDArray[np.bool_], shortest: int, *, of: bool) -> npt.NDArray[np.bool_]:
    """The same without runs, of speech or of pauses, that are shorter than that."""
    kept = active.copy()
    edges = [0, *(np.flatnonzero(np.diff(active)) + 1).tolist(), len(active)]
    for begin, end in pairwise(edges):
        if active[begin] == of and end - begin < shortest and begin > 0 and end < len(active):
            kept[begin:end] = not of
    return kept


def _weight(word: str) -> float:
    """How long a word takes beside others: its syllables, and a little for each letter."""
    letters = [sign for sign in unicodedata.normalize("NFC", word.casefold()) if sign.isalnum()]
    if not letters:
        return 0.2
    if any(sign.isdigit() for sign in letters):
        return 1.2 * sum(sign.isdigit() for sign in letters) + 0.3 * sum(sign.isalpha() for sign in letters)
    if any(is_spaceless(sign) for sign in letters):
        # A Chinese sign is a syllable, and in Japanese about two; kana are one each.
        return float(sum(0.6 if sign in _SMALL else 1.0 if "\u3040" <= sign <= "\u30ff" else 1.8 for sign in letters))
    groups = len(_VOWELS.findall("".join(letters)))
    if not groups:
        # Arabic and Hebrew write no short vowels, others have none of these letters.
        groups = max(1, round(len(letters) / 2))
    return 0.55 * groups + 0.16 * len(letters)
