"""Pictures that the sandbox makes only when somebody wants to see them: covers of drawn avatars, and backdrops."""

from __future__ import annotations

import struct
import zlib

import anyio

from a2e_mcp.sandbox.cast import AVATARS, BACKDROPS, Backdrop, SystemAvatar
from a2e_mcp.sandbox.files import Files, StoredFile
from a2e_mcp.sandbox.orders import AvatarCover
from a2e_mcp.sandbox.workers import WorkerPool

_COVER, _BACKDROP, _ENDING = "cover-", "backdrop-", ".png"
_WIDTH, _HEIGHT = 640, 360


def cover_key(avatar: SystemAvatar) -> str:
    """The file key of an avatar's picture."""
    return f"{_COVER}{avatar.id}{_ENDING}"


def backdrop_key(backdrop: Backdrop) -> str:
    """The file key of a background picture."""
    return f"{_BACKDROP}{backdrop.id}{_ENDING}"


class Pictures:
    """Makes them once."""

    def __init__(self, files: Files, pool: WorkerPool) -> None:
        self._files = files
        self._pool = pool
        self._one_at_a_time = anyio.Lock()

    async def find(self, key: str) -> StoredFile | None:
        """A file by its key, made on the spot when it is one of these pictures. Raises RenderFailed."""
        async with self._one_at_a_time:
            known = self._files.find(key)
            if known is not None and self._files.path(key).exists():
                return known
            if key in _AVATARS_BY_KEY:
                return await self._draw_cover(key, _AVATARS_BY_KEY[key])
            if key in _BACKDROPS_BY_KEY:
                self._files.path(key).write_bytes(_gradient(_BACKDROPS_BY_KEY[key]))
                return self._files.add(
                    StoredFile(key, "image/png", "image", width=_WIDTH, height=_HEIGHT),
                )
        return None

    async def _draw_cover(self, key: str, avatar: SystemAvatar) -> StoredFile:
        order = AvatarCover(avatar=avatar.drawn, output=str(self._files.path(key)))
        outcome = await self._pool.carry_out(key, order)
        return self._files.add_looked_into(StoredFile(key, outcome.media_type or "image/png"), outcome)


_AVATARS_BY_KEY = {cover_key(avatar): avatar for avatar in AVATARS}
_BACKDROPS_BY_KEY = {backdrop_key(backdrop): backdrop for backdrop in BACKDROPS}


def _gradient(backdrop: Backdrop) -> bytes:
    """A PNG that goes from one colour at the top to another at the bottom."""
    rows = bytearray()
    for line in range(_HEIGHT):
        share = line / (_HEIGHT - 1)
        pixel = bytes(
            round(above + (below - above) * share) for above, below in zip(backdrop.above, backdrop.below, strict=True)
        )
        # Each line begins with its filter, none.
        rows += b"\0" + pixel * _WIDTH
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    remark = b"Comment\0A2E sandbox picture, a plain gradient, not made by A2E"
    chunks = ((b"IHDR", header), (b"tEXt", remark), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
