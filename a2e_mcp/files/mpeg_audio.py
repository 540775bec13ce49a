"""MPEG audio: frames of MP3, and of AAC in ADTS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from a2e_mcp.files.media_bytes import Buffer, number_at

_MP3_RATES: Mapping[tuple[int, int], tuple[int, ...]] = {
    # By MPEG version (1 is MPEG-1) and layer, in kbit/s (ISO/IEC 11172-3 and 13818-3).
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_AAC_SAMPLE_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_LARGEST_GAP = 64 * 1024
"""Bytes without a frame after which an MPEG stream counts as over."""


def _tag_bytes(content: Buffer, at: int) -> int:
    """Bytes of an ID3 tag at this place, 0 when there is none."""
    if content[at : at + 3] == b"TAG":
        return 128
    if content[at : at + 3] != b"ID3" or at + 10 > len(content):
        return 0
    size = 0
    for byte in content[at + 6 : at + 10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def mp3_frame(content: Buffer, at: int) -> tuple[int, float] | None:
    """Bytes and seconds of the frame at this place."""
    head = content[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_index, sample_index, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version not in _MP3_SAMPLE_RATES or layer == 4 or rate_index in (0, 15) or sample_index == 3:
        return None
    generation = 1 if version == 3 else 2
    bits = _MP3_RATES[generation, layer][rate_index] * 1000
    rate = _MP3_SAMPLE_RATES[version][sample_index]
    if layer == 1:
        return (12 * bits // rate + padding) * 4, 384 / rate
    samples = 576 if layer == 3 and generation == 2 else 1152
    return samples // 8 * bits // rate + padding, samples / rate


def adts_frame(content: Buffer, at: int) -> tuple[int, float] | None:
    """Bytes and seconds of the frame at this place."""
    head = content[at : at + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    index = head[2] >> 2 & 15
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if index >= len(_AAC_SAMPLE_RATES) or size < 7:
        return None
    return size, 1024 * ((head[6] & 3) + 1) / _AAC_SAMPLE_RATES[index]


Frame: TypeAlias = Callable[[Buffer, int], tuple[int, float] | None]


def _first_frame(content: Buffer, frame: Frame, at: int, most: int = _LARGEST_GAP) -> int | None:
    """Where the next frame begins that another one follows, or that ends the file."""
    until = min(len(content), at + most)
    while (at := content.find(b"\xff", at, until)) >= 0:
        found = frame(content, at)
        if found is not None:
            end = at + found[0]
            if end == len(content) or frame(content, end) is not None or _tag_bytes(content, end):
                return at
        at += 1
    return None


def framed_seconds(content: Buffer, frame: Frame) -> float:
    """Seconds of all frames of one kind, tags and damage between them skipped."""
    at, seconds = 0, 0.0
    while at < len(content):
        skipped = _tag_bytes(content, at)
        if skipped:
            at += skipped
            continue
        found = frame(content, at)
        if found is None:
            start = _first_frame(content, frame, at)
            if start is None:
                break
            at = start
            continue
        size, length = found
        if not (frame is mp3_frame and _tells_length_only(content, at)):
            seconds += length
        at += size
    return seconds


def _tells_length_only(content: Buffer, at: int) -> bool:
    """Whether an MP3 frame holds no sound but the length of the file that it once began."""
    part = content[at + 4 : at + 44]
    return b"Xing" in part or b"Info" in part or b"VBRI" in part


def stated_mp3_bytes(content: Buffer) -> int | None:
    """Bytes of an MP3 by the frame that tells its length; None without one."""
    at = _first_frame(content, mp3_frame, after_tags(content), 4096)
    if at is None:
        return None
    head = bytes(content[at : at + 64])
    place = max(head.find(b"Xing"), head.find(b"Info"))
    if place < 0 or not number_at(content, at + place + 4, 4) & 2:
        return None
    has_frames = number_at(content, at + place + 4, 4) & 1
    return at + number_at(content, at + place + 8 + 4 * has_frames, 4)


def after_tags(content: Buffer) -> int:
    """Where the content begins behind its tags."""
    at = 0
    while skipped := _tag_bytes(content, at):
        at += skipped
    return at


def begins_with(frame: Frame) -> Callable[[Buffer], bool]:
    """Whether a content begins with frames of one kind."""
    return lambda content: _first_frame(content, frame, after_tags(content), 4096) is not None
