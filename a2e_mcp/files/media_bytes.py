"""The bytes of a sound or clip, and the numbers in them."""

from __future__ import annotations

import mmap
from typing import TypeAlias

Buffer: TypeAlias = bytes | mmap.mmap


def number_at(content: Buffer, at: int, size: int, order: str = "big") -> int:
    """The whole number of so many bytes at this place. Raises IndexError past the end."""
    part = content[at : at + size]
    if len(part) < size:
        raise IndexError(at)
    return int.from_bytes(part, "little" if order == "little" else "big")
