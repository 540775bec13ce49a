"""Downloads: a whole file or none, resumed after a broken connection, and never over another file."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread
import httpx2

from a2e_mcp.errors import FileRefused
from a2e_mcp.files.progress import OnBytes
from a2e_mcp.files.ssrf import PrivateAddress
from a2e_mcp.files.urls import invalid_result, private_result, result_address, safe_name, shown, suffix_for

LARGEST_DOWNLOAD = 4 * 2**30
"""Bytes."""
LEAST_A_MINUTE = 64 * 1024
"""Bytes; a connection that delivers less counts as broken."""

_RANGE = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})")
_BUSY = (408, 429)
_SNIFFED = 8192
_UNKNOWN_SUFFIX = ".bin"
_BOXES = (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide")
"""How MP4 and QuickTime files begin, after four bytes (ISO/IEC 14496-12)."""
_FRESH_LINK = "Result links expire after about three days; check_status returns a fresh one"
_GONE = (403, 404, 410)
"""What storage answers to an address that has expired, and to one where there is nothing."""


class Interrupted(FileRefused):
    """The connection broke; the bytes received are kept, and the rest can be requested."""


class Gone(FileRefused):
    """Nothing is at this address any more."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A saved file; `size` in bytes."""

    path: Path
    size: int
    sha256: str


@dataclass(slots=True)
class Part:
    """A partly received file; `validator` (an ETag or a date) proves that the rest belongs to it."""

    path: Path
    validator: str = ""

    @property
    def size(self) -> int:
        """Bytes received."""
        try:
            return self.path.lstat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def remove(self) -> None:
        """Delete the bytes received."""
        with suppress(FileNotFoundError, NotADirectoryError):
            self.path.unlink()


async def _not_needed(_: str) -> None:
    """Nothing keeps the validator."""


class Saver:
    """Fetches from public or trusted URLs and writes into one folder."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        output: Path,
        *,
        trusted: Callable[[str], bool] = lambda _: False,
        most: int = LARGEST_DOWNLOAD,
        minute: float = 60.0,
    ) -> None:
        self._http = http
        self._output = output
        self._trusted = trusted
        self._most = most
        self._minute = minute

    @property
    def output(self) -> Path:
        """The folder it writes into."""
        return self._output

    def part(self, name: str, validator: str = "") -> Part:
        """The part of a file received so far, if any."""
        return Part(self._output / f".a2e-{name}.part", validator)

    async def fetch(self, url: str, *, most: int) -> bytes:
        """The bytes at a URL, at most `most` of them. Raises FileRefused."""
        body = bytearray()
        async with self._get(url, {}) as response:
            async for chunk in self._chunks(url, response, _length(response)):
                body += chunk
                if len(body) > most:
                    raise FileRefused(f"{shown(url)} is larger than {most // 2**20} MB")
        return bytes(body)

    async def stream(self, url: str) -> AsyncIterator[bytes]:
        """The bytes at a URL while they arrive. Raises FileRefused when they end too early, or are too many."""
        done = 0
        async with self._get(url, {}) as response:
            async for chunk in self._chunks(url, response, _length(response)):
                done += len(chunk)
                if done > self._most:
                    raise self._too_large(url)
                yield chunk

    async def is_gone(self, url: str) -> bool:
        """Whether storage says that there is nothing at a URL any more; False when it cannot be asked."""
        try:
            async with self._get(url, {"range": "bytes=0-0"}):
                return False
        except Gone:
            return True
        except FileRefused:
            return False

    async def download(
        self, url: str, part: Part, on_bytes: OnBytes, on_begin: Callable[[str], Awaitable[None]] = _not_needed
    ) -> None:
        """Download the missing rest of a file; received bytes are kept when the connection breaks.

        `on_begin` is called with the validator before anything is written.
        Raises Interrupted, which may be retried, and FileRefused.
        """
        had = part.size if part.validator else 0
        headers = {"range": f"bytes={had}-", "if-range": part.validator} if had else {}
        async with self._get(url, headers) as response:
            if response.status_code == 416:
                # We have more bytes than the server: the file was replaced.
                part.validator = ""
                raise Interrupted(f"The result at {shown(url)} has changed", hint="Retry")
            start, total = _extent(response)
            if start not in (0, had):
                part.validator = ""
                raise Interrupted(f"The result at {shown(url)} could not be resumed", hint="Retry")
            if (total or 0) > self._most:
                raise self._too_large(url)
            part.validator = _validator(response)
            await on_begin(part.validator)
            on_bytes(start, total)
            try:
                with self._opened(part, start) as file:
                    rest = None if total is None else total - start
                    done = start
                    async for chunk in self._chunks(url, response, rest):
                        done += len(chunk)
                        if done > self._most:
                            raise self._too_large(url)
                        file.write(chunk)
                        on_bytes(done, total)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as problem:
                raise self._unwritable(problem) from None

    async def finish(self, part: Part, name: str) -> SavedFile:
        """Check and hash a completely received file, and give it its name. Raises FileRefused."""
        try:
            return await anyio.to_thread.run_sync(self._finish, part, safe_name(name))
        except OSError as problem:
            raise self._unwritable(problem) from None

    def _finish(self, part: Part, name: str) -> SavedFile:
        with part.path.open("rb") as file:
            name = _checked_name(name, file.read(_SNIFFED))
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = part.size
        path = _named(part.path, self._output, name)
        part.remove()
        return SavedFile(path, size, sha256)

    def _opened(self, part: Part, start: int) -> BinaryIO:
        try:
            self._output.mkdir(parents=True, exist_ok=True)
            if not start:
                part.remove()
            # A link put in its place is not followed.
            how = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if start else os.O_EXCL)
            how |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            # The mode is that of any new file here, by the umask: the part becomes the file.
            return os.fdopen(os.open(part.path, how, 0o666), "ab" if start else "wb")
        except OSError as problem:
            raise self._unwritable(problem) from None

    def _too_large(self, url: str) -> FileRefused:
        return FileRefused(f"{shown(url)} is larger than {self._most / 2**30:g} GB")

    def _unwritable(self, problem: OSError) -> FileRefused:
        return FileRefused(
            f"{self._output} cannot be written ({problem.strerror})", hint="Set A2E_OUTPUT_DIR to another folder"
        )

    def _get(self, url: str, headers: dict[str, str]) -> _Get:
        return _Get(self._http, url if self._trusted(url) else result_address(url), headers)

    async def _chunks(self, url: str, response: httpx2.Response, length: int | None) -> AsyncIterator[bytes]:
        """The body; Interrupted when it is too slow, or shorter than announced."""
        clock = asyncio.get_running_loop().time
        received, counted, since = 0, 0, clock()
        async for chunk in response.aiter_bytes():
            received += len(chunk)
            yield chunk
            if clock() - since > self._minute:
                if received - counted < LEAST_A_MINUTE:
                    raise Interrupted(f"The result at {shown(url)} was too slow", hint="Retry later")
                counted, since = received, clock()
        if length is not None and received != length:
            raise Interrupted(f"The result at {shown(url)} was interrupted", hint="Retry")


class _Get:
    """A GET whose failures are our errors."""

    def __init__(self, http: httpx2.AsyncClient, url: str, headers: dict[str, str]) -> None:
        self._url = url
        # Lengths and ranges are those of the file itself only when it is sent as it is.
        self._stream = http.stream("GET", url, headers={"accept-encoding": "identity", **headers})

    async def __aenter__(self) -> httpx2.Response:
        try:
            response = await self._stream.__aenter__()
        except httpx2.InvalidURL:
            raise invalid_result() from None
        except httpx2.HTTPError as problem:
            raise self._error(problem) from None
        if response.status_code < 300 or response.status_code == 416:
            return response
        await self._stream.__aexit__(None, None, None)
        words = f"The result at {shown(self._url)} cannot be fetched (HTTP {response.status_code})"
        if response.status_code in _GONE:
            # A model that reads of a missing file would make it again.
            raise Gone(
                f"{words}: its link is dead, but the result was made and paid for",
                hint=f"Do not start it again. {_FRESH_LINK}",
                charged=None,
            )
        is_passing = response.status_code >= 500 or response.status_code in _BUSY
        raise (Interrupted if is_passing else FileRefused)(words, hint=_FRESH_LINK)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        await self._stream.__aexit__(None, None, None)
        if isinstance(error, httpx2.HTTPError):
            raise self._error(error) from None

    def _error(self, problem: httpx2.HTTPError) -> FileRefused:
        if isinstance(problem, PrivateAddress):
            return private_result(self._url)
        return Interrupted(
            f"The result at {shown(self._url)} cannot be fetched ({type(problem).__name__})",
            hint="Retry in a minute",
        )


def _length(response: httpx2.Response) -> int | None:
    length = response.headers.get("content-length", "")
    is_plain = response.headers.get("content-encoding", "identity") == "identity"
    return int(length) if is_plain and length.isdecimal() and len(length) < 16 else None


def _extent(response: httpx2.Response) -> tuple[int, int | None]:
    """Where in the file the body begins, and the length of the whole file; (-1, None) when invalid."""
    if response.status_code != 206:
        return 0, _length(response)
    found = _RANGE.fullmatch(response.headers.get("content-range", ""))
    return (int(found[1]), int(found[2])) if found else (-1, None)


def _validator(response: httpx2.Response) -> str:
    """The value for If-Range: a strong ETag, else the date of the last change (RFC 9110, 13.1.5)."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return ""
    tag: str = response.headers.get("etag", "")
    return tag if tag.startswith('"') else response.headers.get("last-modified", "")


def _checked_name(name: str, start: bytes) -> str:
    """The name of a file that starts like this, with the ending of what it is. Raises FileRefused for anything else."""
    import filetype

    stem, suffix = os.path.splitext(name)
    named = (mimetypes.guess_type(f"x{suffix}")[0] or "").partition("/")[0]
    guess = filetype.guess(start)
    if guess is None:
        if named in ("image", "video", "audio", "") and not _is_media(suffix, start):
            raise FileRefused(f"The result {name} {_what_came(start)}; nothing was saved", hint=_FRESH_LINK)
        return name
    kind = str(guess.mime).partition("/")[0]
    # A picture in the place of a clip keeps no clip's ending; of clips and sounds either may hold the other.
    is_other = named != kind and "image" in (named, kind) and kind in ("image", "video", "audio")
    return f"{stem}{suffix_for(str(guess.mime))}" if suffix == _UNKNOWN_SUFFIX or (named and is_other) else name


def _is_media(suffix: str, start: bytes) -> bool:
    """Whether bytes that no table knows may be media all the same; without an ending all data may."""
    if suffix == ".svg":
        return b"<svg" in start
    return start[4:8] in _BOXES or start[:1] == b"\x47" or (suffix == _UNKNOWN_SUFFIX and not _is_text(start))


def _what_came(start: bytes) -> str:
    if not start:
        return "is empty"
    if not _is_text(start):
        return "is no picture, video or sound"
    page = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    return f"is {'a web page' if page else 'text'}, not a media file"


def _is_text(start: bytes) -> bool:
    """Whether bytes are written text rather than data."""
    text = start[:512].decode("utf-8", "replace")
    odd = sum(1 for each in text if each == "\ufffd" or (each < " " and each not in "\t\r\n\f"))
    return odd * 20 <= len(text)


def _named(part: Path, folder: Path, name: str) -> Path:
    """Give a finished file its name without replacing another: a hard link fails when the name is taken."""
    stem, suffix = os.path.splitext(name)
    for number in range(1, 1000):
        target = folder / (name if number == 1 else f"{stem}-{number}{suffix}")
        try:
            os.link(part, target)
        except FileExistsError:
            continue
        except OSError:
            # Some file systems have no hard links; an exclusive create keeps the name ours.
            try:
                target.open("xb").close()
            except FileExistsError:
                continue
            os.replace(part, target)
        return target
    raise FileRefused(f"{folder} already holds a thousand files called {name}")
