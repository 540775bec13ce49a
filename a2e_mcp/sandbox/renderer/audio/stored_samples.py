"""Samples that are kept in a file, since a long sound would fill the memory."""

import weakref
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt

_BYTES = 2


class StoredSamples:
    """Samples as channels x length, 16 bit, in a file without a name; a part of them is read as an array.

    It is indexed as an array of that shape is, by all channels and a stretch of samples, in one thread at a time.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._length = 0
        with ExitStack() as stack:
            self._file = stack.enter_context(TemporaryFile())
            # The file is gone when nothing needs its samples any more.
            weakref.finalize(self, stack.pop_all().close)

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and length."""
        return self._channels, self._length

    def __len__(self) -> int:
        return self._channels

    def append(self, samples: npt.NDArray[Any]) -> None:
        """Keep some more."""
        self._file.seek(self._length * self._channels * _BYTES)
        self._file.write(np.ascontiguousarray(samples.T, np.int16).tobytes())
        self._length += int(samples.shape[1])

    def __getitem__(self, stretch: tuple[slice, slice]) -> npt.NDArray[np.int16]:
        first, last, _ = stretch[1].indices(self._length)
        self._file.seek(first * self._channels * _BYTES)
        read = self._file.read(max(0, last - first) * self._channels * _BYTES)
        return np.frombuffer(read, np.int16).reshape(-1, self._channels).T
