"""Sound at one rate and layout, whatever comes: joined and damaged files change theirs on the way."""

from __future__ import annotations

from collections.abc import Iterator

import av


class SteadyResampler:
    """Turns frames into one format, layout and rate; a frame that differs from those before begins anew."""

    def __init__(self, *, sample_format: str, layout: str, rate: int) -> None:
        self._wanted = (sample_format, layout, rate)
        self._resampler = av.AudioResampler(*self._wanted)
        self._came: tuple[str, str, int] | None = None

    def resample(self, frame: av.AudioFrame) -> Iterator[av.AudioFrame]:
        """The frame in the wanted form, after what was still held back of others."""
        came = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._came not in (None, came):
            yield from self.finish()
            self._resampler = av.AudioResampler(*self._wanted)
        self._came = came
        yield from self._resampler.resample(frame)

    def finish(self) -> Iterator[av.AudioFrame]:
        """What is still held back."""
        yield from self._resampler.resample(None)
