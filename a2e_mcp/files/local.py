"""Files that may be sent: those in the allowed folders, their uploads to storage, and those at URLs."""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import cast

import anyio
import anyio.to_thread
import httpx2

from a2e_mcp.catalogue.declaration.tool import MediaIn, MediaKind
from a2e_mcp.errors import FileRefused
from a2e_mcp.files.fetch import Saver
from a2e_mcp.files.folders import Folders, identity
from a2e_mcp.files.formats import checked, format_of
from a2e_mcp.files.media_bytes import Buffer
from a2e_mcp.files.progress import OnBytes
from a2e_mcp.files.remote import RemoteFiles
from a2e_mcp.files.sounds import MeasuredSound, check_sound, measured
from a2e_mcp.files.ssrf import PublicOnly
from a2e_mcp.files.wholeness import is_whole
from a2e_mcp.network import reason_of
from a2e_mcp.text import one_line

LARGEST_UPLOAD = 500 * 2**20
"""Bytes; A2E publishes no limit, this one keeps a mistake from using the network for hours."""

_CHUNK = 256 * 1024
_SEND_IT = "Call upload_file for an address to send it to, then give the job_id of that upload; or give a URL"
_MOST_UNMAPPED = 64 * 2**20
_PUT_PAUSES = (0.0, 0.5, 2.0, 10.0, 30.0)
"""Seconds before each attempt; a laptop that wakes up has no network for a while."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this computer that may be sent; `seconds` is None when its length is unknown."""

    path: Path
    kind: MediaKind
    content_type: str
    size: int
    sha256: str
    seconds: float | None
    identity: tuple[int, ...] | None = None
    """Which file on the disk was checked; None for a file made by this program."""


class UploadRefused(FileRefused):
    """Storage refuses the file at this URL for good."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """What stands in a text file, which may have been preferred to a result of the same name."""

    content: bytes
    name: str
    path: Path
    is_preferred: bool = False


class Files:
    """Reads only from the allowed folders, writes only into the output folder; `saver` does the writing.

    Without `reads_paths` the paths that a model gives are refused: they are of its user's computer and not of this one.
    `trusted` recognises our own URLs (the sandbox's file server), which need no check.
    """

    def __init__(
        self,
        *,
        folders: Sequence[Path],
        output: Path,
        trusted: Callable[[str], bool] = lambda _: False,
        transport: httpx2.AsyncBaseTransport | None = None,
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
        reads_paths: bool = True,
    ) -> None:
        self._folders = Folders(folders, output)
        self.reads_paths = reads_paths
        self._pause = pause
        public = PublicOnly(trusted=trusted)
        # A separate client: requests to storage never carry the token.
        self._http = httpx2.AsyncClient(
            transport=transport or public,
            timeout=httpx2.Timeout(60.0, connect=10.0),
            follow_redirects=False,
        )
        self.saver = Saver(self._http, output, trusted=trusted)
        self._remote = RemoteFiles(self._http, self.saver, public=public, trusted=trusted)

    async def __aenter__(self) -> Files:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def open_local(self, text: str, wanted: MediaIn, *, is_ours: bool = False) -> LocalFile:
        """Check a path given by a model and describe the file; one that `is_ours` was written by this program.

        Raises FileRefused: outside the allowed folders, missing, empty, too large, or of the wrong kind.
        """
        if not is_ours:
            self._refuse_paths(_SEND_IT)
        try:
            return await anyio.to_thread.run_sync(self._open_local, text, wanted)
        except UnicodeEncodeError:
            # The file system cannot spell the name, so it has no such file.
            raise self._folders.not_found(text) from None
        except OSError as problem:
            raise FileRefused(f"That file cannot be read ({problem.strerror})") from None

    async def read_text(self, text: str, suffixes: Sequence[str], *, most: int) -> TextFile:
        """A text file in an allowed folder, of at most so many bytes. Raises FileRefused."""
        self._refuse_paths("Give the text itself")
        try:
            return await anyio.to_thread.run_sync(self._read_text, text, suffixes, most)
        except UnicodeEncodeError:
            raise self._folders.not_found(text) from None
        except OSError as problem:
            raise FileRefused(f"That file cannot be read ({problem.strerror})") from None

    async def check_url(self, url: str, wanted: MediaIn) -> str:
        """The URL of a file that A2E can fetch, without what copying added to it. Raises FileRefused."""
        return await self._remote.check(url, wanted)

    async def direct_url(self, url: str, wanted: MediaIn) -> str:
        """The URL of a file behind its redirects. Raises FileRefused."""
        return await self._remote.check(url, wanted, redirects=True)

    async def put(self, file: LocalFile, url: str, on_bytes: OnBytes = lambda _, __: None) -> None:
        """Send a file to a presigned URL, without the token; start over when the connection breaks.

        Raises FileRefused when storage does not accept it.
        """
        problem = ""
        for seconds in _PUT_PAUSES:
            await self._pause(seconds)
            try:
                with await anyio.to_thread.run_sync(_reopened, file) as content:
                    response = await self._http.put(
                        url,
                        content=_chunks(content, file.size, on_bytes),
                        headers={"content-type": file.content_type, "content-length": str(file.size)},
                    )
            except httpx2.HTTPError as error:
                problem = reason_of(error, url).message
                continue
            found = _objection(response)
            if found is None:
                return
            problem = found
            if 300 <= response.status_code < 500:
                raise UploadRefused(f"{_named(file)} could not be uploaded ({problem})", hint="Retry in a minute")
        raise FileRefused(f"{_named(file)} could not be uploaded ({problem})", hint="Retry in a minute")

    async def put_stream(self, content: AsyncIterator[bytes], size: int, content_type: str, url: str) -> None:
        """Send what arrives just now to a presigned URL, once. Raises FileRefused when storage does not accept it."""
        headers = {"content-type": content_type, "content-length": str(size)}
        try:
            response = await self._http.put(url, content=content, headers=headers)
        except httpx2.HTTPError as error:
            raise FileRefused(
                f"The file could not be uploaded ({reason_of(error, url).message})", hint="Send it again"
            ) from None
        if (problem := _objection(response)) is not None:
            raise FileRefused(f"The file could not be uploaded ({problem})", hint="Send it again")

    def _refuse_paths(self, hint: str) -> None:
        if not self.reads_paths:
            raise FileRefused("This server cannot read files on your computer", hint=hint)

    async def fetch(self, url: str, *, most: int = 64 * 2**20) -> bytes:
        """The bytes at a result URL, at most `most` of them. Raises FileRefused."""
        return await self.saver.fetch(url, most=most)

    async def length_at(self, url: str, wanted: MediaIn) -> float | None:
        """Seconds of the sound or clip at a URL; None when they cannot be counted.

        Raises FileRefused when it is too short or too long.
        """
        return await self._remote.seconds(url, wanted)

    async def is_gone(self, url: str) -> bool:
        """Whether storage says that there is nothing at a URL any more; False when it cannot be asked."""
        return await self.saver.is_gone(url)

    def _read_text(self, text: str, suffixes: Sequence[str], most: int) -> TextFile:
        path, is_preferred = self._folders.find_beside_results(text)
        name = one_line(path.name, 80)
        if path.suffix.lower() not in suffixes:
            raise FileRefused(f"{name} is not one of {', '.join(suffixes)}")
        with _opened(path) as content:
            found = os.fstat(content.fileno())
            if not stat.S_ISREG(found.st_mode) or not self._folders.holds(path, found):
                raise FileRefused(f"{name} is not a regular file")
            if found.st_size > most:
                raise FileRefused(f"{name} is larger than {most // 2**20} MB")
            return TextFile(content.read(most), name, path, is_preferred)

    def _open_local(self, text: str, wanted: MediaIn) -> LocalFile:
        path = self._folders.find(text)
        name = one_line(path.name, 80)
        with _opened(path) as content:
            found = os.fstat(content.fileno())
            # A folder on the way may have become a link since the path was followed.
            if not stat.S_ISREG(found.st_mode) or not self._folders.holds(path, found):
                raise FileRefused(f"{name} is not a regular file")
            if found.st_size == 0:
                raise FileRefused(f"{name} is empty")
            if found.st_size > LARGEST_UPLOAD:
                raise FileRefused(f"{name} is larger than {LARGEST_UPLOAD // 2**20} MB")
            with _mapped(content) as mapped:
                known = checked(name, format_of(mapped), wanted)
                if not is_whole(known, mapped):
                    raise FileRefused(f"{name} is incomplete: its end is missing", hint="Download or export it again")
                sound = MeasuredSound(None) if known.kind == "image" else measured(mapped, wanted)
            check_sound(name, sound, wanted)
            content.seek(0)
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        kind = cast(MediaKind, known.kind)
        return LocalFile(path, kind, known.content_type, found.st_size, sha256, sound.seconds, identity(found))


def _objection(response: httpx2.Response) -> str | None:
    """Why an answer to an upload does not mean that storage has the file; None when it does."""
    if response.status_code >= 300:
        return f"HTTP {response.status_code}"
    # Storage gives the tag of what it holds, or nothing; a page or a message comes from something between.
    if "etag" in response.headers or not response.content.strip():
        return None
    return f"HTTP {response.status_code} with an answer that is not storage's"


def _opened(path: Path) -> BufferedReader:
    # A pipe put in the file's place would block, and a link could point elsewhere.
    how = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return open(os.open(path, how), "rb")


@contextmanager
def _mapped(content: BufferedReader) -> Iterator[Buffer]:
    """All bytes of a file, without reading those that are not looked at."""
    try:
        mapped = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        # Some file systems cannot do it.
        yield content.read(_MOST_UNMAPPED)
    else:
        with mapped:
            yield mapped


async def _chunks(content: BufferedReader, size: int, on_bytes: OnBytes) -> AsyncIterator[bytes]:
    sent = 0
    while chunk := await anyio.to_thread.run_sync(content.read, _CHUNK):
        sent += len(chunk)
        on_bytes(sent, size)
        yield chunk


def _reopened(file: LocalFile) -> BufferedReader:
    """The file to send, if it is still the one that was checked. Raises FileRefused."""
    try:
        content = _opened(file.path)
    except OSError as problem:
        raise FileRefused(f"{_named(file)} can no longer be read ({problem.strerror})") from None
    if file.identity is not None and identity(os.fstat(content.fileno())) != file.identity:
        content.close()
        raise FileRefused(f"{_named(file)} has changed since it was checked", hint="Retry")
    return content


def _named(file: LocalFile) -> str:
    return one_line(file.path.name, 80)
