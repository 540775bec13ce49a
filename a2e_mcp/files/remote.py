"""Files at URLs: whether A2E can fetch them, what they are, and how long they last.

A2E needs a public, direct http(s) URL: no spaces, no redirect, the right Content-Type (A2E docs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urljoin

import anyio
import anyio.to_thread
import httpx2

from a2e_mcp.catalogue.declaration.tool import MediaIn, MediaKind
from a2e_mcp.errors import FileRefused
from a2e_mcp.files.fetch import Saver
from a2e_mcp.files.formats import SNIFFED, WEB_PAGE, Format, checked, format_of
from a2e_mcp.files.mp4 import list_of_tracks
from a2e_mcp.files.sounds import MeasuredSound, check_sound, measured
from a2e_mcp.files.ssrf import PrivateAddress, PublicOnly, is_public, resolved
from a2e_mcp.files.urls import check_one, invalid_url, private_url, public_host, shown, url_readings
from a2e_mcp.files.wholeness import BOXED, ENDED, box_head, is_whole

_ANSWER_SECONDS = 5.0
_LOOK_SECONDS = 8.0
"""How long a sound at a URL may take to arrive whole, when its length is wanted."""
_MOST_LOOKED_AT = 48 * 2**20
_MOST_LENGTHS = 50
_LONGEST_LIST = 4 * 2**20
"""Bytes of a list of tracks that are fetched to see what an MP4 file holds."""
_MOST_REDIRECTS = 5
_MOST_BOXES = 8


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What a server answered about a URL, and the beginning of the file."""

    status: int
    content_type: str
    start: bytes
    location: str
    is_whole: bool
    size: int | None = None
    """Bytes of the whole file, if the server says so."""

    @property
    def arrived(self) -> bool:
        """Whether the file is there."""
        return 200 <= self.status < 300


class RemoteFiles:
    """Looks at URLs that a model gives; `trusted` ones are our own and need no look."""

    def __init__(
        self, http: httpx2.AsyncClient, saver: Saver, *, public: PublicOnly, trusted: Callable[[str], bool]
    ) -> None:
        self._http = http
        self._saver = saver
        self._public = public
        self._trusted = trusted
        self._sounds: dict[tuple[str, bool], MeasuredSound] = {}

    async def check(self, text: str, wanted: MediaIn, *, redirects: bool = False) -> str:
        """The URL that a text means: as it is written when a file is there, else without what copying added to it.

        With `redirects` it is the one that they lead to. Raises FileRefused for what A2E could not fetch, or what is
        clearly not wanted.
        """
        check_one(text)
        unsure: str | None = None
        problem: FileRefused | None = None
        for url in url_readings(text):
            if self._trusted(url):
                return url
            try:
                direct, is_there = await self._check(url, wanted, _MOST_REDIRECTS if redirects else 0)
            except FileRefused as refused:
                problem = problem or refused
                continue
            if is_there:
                return direct
            unsure = unsure or direct
        if unsure is None:
            raise problem or invalid_url()
        return unsure

    async def seconds(self, url: str, wanted: MediaIn) -> float | None:
        """Seconds of the sound or clip at a URL, counted from its content; None when that cannot be done.

        Raises FileRefused when it is too short or too long.
        """
        known = (url, wanted.voice)
        if known not in self._sounds:
            while len(self._sounds) >= _MOST_LENGTHS:
                self._sounds.pop(next(iter(self._sounds)))
            self._sounds[known] = await self._measured(url, wanted)
        check_sound(shown(url), self._sounds[known], wanted)
        return self._sounds[known].seconds

    async def _measured(self, url: str, wanted: MediaIn) -> MeasuredSound:
        with anyio.move_on_after(_LOOK_SECONDS):
            try:
                content = await self._saver.fetch(url, most=_MOST_LOOKED_AT)
            except FileRefused:
                # A2E fetches it from elsewhere, so a failure on this computer proves nothing.
                return MeasuredSound(None)
            return await anyio.to_thread.run_sync(measured, content, wanted)
        return MeasuredSound(None)

    async def _check(self, url: str, wanted: MediaIn, redirects: int) -> tuple[str, bool]:
        """The URL behind so many redirects, and whether a file is known to be there."""
        host = public_host(url)
        if not self._public.is_proxied(url):
            await _check_addresses(host, url)
        look = await self._look(url, f"bytes=0-{SNIFFED - 1}", SNIFFED)
        if look is None:
            # A2E fetches it from elsewhere, so a failure on this computer proves nothing.
            return url, False
        if 300 <= look.status < 400 and look.location and redirects:
            return await self._check(_joined(url, look.location), wanted, redirects - 1)
        if 300 <= look.status < 400:
            raise FileRefused(
                f"{shown(url)} redirects, and A2E follows no redirects",
                hint="Give the direct URL, or the new URL that copy_url_to_storage returns for this one",
            )
        if look.status in (404, 410):
            raise FileRefused(f"{shown(url)} was not found (HTTP {look.status})")
        if look.arrived:
            await self._check_content(url, look, wanted)
        return url, look.arrived

    async def _check_content(self, url: str, look: _Beginning, wanted: MediaIn) -> None:
        """Refuse what is clearly not wanted, by its content, or by the type that its server states."""
        stated = look.content_type.partition("/")[0]
        found = None
        if look.start:
            found = await anyio.to_thread.run_sync(format_of, await self._with_list_of_tracks(url, look.start))
        if found is None or found.is_unseen:
            # Only the server knows what it is.
            kind = next((each for each in get_args(MediaKind) if each == stated), None)
            if kind is not None:
                checked(shown(url), Format("", kind, look.content_type, taken=True), wanted)
            elif stated == "text":
                checked(shown(url), WEB_PAGE if look.content_type == "text/html" else Format("text"), wanted)
            if look.is_whole and not look.start:
                raise FileRefused(f"{shown(url)} is empty")
            return
        known = checked(shown(url), found, wanted)
        if await self._is_cut_off(url, look, known):
            raise FileRefused(f"{shown(url)} is incomplete: its end is missing", hint="Give the URL of the whole file")
        if stated == "text":
            raise FileRefused(
                f"{shown(url)} is {found.name}, but its server calls it {look.content_type}, which A2E believes",
                hint="Download it and give its path",
            )

    async def _is_cut_off(self, url: str, look: _Beginning, known: Format) -> bool:
        """Whether the end of a file is certainly missing; where its server does not let it be seen, it is not."""
        size = look.size
        if size is None or size < len(look.start):
            return False
        if size == len(look.start) or known.name not in (*BOXED, *ENDED):
            return not is_whole(known, look.start, size=size)
        if known.name in BOXED:
            return await self._lacks_samples(url, look.start, size)
        # Programs put data of their own behind a picture: then only the whole file shows whether it has its end.
        return not await self._has_mark_at_end(url, size, ENDED[known.name]) and not await self._is_whole(url, known)

    async def _is_whole(self, url: str, known: Format) -> bool:
        with anyio.move_on_after(_LOOK_SECONDS):
            try:
                return is_whole(known, await self._saver.fetch(url, most=_MOST_LOOKED_AT))
            except FileRefused:
                return True
        return True

    async def _has_mark_at_end(self, url: str, size: int, mark: bytes) -> bool:
        rest = await self._look(url, f"bytes={max(0, size - SNIFFED)}-{size - 1}", SNIFFED)
        return rest is None or rest.status != 206 or mark in rest.start

    async def _lacks_samples(self, url: str, start: bytes, size: int) -> bool:
        """Whether a box of samples of an MP4 file is longer than the file; only so many boxes are looked at."""
        at = 0
        for _ in range(_MOST_BOXES):
            head = start[at : at + 16]
            if len(head) < 16:
                rest = await self._look(url, f"bytes={at}-{at + 15}", 16) if at + 16 <= size else None
                if rest is None or rest.status != 206:
                    return False
                head = rest.start
            name, length = box_head(head)
            if name == b"mdat" and at + length > size:
                return True
            if length < 8:
                return False
            at += length
        return False

    async def _with_list_of_tracks(self, url: str, start: bytes) -> bytes:
        """The beginning of a file; of an MP4 file whose tracks are listed further back, with that list."""
        if start[4:8] != b"ftyp" or len(start) < SNIFFED:
            return start
        place = list_of_tracks(start)
        if place is None or place[0] < place[1] <= len(start):
            return start
        most = min(max(place[1] - place[0], SNIFFED), _LONGEST_LIST)
        rest = await self._look(url, f"bytes={place[0]}-{place[0] + most - 1}", most)
        if rest is None or rest.status != 206:
            return start
        return start[: int.from_bytes(start[:4], "big")] + rest.start

    async def _look(self, url: str, part: str, most: int) -> _Beginning | None:
        """What the server answers, with at most so many bytes; None when it cannot be asked."""
        # HEAD proves nothing: storage signs URLs for GET alone.
        headers = {"range": part, "accept-encoding": "identity"}
        start = bytearray()
        is_whole = False
        try:
            async with self._http.stream("GET", url, headers=headers, timeout=_ANSWER_SECONDS) as response:
                if response.status_code < 300:
                    with anyio.move_on_after(_ANSWER_SECONDS):
                        async for piece in response.aiter_bytes():
                            start += piece
                            if len(start) >= most:
                                break
                        else:
                            is_whole = True
        except PrivateAddress:
            raise private_url(url) from None
        except httpx2.InvalidURL:
            raise invalid_url() from None
        except (httpx2.HTTPError, httpx2.StreamError):
            return None
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        location = response.headers.get("location", "")
        size = _size(response, len(start) if is_whole else None)
        return _Beginning(response.status_code, content_type, bytes(start[:most]), location, is_whole, size)


def _size(response: httpx2.Response, arrived: int | None) -> int | None:
    """Bytes of the file of which an answer holds a part, or all; None when that is not known."""
    if response.status_code == 206:
        total = response.headers.get("content-range", "").rpartition("/")[2].strip()
        return int(total) if total.isascii() and total.isdecimal() and len(total) < 20 else None
    length = response.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else arrived


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise invalid_url() from None


async def _check_addresses(host: str, url: str) -> None:
    try:
        addresses = await resolved(host)
    except (OSError, UnicodeError):
        raise FileRefused(f"Host not found: {shown(url)}") from None
    if not all(is_public(each) for each in addresses):
        raise private_url(url)
