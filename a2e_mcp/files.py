"""Files in and out: what may be read from this computer, uploads, and downloads."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import cast, get_args
from urllib.parse import unquote

import anyio
import anyio.to_thread
import httpx2

from a2e_mcp.addresses import is_public, one_line, private_address, public_host, safe_name, shown
from a2e_mcp.capability import MediaIn, MediaKind
from a2e_mcp.catalogue.account import UploadAddress
from a2e_mcp.errors import FileRefused

LARGEST_UPLOAD = 500 * 2**20
"""Bytes; A2E publishes no limit, this one keeps a mistake from filling a line for hours."""
LARGEST_DOWNLOAD = 4 * 2**30

_CHUNK = 256 * 1024
_SNIFFED = 8192
_PUT_ATTEMPTS = 3
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


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file that was saved; `size` in bytes."""

    path: Path
    size: int
    sha256: str


class Files:
    """Reads only from the allowed folders, writes only into the output folder.

    `trusted` tells addresses that are known to be ours (the sandbox's own door) and need no check.
    """

    def __init__(
        self,
        *,
        folders: Sequence[Path],
        output: Path,
        trusted: Callable[[str], bool] = lambda _: False,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._folders = (*folders, output)
        self._output = output
        self._trusted = trusted
        # A client of its own: what is sent to storage and fetched from it never carries the token.
        self._http = httpx2.AsyncClient(
            transport=transport, timeout=httpx2.Timeout(60.0, connect=10.0), follow_redirects=False
        )

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
            addresses = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise FileRefused(f"The address {shown(url)} does not exist: no such host") from None
        if not all(is_public(str(each[4][0])) for each in addresses):
            raise private_address(url)
        await self._check_type(url, wanted)

    async def put(self, file: LocalFile, address: UploadAddress) -> None:
        """Send a file's bytes to a presigned address, without the token; repeated when the line breaks.

        Raises FileRefused when storage does not take it.
        """
        problem = ""
        for _ in range(_PUT_ATTEMPTS):
            try:
                response = await self._http.put(
                    address.upload_url,
                    content=_chunks(file.path),
                    headers={"content-type": file.content_type, "content-length": str(file.size)},
                )
            except httpx2.HTTPError as error:
                problem = type(error).__name__
                continue
            if response.status_code < 300:
                return
            problem = f"HTTP {response.status_code}"
            if response.status_code < 500:
                break
        name = one_line(file.path.name, 80)
        raise FileRefused(f"{name} could not be uploaded ({problem})", then="Try again in a minute")

    async def fetch(self, url: str, *, most: int = 64 * 2**20) -> bytes:
        """The bytes at a result address, at most `most` of them. Raises FileRefused."""
        body = bytearray()
        async for chunk in self._stream(url):
            body += chunk
            if len(body) > most:
                raise FileRefused(f"{shown(url)} is larger than {most // 2**20} MB")
        return bytes(body)

    async def save(self, url: str, name: str) -> SavedFile:
        """Save a result into the output folder: whole or not at all, and never over another file.

        Raises FileRefused.
        """
        try:
            self._output.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(prefix=".a2e-", suffix=".part", dir=self._output)
        except OSError as problem:
            raise FileRefused(
                f"{self._output} cannot be written ({problem.strerror})", then="Set A2E_OUTPUT_DIR to another folder"
            ) from None
        digest = hashlib.sha256()
        size = 0
        try:
            with os.fdopen(handle, "wb") as file:
                async for chunk in self._stream(url):
                    size += len(chunk)
                    if size > LARGEST_DOWNLOAD:
                        raise FileRefused(f"{shown(url)} is larger than {LARGEST_DOWNLOAD // 2**30} GB")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(part, 0o644)
            path = _settle(Path(part), self._output, safe_name(name))
        except OSError as problem:
            raise FileRefused(f"{self._output} cannot be written ({problem.strerror})") from None
        finally:
            _remove(part)
        return SavedFile(path, size, digest.hexdigest())

    async def _stream(self, url: str) -> AsyncIterator[bytes]:
        if not self._trusted(url):
            public_host(url)
        try:
            async with self._http.stream("GET", url) as response:
                if response.status_code >= 300:
                    raise FileRefused(
                        f"The result at {shown(url)} cannot be fetched (HTTP {response.status_code})",
                        then="Addresses of results die after about three days; check_status asks for a fresh one",
                    )
                expected = response.headers.get("content-length", "")
                received = 0
                async for chunk in response.aiter_bytes(_CHUNK):
                    received += len(chunk)
                    yield chunk
                if expected.isdigit() and "content-encoding" not in response.headers and received != int(expected):
                    raise FileRefused(f"The result at {shown(url)} broke off", then="Try again")
        except httpx2.HTTPError as problem:
            raise FileRefused(
                f"The result at {shown(url)} cannot be fetched ({type(problem).__name__})",
                then="Try again in a minute",
            ) from None

    async def _check_type(self, url: str, wanted: MediaIn) -> None:
        try:
            response = await self._http.head(url, timeout=_HEAD_SECONDS)
        except httpx2.HTTPError:
            # A2E fetches it from elsewhere; that this computer cannot proves nothing.
            return
        if 300 <= response.status_code < 400:
            raise FileRefused(f"{shown(url)} redirects; A2E follows no redirects", then="Give the direct address")
        if response.status_code in (404, 410):
            raise FileRefused(f"There is nothing at {shown(url)} (HTTP {response.status_code})")
        kind = response.headers.get("content-type", "").partition("/")[0].strip().lower()
        if response.status_code < 300 and kind in ("text", *get_args(MediaKind)) and kind not in wanted.kinds:
            raise FileRefused(f"{shown(url)} is {kind}, not {' or '.join(wanted.kinds)}")

    def _open_local(self, text: str, wanted: MediaIn) -> LocalFile:
        path = self._allowed(text)
        name = one_line(path.name, 80)
        size = path.stat().st_size
        if size == 0:
            raise FileRefused(f"{name} is empty")
        if size > LARGEST_UPLOAD:
            raise FileRefused(f"{name} is larger than {LARGEST_UPLOAD // 2**20} MB")
        kind, content_type = _sniff(path)
        if kind is None or kind not in wanted.kinds:
            is_what = f"is {kind}" if kind else "is no picture, clip or sound that can be used"
            raise FileRefused(f"{name} {is_what}, whatever its name says; {' or '.join(wanted.kinds)} is wanted")
        seconds = None if kind == "image" else _seconds(path)
        if seconds is not None and wanted.shortest is not None and seconds < wanted.shortest:
            raise FileRefused(f"{name} lasts {seconds:.1f} s; at least {wanted.shortest:g} s are needed")
        if seconds is not None and wanted.longest is not None and seconds > wanted.longest:
            raise FileRefused(f"{name} lasts {seconds:.1f} s; at most {wanted.longest:g} s are taken")
        return LocalFile(path, kind, content_type, size, _sha256(path), seconds)

    def _allowed(self, text: str) -> Path:
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
                then=f"Save it into one of {listed} (also one attached in a chat), or add its folder to A2E_FILES",
            )
        name = safe_name(given.name)
        if any(path.is_dir() for path in inside):
            raise FileRefused(f"{name} is a folder", then="Give the path of one file in it")
        if any(path.exists() for path in inside):
            raise FileRefused(f"{name} is no ordinary file")
        raise FileRefused(
            f"There is no file {name} on this computer",
            then=f"A file attached in a chat is not on this computer: save it into {self._output} and give that path",
        )


def _sniff(path: Path) -> tuple[MediaKind | None, str]:
    import filetype

    with path.open("rb") as file:
        guess = filetype.guess(file.read(_SNIFFED))
    if guess is None:
        return None, ""
    content_type = str(guess.mime)
    kind = content_type.partition("/")[0]
    return (cast(MediaKind, kind) if kind in get_args(MediaKind) else None), content_type


def _seconds(path: Path) -> float | None:
    from tinytag import TinyTag, TinyTagException

    try:
        duration = TinyTag.get(str(path), tags=False, duration=True).duration
    except (TinyTagException, OSError, ValueError, IndexError):
        return None
    return float(duration) if duration else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        while chunk := await file.read(_CHUNK):
            yield chunk


def _remove(part: str) -> None:
    Path(part).unlink(missing_ok=True)


def _settle(part: Path, folder: Path, name: str) -> Path:
    """Give a finished file its name without ever replacing another: a hard link fails when the name is taken."""
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
