"""Matroska and WebM: which tracks there are, and how long their frames last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from a2e_mcp.files.media_bytes import Buffer, number_at

_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SCALE, _TRACK, _FRAME = 0x2AD7B1, 0xAE, 0x23E383
_TIME, _SIMPLE, _GROUP, _BLOCK, _LASTS = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B
_KIND = 0x83
_KINDS: Mapping[int, set[str]] = {1: {"video"}, 2: {"audio"}, 3: {"video", "audio"}}
_OPENED = (_SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER, _GROUP)


def _elements(content: Buffer) -> Iterator[tuple[int, int, int]]:
    """Number, place and size of every element; those that hold others are entered, whatever size they state."""
    at, end = 0, len(content)
    while at < end:
        number, at = _variable(content, at, keep_mark=True)
        size, at = _variable(content, at, keep_mark=False)
        yield number, at, size
        if number not in _OPENED:
            at += size


def _variable(content: Buffer, at: int, *, keep_mark: bool) -> tuple[int, int]:
    first = content[at]
    width = 9 - first.bit_length()
    if width > 8:
        raise ValueError("no number of variable length")
    number = number_at(content, at, width)
    return number if keep_mark else number & (1 << 7 * width) - 1, at + width


def matroska_kinds(content: Buffer) -> frozenset[str] | None:
    """Which of `video` and `audio` there are tracks of; None when their list is not there."""
    kinds: set[str] = set()
    is_listed = False
    try:
        for number, at, size in _elements(content):
            if number == _CLUSTER and is_listed:
                break
            is_listed |= number == _TRACKS
            if number == _KIND:
                kinds |= _KINDS.get(number_at(content, at, size), set())
    except (IndexError, ValueError):
        # Only the beginning is there.
        pass
    return frozenset(kinds) if is_listed else None


def matroska_size(content: Buffer) -> int | None:
    """Bytes of the whole file by what it says itself; None where it was written without knowing."""
    for number, at, size in _elements(content):
        if number == _SEGMENT:
            # A size of nothing but ones, in one to eight bytes, is unknown.
            return None if any(size == (1 << 7 * width) - 1 for width in range(1, 9)) else at + size
    return None


def matroska_seconds(content: Buffer) -> float | None:
    """Seconds from the first frame to the end of the last."""
    scale, cluster, last, before, lasts, frame = 1_000_000, 0, 0, 0, 0, 0
    first: int | None = None
    try:
        for number, at, size in _elements(content):
            if number == _SCALE:
                scale = number_at(content, at, size)
            elif number == _FRAME:
                frame = max(frame, number_at(content, at, size))
            elif number == _TIME:
                cluster = number_at(content, at, size)
            elif number == _LASTS:
                lasts = number_at(content, at, size)
            elif number in (_SIMPLE, _BLOCK):
                _, after = _variable(content, at, keep_mark=False)
                offset = number_at(content, after, 2)
                time = cluster + (offset - 0x10000 if offset & 0x8000 else offset)
                first = time if first is None else min(first, time)
                lasts = 0
                if time > last:
                    last, before = time, last
    except (IndexError, ValueError):
        # A recording that was cut off: what is there is what it lasts.
        pass
    if first is None:
        return None
    end = lasts or frame // scale or last - before
    return (last - first + end) * scale / 1e9
