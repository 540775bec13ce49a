"""What of a picture or a sound cannot be read while it is decoded: damaged pieces, and pictures that are not there."""

from __future__ import annotations

from collections import Counter

import av

_TICKS = 10_000
"""A second, in what the times between pictures are counted in."""
_FEWEST = 12
_STEADY, _NEAR = 0.9, 0.25
"""Which share of the times between pictures is about the same in a clip of an even rate, and how near that is."""
_LONGEST, _SHORTEST_GAP = 6, 0.4
"""Of how many pictures, and of how many seconds, a gap in such a clip is noticed."""


class Damage:
    """Counted while a stream is decoded: the `pieces` that could not be read, and how much of it is not there."""

    def __init__(self) -> None:
        self.pieces = 0
        self.silent = 0.0
        """Seconds of a sound that are not there."""
        self._last: float | None = None
        self._steps: Counter[int] = Counter()

    def see(self, frame: av.VideoFrame) -> None:
        """Take note of a picture, in the order in which they are shown."""
        self.pieces += frame.is_corrupt
        if frame.pts is None:
            return
        if self._last is not None and frame.time > self._last:
            self._steps[round((frame.time - self._last) * _TICKS)] += 1
        self._last = frame.time

    @property
    def missing(self) -> float:
        """For how many seconds a clip of an even rate has no pictures; 0 where the rate is uneven anyway."""
        count = sum(self._steps.values())
        if count < _FEWEST:
            return 0.0
        usual = self._steps.most_common(1)[0][0]
        near = sum(many for step, many in self._steps.items() if abs(step - usual) <= _NEAR * usual + 1)
        if near < _STEADY * count:
            return 0.0
        least = max(_LONGEST * usual, _SHORTEST_GAP * _TICKS)
        return sum((step - usual) * many for step, many in self._steps.items() if step >= least) / _TICKS
