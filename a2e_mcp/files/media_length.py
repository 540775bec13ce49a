"""How long a sound or a clip lasts, counted from its packets: headers are often wrong, and pipes leave them empty.

Each format is read as far as its frames can be counted without decoding. What cannot be counted is unknown: a guess
would become a price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from a2e_mcp.files.matroska import matroska_seconds
from a2e_mcp.files.media_bytes import Buffer, number_at
from a2e_mcp.files.mp4 import mp4_seconds
from a2e_mcp.files.mpeg_audio import adts_frame, after_tags, begins_with, framed_seconds, mp3_frame
from a2e_mcp.files.tracks import is_mpeg_stream

_AMR_BYTES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
_AMR_WIDE_BYTES = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1)
_PCM = (1, 3, 0xFFFE)


def media_seconds(content: Buffer) -> float | None:
    """Seconds of a sound or clip; None when they cannot be counted."""
    for matches, read in _FORMATS:
        if matches(content):
            try:
                seconds = read(content)
            except (IndexError, ValueError, ZeroDivisionError, OverflowError):
                # Cut off or damaged in the middle of a structure.
                return None
            return seconds if seconds and seconds > 0 else None
    return None


# ------------------------------------------------------------------ WAV, AIFF


def _chunks(content: Buffer, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and stated size of every chunk of a RIFF or IFF file."""
    at = 12
    while at + 8 <= len(content):
        name, size = bytes(content[at : at + 4]), number_at(content, at + 4, 4, order)
        yield name, at + 8, size
        at += 8 + size + size % 2


def _wav_seconds(content: Buffer) -> float | None:
    form = rate = block = a_second = samples = 0
    for name, at, size in _chunks(content, "little"):
        if name == b"fmt ":
            form, rate = number_at(content, at, 2, "little"), number_at(content, at + 4, 4, "little")
            a_second, block = number_at(content, at + 8, 4, "little"), number_at(content, at + 12, 2, "little")
        elif name == b"fact":
            samples = number_at(content, at, 4, "little")
        elif name == b"data":
            rest = len(content) - at
            # What was written to a pipe could not be measured: its size is 0 or larger than the file.
            is_stated = 0 < size <= rest or (size == 0 and rest == 0)
            length = size if is_stated else rest
            if form in _PCM:
                return length / (block * rate)
            return samples / rate if samples and is_stated else length / a_second
    return None


def _aiff_seconds(content: Buffer) -> float | None:
    for name, at, _ in _chunks(content, "big"):
        if name == b"COMM":
            exponent = (number_at(content, at + 8, 2) & 0x7FFF) - 16383
            rate = number_at(content, at + 10, 8) / 2**63 * 2.0**exponent
            return number_at(content, at + 2, 4) / rate
    return None


def _avi_seconds(content: Buffer) -> float | None:
    longest, at = 0.0, 0
    while (at := content.find(b"strh", at, 1 << 20)) >= 0:
        kind, at = content[at + 8 : at + 12], at + 8
        if kind in (b"vids", b"auds"):
            scale, rate = number_at(content, at + 20, 4, "little"), number_at(content, at + 24, 4, "little")
            longest = max(longest, number_at(content, at + 32, 4, "little") * scale / rate)
    return longest


# ------------------------------------------------------------------ Ogg, FLAC, AMR


def _ogg_seconds(content: Buffer) -> float | None:
    total, at = 0.0, 0
    streams: dict[int, tuple[int, int]] = {}
    ends: dict[int, float] = {}
    while at + 27 <= len(content) and content[at : at + 4] == b"OggS":
        kind, granule = content[at + 5], number_at(content, at + 6, 8, "little")
        serial, segments = number_at(content, at + 14, 4, "little"), content[at + 26]
        body = at + 27 + segments
        if kind & 2:
            if ends:
                # One recording after another in one file.
                total, ends = total + max(ends.values()), {}
            streams[serial] = _ogg_stream(content[body : body + 80])
        elif granule < 1 << 63 and granule > 0 and streams.get(serial, (0, 0))[0]:
            rate, skipped = streams[serial]
            ends[serial] = (granule - skipped) / rate
        at = body + sum(content[at + 27 : body])
    return total + max(ends.values(), default=0.0)


def _ogg_stream(head: bytes) -> tuple[int, int]:
    """Samples a second of a stream, and how many at its beginning are not played; (0, 0) for no sound."""
    if head[:8] == b"OpusHead":
        return 48000, int.from_bytes(head[10:12], "little")
    if head[:7] == b"\x01vorbis":
        return int.from_bytes(head[12:16], "little"), 0
    if head[:8] == b"Speex   ":
        return int.from_bytes(head[36:40], "little"), 0
    if head[:5] == b"\x7fFLAC":
        return int.from_bytes(head[27:30], "big") >> 4, 0
    return 0, 0


def _flac_seconds(content: Buffer) -> float | None:
    at = after_tags(content) + 8
    samples = number_at(content, at + 13, 5) & (1 << 36) - 1
    return samples / (number_at(content, at + 10, 3) >> 4)


def _amr_seconds(content: Buffer) -> float | None:
    is_wide = content[:9] == b"#!AMR-WB\n"
    sizes, at, frames = (_AMR_WIDE_BYTES, 9, 0) if is_wide else (_AMR_BYTES, 6, 0)
    while at < len(content):
        at += sizes[content[at] >> 3 & 15]
        frames += 1
    return frames * 0.02


_FORMATS: tuple[tuple[Callable[[Buffer], bool], Callable[[Buffer], float | None]], ...] = (
    (lambda content: content[:4] in (b"RIFF", b"RF64") and content[8:12] == b"WAVE", _wav_seconds),
    (lambda content: content[:4] == b"RIFF" and content[8:12] == b"AVI ", _avi_seconds),
    (lambda content: content[:4] == b"FORM" and content[8:11] == b"AIF", _aiff_seconds),
    (lambda content: content[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip", b"pnot"), mp4_seconds),
    (lambda content: content[:4] == b"\x1aE\xdf\xa3", matroska_seconds),
    (lambda content: content[:4] == b"OggS", _ogg_seconds),
    (lambda content: content[(at := after_tags(content)) : at + 4] == b"fLaC", _flac_seconds),
    (lambda content: content[:5] == b"#!AMR", _amr_seconds),
    # Their frames lie in packets, and those that happen to be whole are too few.
    (is_mpeg_stream, lambda _: None),
    (begins_with(adts_frame), lambda content: framed_seconds(content, adts_frame)),
    (begins_with(mp3_frame), lambda content: framed_seconds(content, mp3_frame)),
)
