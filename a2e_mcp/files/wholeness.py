"""Whether a file has its end, so that a download that was cut off is not paid for."""

from __future__ import annotations

from a2e_mcp.files.formats import Format
from a2e_mcp.files.media_bytes import Buffer, number_at

_BOXED = frozenset({"MP4", "QuickTime", "3GP", "3G2"})
_START_OF_SCAN = 0xDA


def is_whole(known: Format, content: Buffer) -> bool:
    """Whether nothing is missing at the end of a file, as far as its format shows that."""
    if known.name == "PNG":
        return content.rfind(b"IEND") >= 0
    if known.name == "WebP":
        return number_at(content, 4, 4, "little") + 8 <= len(content)
    try:
        if known.name == "JPEG":
            return _has_end_of_image(content)
        return known.name not in _BOXED or _has_all_media(content)
    except IndexError:
        return known.name in _BOXED


def _has_end_of_image(content: Buffer) -> bool:
    """Whether an end follows the pixels of the picture itself, and not only those of a small one inside it."""
    at = 2
    while number_at(content, at, 1) == 0xFF:
        marker = number_at(content, at + 1, 1)
        if marker == _START_OF_SCAN:
            return content.find(b"\xff\xd9", at) >= 0
        # Bytes of 0xFF may fill the place between two segments.
        at += 1 if marker == 0xFF else 2 + number_at(content, at + 2, 2)
    return False


def _has_all_media(content: Buffer) -> bool:
    """Whether no box of samples (ISO/IEC 14496-12) is longer than the file."""
    at = 0
    while at + 16 <= len(content):
        size = number_at(content, at, 4)
        size = number_at(content, at + 8, 8) if size == 1 else size
        if content[at + 4 : at + 8] == b"mdat" and at + size > len(content):
            return False
        if size < 8:
            break
        at += size
    return True
