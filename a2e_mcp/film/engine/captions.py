"""Captions: words in groups of at most two lines, drawn while they are spoken."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import av

from a2e_mcp.film.engine.canvas import YuvSprite
from a2e_mcp.film.engine.word_times import SpokenWord, words_of
from a2e_mcp.film.orders import CaptionStyle, Cue
from a2e_mcp.media.fonts import drawable, undrawable
from a2e_mcp.media.line_breaks import NO_BLANK, cut_to_width
from a2e_mcp.media.text_pictures import joined, lettered, line_width

_LINES = 2
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_SMALL_STOPS = (",", ";", ":", "–", "、", "，", "،", "؛")
_COMMA = 0.3
"""By how much of a line a break after a comma may be less even."""
_LONGEST_PAUSE = 0.7
_LINGER = 0.3
_LONGEST_SHOWN = 7.0
_SIGNS_NAMED = 5


@dataclass(frozen=True)
class CaptionGroup:
    """One or two lines of words and when they are shown, in seconds."""

    lines: tuple[tuple[SpokenWord, ...], ...]
    start: float
    end: float

    @property
    def text(self) -> str:
        """The lines as an SRT file has them."""
        return "\n".join(joined([word.text for word in line]) for line in self.lines)


def grouped(words: Sequence[SpokenWord], size: tuple[int, int]) -> list[CaptionGroup]:
    """Spoken words in groups that fit under a frame of this size."""
    letters, widest = letter_size(size), _widest(size)
    words = _narrowed(words, letters, widest)
    groups = [group for sentence in _sentences(words) for group in _shared_out(sentence, letters, widest)]
    starts = [group[0].start for group in groups[1:]] + [float("inf")]
    return [
        CaptionGroup(_balanced(group, letters, widest), group[0].start, min(group[-1].end + _LINGER, following))
        for group, following in zip(groups, starts, strict=True)
    ]


def from_cues(cues: Sequence[Cue], size: tuple[int, int]) -> list[CaptionGroup]:
    """The groups of ready cues; what does not fit into two lines is shown in turn."""
    groups: list[CaptionGroup] = []
    for cue in cues:
        texts = words_of(drawable(cue.text))
        if not texts:
            continue
        step = (cue.end - cue.start) / len(texts)
        words = [
            SpokenWord(text, cue.start + step * number, cue.start + step * (number + 1))
            for number, text in enumerate(texts)
        ]
        letters, widest = letter_size(size), _widest(size)
        words = _narrowed(words, letters, widest)
        sentences = [words] if _fits(words, letters, widest) else _sentences(words)
        for part in (part for sentence in sentences for part in _shared_out(sentence, letters, widest)):
            groups.append(CaptionGroup(_balanced(part, letters, widest), part[0].start, part[-1].end))
    return groups


def letter_size(size: tuple[int, int]) -> int:
    """How large captions are written in a frame, in pixels."""
    width, height = size
    return max(10, round(min(height * 0.055, width * 0.062)))


def shown_words(words: Sequence[SpokenWord]) -> list[SpokenWord]:
    """The words without signs that no font has, such as emoji."""
    shown: list[SpokenWord] = []
    for word in words:
        text = drawable(word.text)
        if shown and text != word.text and text and not any(sign.isalnum() for sign in text):
            # The stop after a sign that is left out belongs to the word before.
            shown[-1] = replace(shown[-1], text=shown[-1].text + text.removeprefix(NO_BLANK))
        elif text:
            shown.append(SpokenWord(text, word.start, word.end))
    return shown


def undrawn_note(what: str, texts: Iterable[str]) -> str:
    """That signs such as emoji are left out of what is drawn, as a sentence; empty when there are none."""
    signs = [each for each in dict.fromkeys(undrawable("".join(texts))) if unicodedata.category(each) in ("So", "Cn")]
    # Tints and joiners belong to the sign before them; signs newer than Python have no category and cannot be shown.
    named = " ".join([each for each in signs if each.isprintable()][:_SIGNS_NAMED]) or "a letter for some signs"
    return f"No font on this computer has {named}, so {what} drawn without." if signs else ""


class CaptionTrack:
    """Draws the captions of a film of a frame size; moments must not go back."""

    def __init__(self, groups: Sequence[CaptionGroup], size: tuple[int, int], style: CaptionStyle) -> None:
        self._groups = groups
        self._size = size
        self._style = style
        self._letters = letter_size(size)
        # Higher in upright films, where players lay their buttons over the foot.
        self._foot = round(size[1] * (0.90 if size[0] >= size[1] else 0.84))
        self._next = 0
        self._drawn: tuple[int, tuple[int, int] | None] = (-1, None)
        self._sprite: YuvSprite | None = None

    def at(self, moment: float) -> Callable[[av.VideoFrame], None] | None:
        """What draws the caption of a moment into a frame; None when there is none."""
        while self._next < len(self._groups) and self._groups[self._next].end <= moment:
            self._next += 1
        if self._next == len(self._groups) or self._groups[self._next].start > moment:
            return None
        group = self._groups[self._next]
        spoken = _spoken_at(group, moment) if self._style == "highlight" else None
        if self._drawn != (self._next, spoken) or self._sprite is None:
            lines = [[word.text for word in line] for line in group.lines]
            self._sprite = YuvSprite.of(lettered(lines, self._letters, self._style, spoken))
            self._drawn = (self._next, spoken)
        sprite = self._sprite
        left, top = (self._size[0] - sprite.size[0]) // 2, self._foot - sprite.size[1]
        return lambda frame: sprite.lay_on(frame, left, top)


def _spoken_at(group: CaptionGroup, moment: float) -> tuple[int, int] | None:
    """The line and the number of the word that is spoken, or was last."""
    found = None
    for row, line in enumerate(group.lines):
        for number, word in enumerate(line):
            if word.start <= moment + 1e-6:
                found = (row, number)
    return found


def _widest(size: tuple[int, int]) -> float:
    width, height = size
    return width * (0.86 if width <= height else 0.74)


def _shared_out(sentence: list[SpokenWord], letters: int, widest: float) -> list[list[SpokenWord]]:
    """A sentence in groups that fit; the last two about equally long, or a single word might be left over."""
    groups: list[list[SpokenWord]] = []
    for word in sentence:
        lasts = bool(groups) and word.end - groups[-1][0].start > _LONGEST_SHOWN
        if groups and not lasts and _fits([*groups[-1], word], letters, widest):
            groups[-1].append(word)
        else:
            groups.append([word])
    if len(groups) < _LINES:
        return groups
    *whole, before, last = groups
    both = before + last
    splits = [(both[:at], both[at:]) for at in range(1, len(both))]
    fitting = [split for split in splits if all(_fits(part, letters, widest) for part in split)]
    evened = min(fitting, key=lambda split: _unevenness(split[0], split[1], letters, widest), default=(before, last))
    return [*whole, *evened]


def _unevenness(first: list[SpokenWord], second: list[SpokenWord], letters: int, widest: float) -> float:
    """How badly words are split in two: by the widths, and by what the split stands between."""
    gain = _COMMA * widest if first[-1].text.endswith((*_SMALL_STOPS, *_SENTENCE_ENDS)) else 0.0
    return abs(_width(first, letters) - _width(second, letters)) - gain


def _narrowed(words: Sequence[SpokenWord], letters: int, widest: float) -> list[SpokenWord]:
    """The words, of which those that are wider than a line are cut."""
    found: list[SpokenWord] = []
    for word in words:
        pieces = cut_to_width(word.text, widest, lambda text: line_width([text], letters))
        step = (word.end - word.start) / max(1, len(pieces))
        starts = [word.start + step * number for number in range(len(pieces))]
        found += [SpokenWord(piece, start, start + step) for piece, start in zip(pieces, starts, strict=True)]
    return found


def _fits(words: Sequence[SpokenWord], letters: int, widest: float) -> bool:
    return len(_wrapped(words, letters, widest)) <= _LINES


def _balanced(words: list[SpokenWord], letters: int, widest: float) -> tuple[tuple[SpokenWord, ...], ...]:
    """Two lines of about the same length look better than a full one and a remnant."""
    lines = _wrapped(words, letters, widest)
    if len(lines) == _LINES:
        splits = ((words[:at], words[at:]) for at in range(1, len(words)))
        fitting = [split for split in splits if max(_width(part, letters) for part in split) <= widest]
        if fitting:
            first, second = min(fitting, key=lambda split: _unevenness(split[0], split[1], letters, widest))
            lines = [first, second]
    return tuple(tuple(line) for line in lines)


def _wrapped(words: Sequence[SpokenWord], letters: int, widest: float) -> list[list[SpokenWord]]:
    lines: list[list[SpokenWord]] = []
    for word in words:
        if lines and _width([*lines[-1], word], letters) <= widest:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _width(words: Sequence[SpokenWord], letters: int) -> float:
    return line_width([word.text for word in words], letters)


def _sentences(words: Sequence[SpokenWord]) -> list[list[SpokenWord]]:
    """The words between full stops and pauses."""
    found: list[list[SpokenWord]] = []
    for word in words:
        last = found[-1][-1] if found else None
        if last is None or _ends_sentence(last.text) or word.start - last.end > _LONGEST_PAUSE:
            found.append([word])
        else:
            found[-1].append(word)
    return found


def _ends_sentence(text: str) -> bool:
    bare = text.rstrip("\"'”’»)]」』）")
    is_initial = len(bare) == 2 and bare[0].isupper() and unicodedata.category(bare[1]) == "Po"
    return bare.endswith(_SENTENCE_ENDS) and not is_initial
