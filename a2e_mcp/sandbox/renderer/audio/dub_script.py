"""What a dub says when: stretches of speech in the original, and sentences laid over them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.audio.sound import Sound

_STEP, _STEPS_AT_ONCE = 0.02, 500
_LOUD = 0.08  # of the loudest moment
_SHORTEST, _SHORTEST_PAUSE = 0.25, 0.35
# A set sentence takes about this long: shorter stretches are joined, longer ones hear it again.
_ROOM_FOR_SENTENCE, _MOST_ROOM = 1.6, 8.0
_SENTENCE = re.compile(r".+?(?:[.!?…](?=\s)|[。！？]|\n|$)", re.DOTALL)

SET_SENTENCES = {
    "ar": "هذه دبلجة تجريبية.",
    "cmn": "这是沙盒配音。",
    "de": "Dies ist eine Test-Vertonung.",
    "en": "This is a sandbox dub.",
    "es": "Este es un doblaje de prueba.",
    "fr": "Ceci est un doublage d'essai.",
    "hi": "यह एक परीक्षण डबिंग है।",
    "id": "Ini adalah sulih suara percobaan.",
    "it": "Questo è un doppiaggio di prova.",
    "ja": "これは、テストの、ふきかえです。",
    "ko": "이것은 시험용 더빙입니다.",
    "nl": "Dit is een proefnasynchronisatie.",
    "pl": "To jest próbny dubbing.",
    "pt": "Esta é uma dublagem de teste.",
    "ru": "Это пробный дубляж.",
    "sv": "Detta är en testdubbning.",
    "tr": "Bu bir deneme dublajıdır.",
    "uk": "Це пробний дубляж.",
    "vi": "Đây là bản lồng tiếng thử.",
}


@dataclass(frozen=True)
class Stretch:
    """A part of a sound, in seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.start


@dataclass(frozen=True)
class Line:
    """A text and the stretch it is to be spoken in."""

    text: str
    at: Stretch


def stretches_of_speech(sound: Sound) -> list[Stretch]:
    """Where the sound is not silent, short pauses passed over."""
    step = max(1, round(_STEP * sound.rate))
    loudness = np.concatenate([_loudness(block, step) for block in sound.blocks(_STEPS_AT_ONCE * step)])
    if not len(loudness) or loudness.max() < 0.003:
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loudness > _LOUD * loudness.max(), [0]])))
    found: list[Stretch] = []
    for first, last in edges.reshape(-1, 2).tolist():
        start, end = first * _STEP, last * _STEP
        if found and start - found[-1].end < _SHORTEST_PAUSE:
            found[-1] = Stretch(found[-1].start, end)
        else:
            found.append(Stretch(start, end))
    return [stretch for stretch in found if stretch.seconds >= _SHORTEST]


def _loudness(samples: npt.NDArray[np.int16], step: int) -> npt.NDArray[np.float64]:
    """How loud each whole step of some samples is, from 0 to 1."""
    count = samples.shape[1] // step
    mono = samples[:, : count * step].mean(0) / 32768
    return np.asarray(np.sqrt((mono.reshape(count, step) ** 2).mean(1)))


def script_sentences(script: str) -> list[str]:
    """The sentences of a script; a new line ends one too."""
    pieces = (" ".join(piece.split()) for piece in _SENTENCE.findall(script))
    return [piece for piece in pieces if any(letter.isalnum() for letter in piece)]


def lines_of_script(sentences: Sequence[str], speech: Sequence[Stretch]) -> list[Line]:
    """The sentences laid over the speech in order, each with about its share of the time."""
    parts = min(len(sentences), len(speech))
    texts = _portions([len(sentence) for sentence in sentences], parts)
    slots = _portions([stretch.seconds for stretch in speech], parts)
    return [
        Line(" ".join(sentences[text]), Stretch(speech[slot][0].start, speech[slot][-1].end))
        for text, slot in zip(texts, slots, strict=True)
    ]


def set_lines(language: str, speech: Sequence[Stretch]) -> tuple[list[Line], bool]:
    """The set sentence over and over, and whether it is in the language asked for; else it is English."""
    sentence = SET_SENTENCES.get(language)
    joined: list[Stretch] = []
    for stretch in speech:
        if joined and joined[-1].seconds < _ROOM_FOR_SENTENCE:
            joined[-1] = Stretch(joined[-1].start, stretch.end)
        else:
            joined.append(stretch)
    lines = []
    for stretch in joined:
        times = np.linspace(stretch.start, stretch.end, int(stretch.seconds // _MOST_ROOM) + 2).tolist()
        lines += [Line(sentence or SET_SENTENCES["en"], Stretch(*ends)) for ends in pairwise(times)]
    return lines, sentence is not None


def _portions(weights: Sequence[float], parts: int) -> list[slice]:
    """Neighbours put together into so many portions, none empty, all of about the same weight."""
    reached = list(accumulate(weights))
    ends = [0]
    for part in range(1, parts):
        wanted = reached[-1] * part / parts
        nearest = min(range(len(weights)), key=lambda at: abs(reached[at] - wanted)) + 1
        ends.append(min(max(nearest, ends[-1] + 1), len(weights) - (parts - part)))
    return [slice(*pair) for pair in zip(ends, [*ends[1:], len(weights)], strict=True)]
