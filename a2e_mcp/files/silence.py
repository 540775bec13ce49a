"""Whether a recording is certainly silent, as far as that can be seen without decoding it."""

from __future__ import annotations

import zlib
from array import array

from a2e_mcp.files.media_bytes import Buffer, number_at

_LOOKED_AT = 4 * 2**20
_QUIET = 32
"""Of 32768: 60 dB below the loudest, far below the noise of any microphone."""
_SAME_ALL_THE_TIME = 1 / 40
"""What is left of silence when it is compressed again; of a voice four fifths are left."""
_LEAST_A_SECOND = 500
"""Bytes; encoders that vary their rate need next to nothing for silence, and more for every voice."""
_TELEPHONE = b"#!AMR"
"""It needs as little for a voice."""


def is_silent(content: Buffer, seconds: float | None) -> bool:
    """Whether nothing can be heard in a sound of so many seconds; False when that cannot be seen."""
    samples = _wav_samples(content)
    if samples is not None:
        return max(samples, default=0) <= _QUIET and min(samples, default=0) >= -_QUIET
    if seconds and content[:5] != _TELEPHONE and len(content) / seconds < _LEAST_A_SECOND:
        return True
    part = content[:_LOOKED_AT]
    return len(zlib.compress(part)) < len(part) * _SAME_ALL_THE_TIME


def _wav_samples(content: Buffer) -> array[int] | None:
    """The first samples of a WAV file of 16 bits."""
    form, data = content[:4096].find(b"fmt "), content[:65536].find(b"data")
    if content[:4] != b"RIFF" or form < 0 or data < 0 or number_at(content, form + 22, 2, "little") != 16:
        return None
    part = content[data + 8 : data + 8 + _LOOKED_AT * 4]
    samples = array("h", part[: len(part) // 2 * 2])
    if array("H", b"\1\0")[0] != 1:
        samples.byteswap()
    return samples
