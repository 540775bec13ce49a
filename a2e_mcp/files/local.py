"""Local files that may be sent, uploads to storage, and checks of URLs."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from types import TracebackType
from typing import cast, get_args
from urllib.parse import unquote

import anyio
import anyio.to_thread
import httpx2

from a2e_mcp.catalogue.tool import MediaIn, MediaKind
from a2e_mcp.errors import FileRefused
from a2e_mcp.files.fetch import Saver
from a2e_mcp.files.media_length import file_seconds, media_seconds
from a2e_mcp.files.progress import OnBytes
from a2e_mcp.files.ssrf import PrivateAddress, PublicOnly, is_public, resolved
from a2e_mcp.files.urls import invalid_url, is_chat_attachment, private_url, public_host, safe_name, shown
from a2e_mcp.network import reason_of
from a2e_mcp.text import one_line

LARGEST_UPLOAD = 500 * 2**20
"""Bytes; A2E publishes no limit, this one keeps a mistake from using the network for hours."""

_CHUNK = 256 * 1024
_SNIFFED = 8192
_LONGEST_NAME = 255
_PUT_PAUSES = (0.0, 0.5, 2.0, 10.0, 30.0)
"""Seconds before each attempt; a laptop that wakes up has no network for a while."""
_HEAD_SECONDS = 5.0
_LOOK_SECONDS = 8.0
"""How long a sound at a URL may take to arrive whole, when its length is wanted."""
_MOST_LOOKED_AT = 48 * 2**20
_MOST_LENGTHS = 50
_PICTURES = frozenset(["image/jpeg", "image/jpg", "image/apng", "image/png", "image/webp", "image/gif", "image/bmp"])
"""Pictures that A2E takes; it publishes no list."""
_ENCODER_PADDING = 0.1
"""Seconds that encoders add to a sound; it may be this much longer than allowed."""
_KIND_NAMES: Mapping[str, str] = {"image": "a picture", "video": "a video", "audio": "an audio file"}


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


class Files:
    """Reads only from the allowed folders, writes only into the output folder; `saver` does the writing.

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
    ) -> None:
        self._folders = (*folders, output)
        self._output = output
        self._trusted = trusted
        self._pause = pause
        self._public = PublicOnly(trusted=trusted)
        # A separate client: requests to storage never carry the token.
        self._http = httpx2.AsyncClient(
            transport=transport or self._public,
            timeout=httpx2.Timeout(60.0, connect=10.0),
            follow_redirects=False,
        )
        self.saver = Saver(self._http, output, trusted=trusted)
        self._lengths: dict[str, float | None] = {}

    async def __aenter__(self) -> Files:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def open_local(self, text: str, wanted: MediaIn) -> LocalFile:
        """Check a path given by a model and describe the file.

        Raises FileRefused: outside the allowed folders, missing, empty, too large, or of the wrong kind.
        """
        try:
            return await anyio.to_thread.run_sync(self._open_local, text, wanted)
        except UnicodeEncodeError:
            # The file system cannot spell the name, so it has no such file.
            raise self._not_found(safe_name(text.replace("\\", "/").rpartition("/")[2])) from None
        except OSError as problem:
            raise FileRefused(f"That file cannot be read ({problem.strerror})") from None

    async def check_url(self, url: str, wanted: MediaIn) -> None:
        """Refuse a URL that A2E could not fetch, or that is clearly not media.

        A2E needs a public, direct http(s) URL: no spaces, no redirect, the right Content-Type (A2E docs).
        Raises FileRefused.
        """
        if self._trusted(url):
            return
        host = public_host(url)
        if not self._public.is_proxied(url):
            await self._check_addresses(host, url)
        await self._check_type(url, wanted)

    async def _check_addresses(self, host: str, url: str) -> None:
        try:
            addresses = await resolved(host)
        except (OSError, UnicodeError):
            raise FileRefused(f"Host not found: {shown(url)}") from None
        if not all(is_public(each) for each in addresses):
            raise private_url(url)

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
            if response.status_code < 300:
                return
            problem = f"HTTP {response.status_code}"
            if response.status_code < 500:
                raise UploadRefused(f"{_named(file)} could not be uploaded ({problem})", hint="Retry in a minute")
        raise FileRefused(f"{_named(file)} could not be uploaded ({problem})", hint="Retry in a minute")

    async def fetch(self, url: str, *, most: int = 64 * 2**20) -> bytes:
        """The bytes at a result URL, at most `most` of them. Raises FileRefused."""
        return await self.saver.fetch(url, most=most)

    async def length_at(self, url: str, wanted: MediaIn) -> float | None:
        """Seconds of the sound or clip at a URL, counted from its content; None when that cannot be done.

        Raises FileRefused when it is too short or too long.
        """
        if url not in self._lengths:
            while len(self._lengths) >= _MOST_LENGTHS:
                self._lengths.pop(next(iter(self._lengths)))
            self._lengths[url] = await self._look_at_length(url)
        _check_length(shown(url), self._lengths[url], wanted)
        return self._lengths[url]

    async def _look_at_length(self, url: str) -> float | None:
        with anyio.move_on_after(_LOOK_SECONDS):
            try:
                content = await self.saver.fetch(url, most=_MOST_LOOKED_AT)
            except FileRefused:
                # A2E fetches it from elsewhere, so a failure on this computer proves nothing.
                return None
            return await anyio.to_thread.run_sync(media_seconds, content)
        return None

    async def is_gone(self, url: str) -> bool:
        """Whether storage says that there is nothing at a URL any more; False when it cannot be asked."""
        return await self.saver.is_gone(url)

    async def _sniffed(self, url: str, content_type: str) -> str:
        """The type of a picture at a URL by its first bytes, else the type that its server states."""
        try:
            async with self._http.stream(
                "GET", url, headers={"range": f"bytes=0-{_SNIFFED - 1}"}, timeout=_HEAD_SECONDS
            ) as response:
                start = await anext(response.aiter_bytes(_SNIFFED), b"") if response.status_code < 300 else b""
        except (httpx2.HTTPError, httpx2.StreamError):
            # A2E fetches it from elsewhere, so a failure on this computer proves nothing.
            return content_type
        return _sniff(BytesIO(start))[1] or content_type

    async def _check_type(self, url: str, wanted: MediaIn) -> None:
        try:
            response = await self._http.head(url, timeout=_HEAD_SECONDS)
        except PrivateAddress:
            raise private_url(url) from None
        except httpx2.InvalidURL:
            raise invalid_url() from None
        except httpx2.HTTPError:
            # A2E fetches it from elsewhere, so a failure on this computer proves nothing.
            return
        if 300 <= response.status_code < 400:
            raise FileRefused(f"{shown(url)} redirects, and A2E follows no redirects", hint="Give the direct URL")
        if response.status_code in (404, 410):
            raise FileRefused(f"{shown(url)} was not found (HTTP {response.status_code})")
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        kind = content_type.partition("/")[0]
        if response.status_code < 300 and "image" in wanted.kinds and kind in ("image", "application", "binary", ""):
            _check_format(shown(url), await self._sniffed(url, content_type))
        if response.status_code < 300 and kind in ("text", *get_args(MediaKind)) and kind not in wanted.kinds:
            raise FileRefused(f"{shown(url)} is {_KIND_NAMES.get(kind, 'text')}; {_needed(wanted)}")

    def _open_local(self, text: str, wanted: MediaIn) -> LocalFile:
        path = self._allowed(text)
        name = one_line(path.name, 80)
        with _opened(path) as content:
            found = os.fstat(content.fileno())
            # A folder on the way may have become a link since the path was followed.
            if not stat.S_ISREG(found.st_mode) or not self._is_same_file(path, found):
                raise FileRefused(f"{name} is not a regular file")
            if found.st_size == 0:
                raise FileRefused(f"{name} is empty")
            if found.st_size > LARGEST_UPLOAD:
                raise FileRefused(f"{name} is larger than {LARGEST_UPLOAD // 2**20} MB")
            kind, content_type = _sniff(content)
            if kind is None or kind not in wanted.kinds:
                _check_format(name, content_type)
                found_kind = _KIND_NAMES[kind] if kind else "not a supported picture, video or audio file"
                raise FileRefused(f"{name} is {found_kind}; {_needed(wanted)}")
            if kind == "image":
                _check_format(name, content_type)
            seconds = None if kind == "image" else file_seconds(content)
            _check_length(name, seconds, wanted)
            content.seek(0)
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        return LocalFile(path, kind, content_type, found.st_size, sha256, seconds, _identity(found))

    def _nearest(self) -> Path:
        """The folder to suggest when the user has to save a file somewhere."""
        return next((folder for folder in self._folders if folder.is_dir()), self._output)

    def _exists(self, text: str) -> bool:
        """Whether a file of this name is in an allowed folder."""
        if len(text) > _LONGEST_NAME or "\0" in text:
            return False
        return any((folder / text.removeprefix("file://")).is_file() for folder in self._folders)

    def _is_same_file(self, path: Path, found: os.stat_result) -> bool:
        real = path.resolve()
        return any(real.is_relative_to(folder.resolve()) for folder in self._folders) and _identity(
            real.stat()
        ) == _identity(found)

    def _allowed(self, text: str) -> Path:
        if is_chat_attachment(text) and not self._exists(text):
            raise FileRefused(
                f"{_chat_name(text)} is in the chat, not on this computer",
                hint=f"Ask the user to save it into {self._nearest()} and to give its name",
            )
        if "\0" in text or len(text) > 4096:
            raise FileRefused("Invalid path")
        given = Path(unquote(text[7:]) if text.startswith("file://") else text)
        try:
            given = given.expanduser()
        except RuntimeError:
            raise FileRefused("Unknown home folder") from None
        choices = [given] if given.is_absolute() else [folder / given for folder in self._folders]
        roots = [folder.resolve() for folder in self._folders]
        try:
            # Symbolic links are resolved first: the real location counts.
            real = [choice.resolve() for choice in choices]
            inside = [path for path in real if any(path.is_relative_to(root) for root in roots)]
            found = next((path for path in inside if path.is_file()), None)
        except (OSError, RuntimeError):
            raise FileRefused("The path cannot be resolved") from None
        if found is not None:
            return found
        if len(inside) < len(real):
            listed = ", ".join(str(folder) for folder in self._folders)
            raise FileRefused(
                "The file is outside the folders that files may be sent from",
                hint=f"Save it into one of {listed} (chat attachments too), or add its folder to A2E_FILES",
            )
        name = safe_name(given.name)
        if any(path.is_dir() for path in inside):
            raise FileRefused(f"{name} is a folder", hint="Give the path of a file in it")
        if any(path.exists() for path in inside):
            raise FileRefused(f"{name} is not a regular file")
        raise self._not_found(name)

    def _not_found(self, name: str) -> FileRefused:
        return FileRefused(
            f"File not found on this computer: {name}",
            hint="A file attached in a chat is not on this computer: ask the user to save it into"
            f" {self._nearest()} and to give its name",
        )


def _chat_name(text: str) -> str:
    """How to name a chat's file in a sentence; a file given as text has no name."""
    if text.lower().startswith(("data:", "blob:")):
        return "That file"
    return safe_name(text.replace("\\", "/").rpartition("/")[2])


def _opened(path: Path) -> BufferedReader:
    # A pipe put in the file's place would block, and a link could point elsewhere.
    how = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return open(os.open(path, how), "rb")


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _sniff(content: BufferedReader | BytesIO) -> tuple[MediaKind | None, str]:
    import filetype

    guess = filetype.guess(content.read(_SNIFFED))
    if guess is None:
        return None, ""
    content_type = str(guess.mime)
    kind = content_type.partition("/")[0]
    return (cast(MediaKind, kind) if kind in get_args(MediaKind) else None), content_type


def _check_format(name: str, content_type: str) -> None:
    """Refuse a picture in a format that A2E does not take, by its content."""
    if content_type.startswith("image/") and content_type not in _PICTURES:
        called = content_type.removeprefix("image/").removeprefix("x-").removeprefix("vnd.").upper()
        raise FileRefused(f"{name} is {called}, which A2E does not take", hint="Save it as JPEG or PNG")


def _check_length(name: str, seconds: float | None, wanted: MediaIn) -> None:
    if seconds is not None and wanted.shortest is not None and seconds < wanted.shortest:
        raise FileRefused(f"{name} lasts {seconds:.1f} s; at least {wanted.shortest:g} s are needed")
    if seconds is not None and wanted.longest is not None and seconds > wanted.longest + _ENCODER_PADDING:
        raise FileRefused(f"{name} lasts {seconds:.1f} s; at most {wanted.longest:g} s are accepted")


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
    if file.identity is not None and _identity(os.fstat(content.fileno())) != file.identity:
        content.close()
        raise FileRefused(f"{_named(file)} has changed since it was checked", hint="Retry")
    return content


def _needed(wanted: MediaIn) -> str:
    return f"{' or '.join(_KIND_NAMES[kind] for kind in wanted.kinds)} is needed"


def _named(file: LocalFile) -> str:
    return one_line(file.path.name, 80)
