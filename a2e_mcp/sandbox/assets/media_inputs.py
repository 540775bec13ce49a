"""What a request points at: an address becomes a file on disk that was looked into."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from a2e_mcp.sandbox.assets.fetcher import Fetcher
from a2e_mcp.sandbox.assets.files import FileStore, SandboxFile
from a2e_mcp.sandbox.assets.previews import Pictures
from a2e_mcp.sandbox.errors import Refusal, UnusableMedia
from a2e_mcp.sandbox.orders.probe import ProbeOrder
from a2e_mcp.sandbox.protocol import MediaKind
from a2e_mcp.sandbox.render_workers.pool import RenderFailed, WorkerPool

_KIND_NAMES = {"image": "a picture", "video": "a video", "audio": "a sound file"}


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file that was looked into; `seconds` is 0 for a picture."""

    path: Path
    stored: SandboxFile
    kind: MediaKind
    seconds: float
    track: Path | None = None


class MediaInputs:
    """Turns addresses into files."""

    def __init__(self, files: FileStore, pictures: Pictures, pool: WorkerPool, fetcher: Fetcher) -> None:
        self._files = files
        self._pictures = pictures
        self._pool = pool
        self._fetcher = fetcher

    async def take(self, url: str, field: str, *kinds: MediaKind) -> MediaFile:
        """The file behind an address. Raises UnusableMedia, or Refusal when the sandbox cannot look into it."""
        try:
            stored = await self._stored(url)
            if stored.kind is None:
                stored = await self._look_into(stored)
        except UnusableMedia as problem:
            raise _about(field, problem.message) from None
        if stored.kind not in kinds:
            wanted = " or ".join(_KIND_NAMES[kind] for kind in kinds)
            found = _KIND_NAMES.get(stored.kind or "", "something else")
            message = f"must be {wanted}, not {found}"
            raise UnusableMedia(f"Sandbox: {field} {message}", errors=[{"field": field, "message": message}])
        track = None if stored.track is None else self._files.path(stored.track)
        return MediaFile(self._files.path(stored.key), stored, stored.kind, stored.seconds or 0.0, track)

    async def copy(self, url: str, field: str) -> SandboxFile:
        """A copy of the file behind an address, whatever kind of file it is. Raises Refusal."""
        try:
            found = await self._stored(url)
        except UnusableMedia as problem:
            raise _about(field, problem.message) from None
        if self._files.key_of(url) is None:
            return self._files.add(found)
        key = self._files.new_key(Path(found.key).suffix)
        await anyio.to_thread.run_sync(shutil.copyfile, self._files.path(found.key), self._files.path(key))
        return self._files.add(replace(found, key=key))

    async def _stored(self, url: str) -> SandboxFile:
        key = self._files.key_of(url)
        if key is None:
            return await self._fetched(url)
        try:
            stored = await self._pictures.find(key)
        except RenderFailed as failure:
            raise cannot_render(failure) from None
        if stored is None or not self._files.path(key).exists():
            raise UnusableMedia("Sandbox: no file was uploaded to this address; upload it first")
        return stored

    async def _fetched(self, url: str) -> SandboxFile:
        key = self._files.new_key("")
        path = self._files.path(key)
        arrived = False
        try:
            media_type = await self._fetcher.fetch(url, path)
            arrived = True
        finally:
            if not arrived:
                path.unlink(missing_ok=True)
        return SandboxFile(key, media_type or "application/octet-stream")

    async def _look_into(self, stored: SandboxFile) -> SandboxFile:
        try:
            found = await self._pool.carry_out(stored.key, ProbeOrder(path=str(self._files.path(stored.key))))
        except RenderFailed as failure:
            if failure.code in {"internal", "extra_missing"}:
                raise cannot_render(failure) from None
            raise UnusableMedia(f"Sandbox: {failure.message}") from None
        return self._files.add_looked_into(stored, found)


def cannot_analyse(failure: RenderFailed, field: str) -> Refusal:
    """What a field leads to could not be made sense of, or the sandbox itself could not try."""
    if failure.code in {"internal", "extra_missing"}:
        return cannot_render(failure)
    return _about(field, f"Sandbox: {failure.message}")


def _about(field: str, message: str) -> UnusableMedia:
    return UnusableMedia(f"{message.removesuffix('.')} ({field})", errors=[{"field": field, "message": message}])


def cannot_render(failure: RenderFailed) -> Refusal:
    """The sandbox itself cannot do what was asked; A2E would answer 503 when a provider is missing."""
    return Refusal(f"Sandbox: {failure.message}", status=503)
