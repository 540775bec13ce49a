"""Spoken words as captions: chunks of at most two lines, shown while they are spoken."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from a2e_mcp.media.line_breaks import cut_to_width, words_in
from a2e_mcp.media.text_pictures import joined
from a2e_mcp.sandbox.renderer.audio.track import Word
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, lay_over
from a2e_mcp.sandbox.renderer.pictures.text_sprites import can_draw, drawable, outlined, text_width

_LINES = 2
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "\uff01", "\uff1f")
_LONGEST_PAUSE = 0.7
_LINGER = 0.25


# By how much of a line a break after a comma may be less even.
_SMALL_STOPS, _COMMA = (",", ";", ":", "\u2013", "、", "\uff0c"), 0.3


@dataclass(frozen=True)
class Chunk:
    """One or two lines and when they are shown, in seconds."""

    lines: tuple[str, ...]
    start: float
    end: float


class Captions:
    """The captions of a clip of a frame size."""

    def __init__(self, words: Sequence[Word], width: int, height: int) -> None:
        self._size = max(9, round(min(height * 0.058, width * 0.064)))
        self._line_height = round(self._size * 1.22)
        self._widest = round(width * (0.86 if width <= height else 0.74))
        # Above the mark; higher in upright clips, where players lay their buttons over the foot.
        self._foot = round(height * (0.90 if width >= height else 0.84))
        self._chunks = self._cut([part for word in words for part in self._parted(word)])
        self._next = 0

    def draw(self, picture: Picture, time: float) -> None:
        """Draw what is to be read at a time, in place. Times must not go back."""
        while self._next < len(self._chunks) and self._chunks[self._next].end <= time:
            self._next += 1
        if self._next == len(self._chunks) or self._chunks[self._next].start > time:
            return
        lines = self._chunks[self._next].lines
        for index, line in enumerate(lines):
            sprite = outlined(line, self._size)
            baseline = self._foot - (len(lines) - 1 - index) * self._line_height
            lay_over(picture, sprite, (picture.shape[1] - sprite.shape[1]) // 2, baseline - sprite.shape[0])

    def _cut(self, words: Sequence[Word]) -> list[Chunk]:
        chunks = [chunk for sentence in _sentences(words) for chunk in self._shared_out(sentence)]
        starts = [chunk[0].start for chunk in chunks[1:]] + [float("inf")]
        return [
            Chunk(self._balance(chunk), chunk[0].start, min(chunk[-1].end + _LINGER, following))
            for chunk, following in zip(chunks, starts, strict=True)
        ]

    def _parted(self, word: Word) -> list[Word]:
        """A word in the parts that a line may end between, each with its share of the time."""
        texts = [piece for each in words_in(word.text) for piece in cut_to_width(each, self._widest, self._width)]
        letters = sum(map(len, texts))
        parts: list[Word] = []
        for text in texts:
            start = parts[-1].end if parts else word.start
            parts.append(Word(text, start, start + (word.end - word.start) * len(text) / letters))
        return parts

    def _shared_out(self, sentence: list[Word]) -> list[list[Word]]:
        """A sentence in chunks that fit; the last two about equally long, or a single word might be left over."""
        chunks: list[list[Word]] = []
        for word in sentence:
            if chunks and self._fits([*chunks[-1], word]):
                chunks[-1].append(word)
            else:
                chunks.append([word])
        if len(chunks) < _LINES:
            return chunks
        *whole, before, last = chunks
        both = before + last
        splits = [(both[:at], both[at:]) for at in range(1, len(both))]
        fitting = [split for split in splits if all(map(self._fits, split))]
        evened = min(fitting, key=self._unevenness, default=(before, last))
        return [*whole, *evened]

    def _unevenness(self, split: tuple[list[Word], list[Word]]) -> float:
        first, second = (self._width(_joined(words)) for words in split)
        pause = _COMMA * self._widest if split[0][-1].text.endswith(_SMALL_STOPS) else 0.0
        return abs(first - second) - pause

    def _fits(self, words: Sequence[Word]) -> bool:
        return len(self._wrap(words)) <= _LINES

    def _balance(self, words: list[Word]) -> tuple[str, ...]:
        """Two lines of about the same length look better than a full one and a remnant."""
        lines = self._wrap(words)
        if len(lines) == _LINES:
            splits = ((_joined(words[:at]), _joined(words[at:])) for at in range(1, len(words)))
            fitting = (split for split in splits if max(map(self._width, split)) <= self._widest)
            lines = list(
                min(fitting, key=lambda split: abs(self._width(split[0]) - self._width(split[1])), default=lines)
            )
        return tuple(lines)

    def _wrap(self, words: Sequence[Word]) -> list[str]:
        lines: list[list[Word]] = []
        for word in words:
            if lines and self._width(_joined([*lines[-1], word])) <= self._widest:
                lines[-1].append(word)
            else:
                lines.append([word])
        return [_joined(line) for line in lines]

    def _width(self, line: str) -> int:
        return text_width(line, self._size)


def captions_for(words: Sequence[Word], width: int, height: int) -> Captions | None:
    """Captions without signs that cannot be drawn; None when there are no words or their script cannot be drawn."""
    shown = [replace(word, text=text) for word in words if (text := drawable(word.text))]
    return Captions(shown, width, height) if shown and all(can_draw(word.text) for word in shown) else None


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    """The words between full stops and pauses."""
    sentences: list[list[Word]] = []
    for word in words:
        last = sentences[-1][-1] if sentences else None
        if last is None or last.text.endswith(_SENTENCE_ENDS) or word.start - last.end > _LONGEST_PAUSE:
            sentences.append([word])
        else:
            sentences[-1].append(word)
    return sentences


def _joined(words: Sequence[Word]) -> str:
    return joined([word.text for word in words])
