"""Whether a file has its end, so that a download that was cut off is not paid for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from a2e_mcp.files.formats import Format
from a2e_mcp.files.matroska import matroska_size
from a2e_mcp.files.media_bytes import Buffer, number_at
from a2e_mcp.files.mpeg_audio import stated_mp3_bytes

BOXED = frozenset({"MP4", "QuickTime", "3GP", "3G2"})
"""Formats made of boxes (ISO/IEC 14496-12)."""
ENDED: Mapping[str, bytes] = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
"""Formats with a mark at their end."""
_RIFF_ORDER: Mapping[str, Literal["little", "big"]] = {"WAV": "little", "AVI": "little", "AIFF": "big"}
_UNMEASURED = 0x7F00_0000
"""What is written into a pipe states no size, or one from here on."""
_MOST_MISSING = 0.05
"""Of recordings that end so early nothing is missed: many programs are a little off with their sizes."""
_START_OF_SCAN = 0xDA


def is_whole(known: Format, content: Buffer, *, size: int | None = None) -> bool:
    """Whether nothing is missing at the end of a file, as far as its format shows that.

    `content` is all of it, or of `size` bytes the beginning, which is enough for formats that tell their length there.
    """
    if known.name == "PNG":
        return content.rfind(ENDED["PNG"]) >= 0
    if known.name == "WebP":
        return number_at(content, 4, 4, "little") + 8 <= (len(content) if size is None else size)
    there = len(content) if size is None else size
    if (stated := _stated_size(known, content)) is not None:
        return there >= (1 - _MOST_MISSING) * stated
    try:
        if known.name == "JPEG":
            return _has_end_of_image(content)
        return known.name not in BOXED or _has_all_media(content)
    except IndexError:
        return known.name in BOXED


def _stated_size(known: Format, content: Buffer) -> int | None:
    """How many bytes a recording says that it has, at its beginning; None where it says nothing."""
    try:
        if (order := _RIFF_ORDER.get(known.name)) is not None and bytes(content[:4]) in (b"RIFF", b"FORM"):
            size = number_at(content, 4, 4, order)
            return size + 8 if 0 < size < _UNMEASURED else None
        if known.name in ("WebM", "Matroska"):
            return matroska_size(content)
        return stated_mp3_bytes(content) if known.name == "MP3" else None
    except (IndexError, ValueError):
        return None


def _has_end_of_image(content: Buffer) -> bool:
    """Whether an end follows the pixels of the picture itself, and not only those of a small one inside it."""
    at = 2
    while number_at(content, at, 1) == 0xFF:
        marker = number_at(content, at + 1, 1)
        if marker == _START_OF_SCAN:
            return content.find(ENDED["JPEG"], at) >= 0
        # Bytes of 0xFF may fill the place between two segments.
        at += 1 if marker == 0xFF else 2 + number_at(content, at + 2, 2)
    return False


def _has_all_media(content: Buffer) -> bool:
    """Whether no box of samples is longer than the file."""
    at = 0
    while at + 16 <= len(content):
        name, size = box_head(content[at : at + 16])
        if name == b"mdat" and at + size > len(content):
            return False
        if size < 8:
            break
        at += size
    return True


def box_head(head: bytes) -> tuple[bytes, int]:
    """The name and the length of a box, from its first 16 bytes."""
    size = number_at(head, 0, 4)
    return bytes(head[4:8]), number_at(head, 8, 8) if size == 1 else size
