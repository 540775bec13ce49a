"""What the sandbox makes when first asked for: covers of drawn avatars, backdrops, and samples of its voices."""

from __future__ import annotations

import struct
import zlib
from functools import cache

import anyio

from a2e_mcp.sandbox.assets.builtins import AVATARS, BACKDROPS, VOICES_BY_ID, Backdrop, SystemAvatar, Voice
from a2e_mcp.sandbox.assets.files import FileStore, SandboxFile
from a2e_mcp.sandbox.orders.avatar_cover import AvatarCoverOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.render_workers.pool import WorkerPool

_COVER, _BACKDROP, _ENDING = "cover-", "backdrop-", ".png"
# Figures are read aloud in every language.
_SAMPLE = "1, 2, 3."
_WIDTH, _HEIGHT = 640, 360


def cover_key(avatar: SystemAvatar) -> str:
    """The file key of an avatar's picture."""
    return f"{_COVER}{avatar.id}{_ENDING}"


def backdrop_key(backdrop: Backdrop) -> str:
    """The file key of a background picture."""
    return f"{_BACKDROP}{backdrop.id}{_ENDING}"


def sample_key(voice: Voice) -> str:
    """The file key of a voice's sample."""
    return f"sample-{voice.id}.mp3"


class Pictures:
    """Makes them once."""

    def __init__(self, files: FileStore, pool: WorkerPool, *, cover_side: int) -> None:
        self._files = files
        self._cover_side = cover_side
        self._pool = pool
        self._one_at_a_time = anyio.Lock()

    async def find(self, key: str) -> SandboxFile | None:
        """A file by its key, made on the spot when it is one of these. Raises RenderFailed."""
        async with self._one_at_a_time:
            known = self._files.find(key)
            if known is not None and self._files.path(key).exists():
                return known
            if key in _AVATARS_BY_KEY:
                return await self._draw_cover(key, _AVATARS_BY_KEY[key])
            if key in _BACKDROPS_BY_KEY:
                self._files.path(key).write_bytes(_gradient(_BACKDROPS_BY_KEY[key]))
                return self._files.add(
                    SandboxFile(key, "image/png", "image", width=_WIDTH, height=_HEIGHT),
                )
            if key in _VOICES_BY_KEY:
                return await self._speak_sample(key, _VOICES_BY_KEY[key])
        return None

    async def _draw_cover(self, key: str, avatar: SystemAvatar) -> SandboxFile:
        order = AvatarCoverOrder(
            avatar=avatar.drawn, output=str(self._files.path(key)), width=self._cover_side, height=self._cover_side
        )
        outcome = await self._pool.carry_out(key, order)
        return self._files.add_looked_into(SandboxFile(key, outcome.media_type or "image/png"), outcome)

    async def _speak_sample(self, key: str, voice: Voice) -> SandboxFile:
        track = f"{key}.json"
        order = SpeechOrder(
            text=_SAMPLE, voice=voice.engine, output=str(self._files.path(key)), track=str(self._files.path(track))
        )
        outcome = await self._pool.carry_out(key, order)
        return self._files.add_looked_into(SandboxFile(key, "audio/mpeg", track=track), outcome)


_AVATARS_BY_KEY = {cover_key(avatar): avatar for avatar in AVATARS}
_BACKDROPS_BY_KEY = {backdrop_key(backdrop): backdrop for backdrop in BACKDROPS}
_VOICES_BY_KEY = {sample_key(voice): voice for voice in VOICES_BY_ID.values()}


@cache
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
