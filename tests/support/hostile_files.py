"""Files that lie: a few bytes that claim to be huge, endless, or something else."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image


def png(width: int, height: int, *, extra: bytes = b"", pixels: bytes = b"\0" * 1000) -> bytes:
    """A PNG of this size, as far as its header says; `extra` are chunks before the pixels."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    idat = chunk(b"IDAT", zlib.compress(pixels, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + idat + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def picture(kind: str, size: tuple[int, int] = (64, 64), **options: object) -> bytes:
    """An honest picture."""
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, kind, **options)
    return content.getvalue()


def jpeg(width: int, height: int) -> bytes:
    """A JPEG whose frame header says this size."""
    content = bytearray(picture("JPEG"))
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def webp(width: int, height: int) -> bytes:
    """A WebP whose frame header says this size."""
    content = bytearray(picture("WEBP"))
    place = content.index(b"\x9d\x01\x2a") + 3
    content[place : place + 4] = struct.pack("<HH", width, height)
    return bytes(content)


def gif(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """A GIF whose screen and whose one frame say these sizes."""
    content = bytearray(picture("GIF"))
    content[6:10] = struct.pack("<HH", *screen)
    place = content.index(b"\x2c\0\0\0\0") + 5
    content[place : place + 4] = struct.pack("<HH", *frame)
    return bytes(content)


def animation(kind: str, frames: int) -> bytes:
    """A moving picture of many small frames."""
    content = io.BytesIO()
    stills = [Image.new("P", (64, 64), number % 256) for number in range(frames)]
    stills[0].save(content, kind, save_all=True, append_images=stills[1:], duration=1)
    return content.getvalue()


def clip(path: Path, seconds: int = 1) -> bytes:
    """An honest clip."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=4)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(4 * seconds):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 40 * number % 255, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 4)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


def patched(content: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """An MP4 with other bytes in the first box of this name, `offset` behind its name."""
    place = content.index(box) + 4 + offset
    return content[:place] + value + content[place + len(value) :]


def mp3(frames: int, *, claimed: int) -> bytes:
    """Silence whose Xing header claims so many frames of 26 ms."""
    frame = b"\xff\xfb\x90\xc4" + bytes(413)
    xing = b"\xff\xfb\x90\xc4" + bytes(32) + b"Xing" + struct.pack(">II", 1, claimed)
    return xing.ljust(417, b"\0") + frame * frames
