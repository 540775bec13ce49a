"""What the avatar of a room says, cut into beats: a frame, the sound that goes with it, and what is written with it.

An answer is also written to whoever is there, as A2E's rooms do: a message as each sentence begins, `start` with the
first and `middle` with the others, and an empty one, `end`, when the last has been spoken. Joined, the messages are the
answer.
"""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.protocol.sentences import sentences_of
from a2e_mcp.sandbox.renderer.audio.mouth import MouthCurve, MouthShape, curve_from_events
from a2e_mcp.sandbox.renderer.audio.sound import Sound, frames_of
from a2e_mcp.sandbox.renderer.core.render import Refused
from a2e_mcp.sandbox.renderer.orders.avatar_video import raised_brows
from a2e_mcp.sandbox.renderer.orders.speech import mouth_of, utter

FPS = 25
SOUND_RATE = 48_000
SAMPLES_A_BEAT = SOUND_RATE // FPS

MOST_WAITING = 20
LONGEST_TEXT = 5000
_MOST_SECONDS_WAITING = 900.0

Samples: TypeAlias = npt.NDArray[Any]
Position: TypeAlias = Literal["start", "middle", "end"]

_SILENCE: Samples = np.zeros(SAMPLES_A_BEAT, np.int16)
_SMILE = MouthShape(0.0, 0.25)


@dataclass(frozen=True)
class Beat:
    """One frame's time: 40 ms of sound, the face, and the messages that go out with it."""

    sound: Samples = field(default_factory=lambda: _SILENCE)
    mouth: MouthShape = _SMILE
    brows: float = 0.0
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpokenSentence:
    """A sentence as it is written and as it sounds, in 16 bit at the engine's own rate."""

    text: str
    sound: Sound | None
    mouth: tuple[tuple[float, float, float], ...] = ()

    @property
    def beats(self) -> int:
        """How many frames it lasts."""
        return 0 if self.sound is None else int(np.ceil(self.sound.seconds * FPS))


@dataclass(frozen=True)
class Utterance:
    """What is said in one go."""

    sentences: tuple[SpokenSentence, ...]
    is_answer: bool

    @property
    def seconds(self) -> float:
        """How long it will last."""
        return sum(sentence.beats for sentence in self.sentences) / FPS


def rehearse(text: str, voice: str, *, is_answer: bool) -> Utterance:
    """Prepare a text for speaking. Raises Refused when it is too long, or holds nothing that can be spoken."""
    if len(text) > LONGEST_TEXT:
        raise Refused("too_long", f"The avatar of a live room speaks up to {LONGEST_TEXT} characters at once.")
    sentences = []
    silent: Refused | None = None
    for sentence in sentences_of(text):
        try:
            _, speaking = utter(sentence, voice, speed=1.0)
        except Refused as refusal:
            if refusal.code != "nothing_spoken":
                raise
            silent = refusal
            sentences.append(SpokenSentence(sentence, None))
        else:
            sound = Sound(np.frombuffer(speaking.samples, "<i2")[None], speaking.rate)
            sentences.append(SpokenSentence(sentence, sound, mouth_of(speaking)))
    if all(sentence.sound is None for sentence in sentences):
        raise silent or Refused("nothing_spoken", "The text holds nothing that can be spoken.")
    return Utterance(tuple(sentences), is_answer)


class Performance:
    """The utterances of a room, one after the other."""

    def __init__(self) -> None:
        self._waiting: deque[Utterance] = deque()
        self._speaking: Iterator[Beat] = iter(())

    def add(self, utterance: Utterance) -> None:
        """Let it be said after what waits already. Raises Refused."""
        seconds = sum(each.seconds for each in self._waiting)
        if len(self._waiting) >= MOST_WAITING or seconds > _MOST_SECONDS_WAITING:
            message = f"{len(self._waiting)} texts wait to be spoken in this live room; has anybody opened its page?"
            raise Refused("room_full", message)
        self._waiting.append(utterance)

    def next_beat(self) -> Beat:
        """What comes next; silence when there is nothing to say."""
        beat = next(self._speaking, None)
        if beat is None and self._waiting:
            self._speaking = _beats(self._waiting.popleft())
            beat = next(self._speaking, None)
        return beat or Beat()


def _beats(utterance: Utterance) -> Iterator[Beat]:
    """The beats of an utterance and one of silence."""
    messages: tuple[str, ...] = ()
    position: Position = "start"
    for sentence in utterance.sentences:
        if utterance.is_answer:
            messages = (*messages, _message(sentence.text, position))
            position = "middle"
        for beat in _beats_of_sentence(sentence, messages):
            yield beat
            messages = ()
    yield Beat(messages=(*messages, _message("", "end")) if utterance.is_answer else ())


def _beats_of_sentence(sentence: SpokenSentence, messages: tuple[str, ...]) -> Iterator[Beat]:
    if sentence.sound is None:
        return
    curve = curve_from_events(sentence.mouth, sentence.sound.seconds, FPS)
    brows = raised_brows(curve.opening, FPS)
    samples = _for_the_room(sentence.sound)
    for number in range(sentence.beats):
        part = samples[number * SAMPLES_A_BEAT : (number + 1) * SAMPLES_A_BEAT]
        yield Beat(part, *_face(curve, brows, number), messages if number == 0 else ())


def _face(curve: MouthCurve, brows: Samples, number: int) -> tuple[MouthShape, float]:
    return (curve[number], float(brows[number])) if number < len(curve) else (_SMILE, 0.0)


def _for_the_room(sound: Sound) -> Samples:
    """The samples at the room's rate, with silence after them that fills the last beat."""
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames_of(sound, "s16p", SOUND_RATE)])
    return np.pad(samples, (0, 2 * SAMPLES_A_BEAT))


def _message(text: str, position: Position) -> str:
    return json.dumps({"type": "QA", "message": text, "pos": position}, ensure_ascii=False)
