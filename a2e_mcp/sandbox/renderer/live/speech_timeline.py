"""What the avatar of a room says, frame by frame: the face, the sound and the messages of a frame.

An answer is also sent as text, as A2E's rooms do: a message as a sentence begins, `start` with the first and `middle`
with the others, and an empty one, `end`, when the last has been spoken. Joined, the messages are the answer.
"""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.protocol.sentences import sentences_of
from a2e_mcp.sandbox.renderer.audio.mouth import MouthCurve, MouthShape, curve_from_events, raised_brows
from a2e_mcp.sandbox.renderer.audio.sound import Sound, frames_of
from a2e_mcp.sandbox.renderer.audio.spoken_text import mouth_of, utter
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

FPS = 25
SOUND_RATE = 48_000
SAMPLES_A_FRAME = SOUND_RATE // FPS

MOST_WAITING = 20
LONGEST_TEXT = 5000
_MOST_SECONDS_WAITING = 900.0

Samples: TypeAlias = npt.NDArray[Any]
Position: TypeAlias = Literal["start", "middle", "end"]

_SILENCE: Samples = np.zeros(SAMPLES_A_FRAME, np.int16)
_SMILE = MouthShape(0.0, 0.25)


@dataclass(frozen=True)
class TimelineFrame:
    """One frame: 40 ms of sound, the face, and the messages that are sent with it."""

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
    def frames(self) -> int:
        """How many frames it lasts."""
        return 0 if self.sound is None else int(np.ceil(self.sound.seconds * FPS))


@dataclass(frozen=True)
class PreparedSpeech:
    """A text that is ready to be spoken."""

    sentences: tuple[SpokenSentence, ...]
    is_answer: bool

    @property
    def seconds(self) -> float:
        """How long it will last."""
        return sum(sentence.frames for sentence in self.sentences) / FPS


def prepare_speech(text: str, voice: str, *, is_answer: bool) -> PreparedSpeech:
    """Prepare a text for speaking. Raises OrderRefused when it is too long, or holds nothing that can be spoken."""
    if len(text) > LONGEST_TEXT:
        raise OrderRefused("too_long", f"The avatar of a live room speaks up to {LONGEST_TEXT} characters at once.")
    sentences = []
    silent: OrderRefused | None = None
    for sentence in sentences_of(text):
        try:
            _, speaking = utter(sentence, voice, speed=1.0)
        except OrderRefused as refusal:
            if refusal.code != "nothing_spoken":
                raise
            silent = refusal
            sentences.append(SpokenSentence(sentence, None))
        else:
            sound = Sound(np.frombuffer(speaking.samples, "<i2")[None], speaking.rate)
            sentences.append(SpokenSentence(sentence, sound, mouth_of(speaking)))
    if all(sentence.sound is None for sentence in sentences):
        raise silent or OrderRefused("nothing_spoken", "The text contains nothing to speak.")
    return PreparedSpeech(tuple(sentences), is_answer)


class SpeechTimeline:
    """The speeches of a room, one after the other."""

    def __init__(self) -> None:
        self._waiting: deque[PreparedSpeech] = deque()
        self._speaking: Iterator[TimelineFrame] = iter(())

    def add(self, speech: PreparedSpeech) -> None:
        """Speak it after those that wait already. Raises OrderRefused."""
        seconds = sum(waiting.seconds for waiting in self._waiting)
        if len(self._waiting) >= MOST_WAITING or seconds > _MOST_SECONDS_WAITING:
            message = f"{len(self._waiting)} texts wait to be spoken in this live room. Is its page open in a browser?"
            raise OrderRefused("room_full", message)
        self._waiting.append(speech)

    def next_frame(self) -> TimelineFrame:
        """The next frame; a silent one when there is nothing to say."""
        frame = next(self._speaking, None)
        if frame is None and self._waiting:
            self._speaking = _frames(self._waiting.popleft())
            frame = next(self._speaking, None)
        return frame or TimelineFrame()


def _frames(speech: PreparedSpeech) -> Iterator[TimelineFrame]:
    """The frames of a speech and a silent one."""
    messages: tuple[str, ...] = ()
    position: Position = "start"
    for sentence in speech.sentences:
        if speech.is_answer:
            messages = (*messages, _message(sentence.text, position))
            position = "middle"
        for frame in _frames_of_sentence(sentence, messages):
            yield frame
            messages = ()
    yield TimelineFrame(messages=(*messages, _message("", "end")) if speech.is_answer else ())


def _frames_of_sentence(sentence: SpokenSentence, messages: tuple[str, ...]) -> Iterator[TimelineFrame]:
    if sentence.sound is None:
        return
    curve = curve_from_events(sentence.mouth, sentence.sound.seconds, FPS)
    brows = raised_brows(curve.opening, FPS)
    samples = _at_the_rooms_rate(sentence.sound)
    for number in range(sentence.frames):
        part = samples[number * SAMPLES_A_FRAME : (number + 1) * SAMPLES_A_FRAME]
        yield TimelineFrame(part, *_face(curve, brows, number), messages if number == 0 else ())


def _face(curve: MouthCurve, brows: Samples, number: int) -> tuple[MouthShape, float]:
    return (curve[number], float(brows[number])) if number < len(curve) else (_SMILE, 0.0)


def _at_the_rooms_rate(sound: Sound) -> Samples:
    """The samples at the room's rate, with silence after them that fills the last frame."""
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames_of(sound, "s16p", SOUND_RATE)])
    return np.pad(samples, (0, 2 * SAMPLES_A_FRAME))


def _message(text: str, position: Position) -> str:
    return json.dumps({"type": "QA", "message": text, "pos": position}, ensure_ascii=False)
