"""Files in and out: what may be read from this computer, uploads, and downloads."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import cast, get_args
from urllib.parse import unquote
from urllib.request import getproxies

import anyio
import anyio.to_thread
import httpx2

from a2e_mcp.catalogue.tool import MediaIn, MediaKind
from a2e_mcp.errors import FileRefused
from a2e_mcp.files.fetch import Saver
from a2e_mcp.files.progress import OnBytes
from a2e_mcp.files.ssrf import PrivateAddress, PublicOnly, is_public, resolved
from a2e_mcp.files.urls import is_of_a_chat, no_address, private_address, public_host, safe_name, shown
from a2e_mcp.text import one_line

LARGEST_UPLOAD = 500 * 2**20
"""Bytes; A2E publishes no limit, this one keeps a mistake from filling a line for hours."""

_CHUNK = 256 * 1024
_SNIFFED = 8192
_LONGEST_NAME = 255
_PUT_PAUSES = (0.0, 0.5, 2.0, 10.0, 30.0)
"""Seconds before each attempt; a laptop that wakes up has no network for a while."""
_HEAD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this computer that may be sent; `seconds` is None when its length is not known."""

    path: Path
    kind: MediaKind
    content_type: str
    size: int
    sha256: str
    seconds: float | None
    identity: tuple[int, ...] | None = None
    """Which file on the disk was checked; None for one that we have just made."""


class UploadRefused(FileRefused):
    """Storage does not take it at this address, now or later."""


class Files:
    """Reads only from the allowed folders, writes only into the output folder; `saver` does the writing.

    `trusted` tells addresses that are known to be ours (the sandbox's own door) and need no check.
    """

    def __init__(
        self,
        *,
        folders: Sequence[Path],
        output: Path,
        trusted: Callable[[str], bool] = lambda _: False,
        transport: httpx2.AsyncBaseTransport | None = None,
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._folders = (*folders, output)
        self._output = output
        self._trusted = trusted
        self._pause = pause
        # A client of its own: what is sent to storage and fetched from it never carries the token.
        self._http = httpx2.AsyncClient(
            transport=transport or _line_outside(trusted),
            timeout=httpx2.Timeout(60.0, connect=10.0),
            follow_redirects=False,
        )
        self.saver = Saver(self._http, output, trusted=trusted)

    async def __aenter__(self) -> Files:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def open_local(self, text: str, wanted: MediaIn) -> LocalFile:
        """Check a path given by a model and describe the file.

        Raises FileRefused: outside the allowed folders, missing, empty, too large, or not what is wanted.
        """
        try:
            return await anyio.to_thread.run_sync(self._open_local, text, wanted)
        except OSError as problem:
            raise FileRefused(f"That file cannot be read ({problem.strerror})") from None

    async def check_address(self, url: str, wanted: MediaIn) -> None:
        """Refuse an address that A2E could not fetch, or that is plainly not media.

        A2E wants a public, direct http(s) address: no spaces, no redirect, the right Content-Type (A2E docs).
        Raises FileRefused.
        """
        if self._trusted(url):
            return
        host = public_host(url)
        try:
            addresses = await resolved(host)
        except (OSError, UnicodeError):
            raise FileRefused(f"The address {shown(url)} does not exist: no such host") from None
        if not all(is_public(each) for each in addresses):
            raise private_address(url)
        await self._check_type(url, wanted)

    async def put(self, file: LocalFile, address: str, seen: OnBytes = lambda _, __: None) -> None:
        """Send a file's bytes to a presigned address, without the token; repeated from the start when the line breaks.

        Raises FileRefused when storage does not take it.
        """
        problem = ""
        for seconds in _PUT_PAUSES:
            await self._pause(seconds)
            try:
                with await anyio.to_thread.run_sync(_reopened, file) as content:
                    response = await self._http.put(
                        address,
                        content=_chunks(content, file.size, seen),
                        headers={"content-type": file.content_type, "content-length": str(file.size)},
                    )
            except httpx2.HTTPError as error:
                problem = type(error).__name__
                continue
            if response.status_code < 300:
                return
            problem = f"HTTP {response.status_code}"
            if response.status_code < 500:
                raise UploadRefused(f"{_named(file)} could not be uploaded ({problem})", hint="Try again in a minute")
        raise FileRefused(f"{_named(file)} could not be uploaded ({problem})", hint="Try again in a minute")

    async def fetch(self, url: str, *, most: int = 64 * 2**20) -> bytes:
        """The bytes at a result address, at most `most` of them. Raises FileRefused."""
        return await self.saver.fetch(url, most=most)

    async def _check_type(self, url: str, wanted: MediaIn) -> None:
        try:
            response = await self._http.head(url, timeout=_HEAD_SECONDS)
        except PrivateAddress:
            raise private_address(url) from None
        except httpx2.InvalidURL:
            raise no_address() from None
        except httpx2.HTTPError:
            # A2E fetches it from elsewhere; that this computer cannot proves nothing.
            return
        if 300 <= response.status_code < 400:
            raise FileRefused(f"{shown(url)} redirects; A2E follows no redirects", hint="Give the direct address")
        if response.status_code in (404, 410):
            raise FileRefused(f"There is nothing at {shown(url)} (HTTP {response.status_code})")
        kind = response.headers.get("content-type", "").partition("/")[0].strip().lower()
        if response.status_code < 300 and kind in ("text", *get_args(MediaKind)) and kind not in wanted.kinds:
            raise FileRefused(f"{shown(url)} is {kind}, not {' or '.join(wanted.kinds)}")

    def _open_local(self, text: str, wanted: MediaIn) -> LocalFile:
        path = self._allowed(text)
        name = one_line(path.name, 80)
        with _opened(path) as content:
            found = os.fstat(content.fileno())
            # A folder on the way may have become a link since the path was followed.
            if not stat.S_ISREG(found.st_mode) or not self._leads_to(path, found):
                raise FileRefused(f"{name} is no ordinary file")
            if found.st_size == 0:
                raise FileRefused(f"{name} is empty")
            if found.st_size > LARGEST_UPLOAD:
                raise FileRefused(f"{name} is larger than {LARGEST_UPLOAD // 2**20} MB")
            kind, content_type = _sniff(content)
            if kind is None or kind not in wanted.kinds:
                is_what = f"is {kind}" if kind else "is no picture, clip or sound that can be used"
                raise FileRefused(f"{name} {is_what}, whatever its name says; {' or '.join(wanted.kinds)} is wanted")
            seconds = None if kind == "image" else _seconds(path, content)
            if seconds is not None and wanted.shortest is not None and seconds < wanted.shortest:
                raise FileRefused(f"{name} lasts {seconds:.1f} s; at least {wanted.shortest:g} s are needed")
            if seconds is not None and wanted.longest is not None and seconds > wanted.longest:
                raise FileRefused(f"{name} lasts {seconds:.1f} s; at most {wanted.longest:g} s are taken")
            content.seek(0)
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        return LocalFile(path, kind, content_type, found.st_size, sha256, seconds, _identity(found))

    def _nearest(self) -> Path:
        """The folder to name to somebody who has to put a file somewhere."""
        return next((folder for folder in self._folders if folder.is_dir()), self._output)

    def _exists(self, text: str) -> bool:
        """Whether a file of this name, odd as it is, lies in an allowed folder."""
        if len(text) > _LONGEST_NAME or "\0" in text:
            return False
        return any((folder / text.removeprefix("file://")).is_file() for folder in self._folders)

    def _leads_to(self, path: Path, found: os.stat_result) -> bool:
        real = path.resolve()
        return any(real.is_relative_to(folder.resolve()) for folder in self._folders) and _identity(
            real.stat()
        ) == _identity(found)

    def _allowed(self, text: str) -> Path:
        if is_of_a_chat(text) and not self._exists(text):
            raise FileRefused(
                f"{_chat_name(text)} is in the chat and not on this computer",
                hint=f"Ask the user to save it into {self._nearest()} and to say its name",
            )
        if "\0" in text or len(text) > 4096:
            raise FileRefused("That is not a path")
        given = Path(unquote(text[7:]) if text.startswith("file://") else text)
        try:
            given = given.expanduser()
        except RuntimeError:
            raise FileRefused("That home folder is not known") from None
        choices = [given] if given.is_absolute() else [folder / given for folder in self._folders]
        roots = [folder.resolve() for folder in self._folders]
        try:
            # Symbolic links are followed first: where a path really leads is what counts.
            real = [choice.resolve() for choice in choices]
            inside = [path for path in real if any(path.is_relative_to(root) for root in roots)]
            found = next((path for path in inside if path.is_file()), None)
        except (OSError, RuntimeError):
            raise FileRefused("That path cannot be followed") from None
        if found is not None:
            return found
        if len(inside) < len(real):
            listed = ", ".join(str(folder) for folder in self._folders)
            raise FileRefused(
                "That file is outside the folders files may be sent from",
                hint=f"Save it into one of {listed} (also one attached in a chat), or add its folder to A2E_FILES",
            )
        name = safe_name(given.name)
        if any(path.is_dir() for path in inside):
            raise FileRefused(f"{name} is a folder", hint="Give the path of one file in it")
        if any(path.exists() for path in inside):
            raise FileRefused(f"{name} is no ordinary file")
        raise FileRefused(
            f"There is no file {name} on this computer",
            hint="A file attached in a chat is not on this computer: ask the user to save it into"
            f" {self._nearest()} and to say its name",
        )


def _chat_name(text: str) -> str:
    """What a file of a chat may be called in a sentence; a file given as text has no name."""
    if text.lower().startswith(("data:", "blob:")):
        return "That file"
    return safe_name(text.replace("\\", "/").rpartition("/")[2])


def _opened(path: Path) -> BufferedReader:
    # A pipe that was put in the file's place would never answer, and a link would lead elsewhere.
    how = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return open(os.open(path, how), "rb")


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _sniff(content: BufferedReader) -> tuple[MediaKind | None, str]:
    import filetype

    guess = filetype.guess(content.read(_SNIFFED))
    if guess is None:
        return None, ""
    content_type = str(guess.mime)
    kind = content_type.partition("/")[0]
    return (cast(MediaKind, kind) if kind in get_args(MediaKind) else None), content_type


def _seconds(path: Path, content: BufferedReader) -> float | None:
    from tinytag import TinyTag, TinyTagException

    content.seek(0)
    try:
        duration = TinyTag.get(str(path), file_obj=content, tags=False, duration=True).duration
    except (TinyTagException, OSError, ValueError, IndexError):
        return None
    return float(duration) if duration else None


async def _chunks(content: BufferedReader, size: int, seen: OnBytes) -> AsyncIterator[bytes]:
    sent = 0
    while chunk := await anyio.to_thread.run_sync(content.read, _CHUNK):
        sent += len(chunk)
        seen(sent, size)
        yield chunk


def _reopened(file: LocalFile) -> BufferedReader:
    """A file to be sent, as long as it is the one that was checked. Raises FileRefused."""
    try:
        content = _opened(file.path)
    except OSError as problem:
        raise FileRefused(f"{_named(file)} cannot be read any more ({problem.strerror})") from None
    if file.identity is not None and _identity(os.fstat(content.fileno())) != file.identity:
        content.close()
        raise FileRefused(f"{_named(file)} has changed since it was checked", hint="Try again")
    return content


def _named(file: LocalFile) -> str:
    return one_line(file.path.name, 80)


def _line_outside(trusted: Callable[[str], bool]) -> httpx2.AsyncBaseTransport | None:
    """A way to public addresses only; None where a proxy of this computer decides what can be reached."""
    return None if getproxies() else PublicOnly(trusted=trusted)
