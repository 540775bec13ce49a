"""What answers at a one-time address: GET shows a page that a file is dropped on, PUT takes the file."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from html import escape
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mcp.server.mcpserver.exceptions import ToolError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from a2e_mcp.errors import A2EError, AccessDenied, FileRefused, NotEnoughCredits, SettingsError
from a2e_mcp.files.local import LARGEST_UPLOAD
from a2e_mcp.server.uploads.addresses import ROOT
from a2e_mcp.starts.relay import OfferBusy, OfferGone

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from a2e_mcp.operations.drain import Drain
    from a2e_mcp.server.services import Services

_log = logging.getLogger(__name__)
_SECRET = re.compile(r"[A-Za-z0-9_-]{32}")
_FILES = {"page.css": "text/css", "page.js": "text/javascript"}
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
_NAME = "x-file-name"
_MEGABYTE = 2**20
_ASK_AGAIN = "To send a file, ask in the chat for a new address"


class UploadPages:
    """Answers below `/up/`, and gives everything else to the app behind it."""

    def __init__(
        self,
        app: ASGIApp,
        open_services: Callable[[], Awaitable[Services]],
        drain: Drain,
        *,
        objection: Callable[[str, str], Awaitable[AccessDenied | None]],
    ) -> None:
        """`objection` says why nothing more is taken for a user who signed in with a key; None when nothing is."""
        self._objection = objection
        self._app = app
        self._open_services = open_services
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a refusal is one sentence of plain text."""
        if scope["type"] != "http" or not scope["path"].startswith(ROOT):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            answer = await self._answer(request, scope["path"].removeprefix(ROOT))
        except SettingsError as problem:
            # Which database is away is for who runs the server, and not for who has an address of it.
            _log.warning("A file could not be taken: %s", problem)
            answer = _refusal(_Away(), is_shown=_is_person(request))
        except A2EError as problem:
            answer = _refusal(problem, is_shown=_is_person(request))
        except ToolError as problem:
            # There is no token, so no address was ever given.
            answer = PlainTextResponse(f"{problem}\n", 503)
        for name, value in _HEADERS.items():
            answer.headers[name] = value
        await answer(scope, receive, send)

    async def _answer(self, request: Request, name: str) -> Response:
        reads = request.method in ("GET", "HEAD")
        if reads and name in _FILES:
            return Response(_page_file(name), media_type=_FILES[name])
        if not (reads or request.method == "PUT"):
            return PlainTextResponse("Send the file with PUT\n", 405, {"allow": "GET, HEAD, PUT"})
        services = await self._open_services()
        relay = services.relay
        if not (relay.is_on and _SECRET.fullmatch(name)):
            raise OfferGone("This is not the address of an upload", hint="Call upload_file for one")
        if not reads and self._drain.has_begun:
            raise OfferBusy("This server is restarting", hint="Send it again in a few seconds")
        size = 0 if reads else _size(request)
        entry = await relay.find(name)
        if (problem := await self._objection(entry.user, await relay.credential_of(entry))) is not None:
            raise OfferGone(
                f"{problem.message}, so this address takes no file", hint=f"Ask {services.settings.contact}"
            )
        if reads:
            return _page(entry.title)
        # The page names what was dropped on it; curl cannot.
        file = await relay.receive(entry, _content(request), size, unquote(request.headers.get(_NAME, "")))
        return PlainTextResponse(f"{file} has arrived. Return to the chat: it is {entry.own_job_id} there.\n", 201)


def _is_person(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _size(request: Request) -> int:
    length = request.headers.get("content-length", "")
    if not (length.isdecimal() and length.isascii() and len(length) < 16):
        raise _WithoutLength("The length of the file is missing", hint="Send the file itself, as curl -T FILE does")
    if int(length) > LARGEST_UPLOAD:
        raise _TooLong(f"The file is larger than {LARGEST_UPLOAD // _MEGABYTE} MB")
    return int(length)


class _Away(A2EError):
    """The server's own data cannot be reached."""

    def __init__(self) -> None:
        super().__init__("The server cannot take files at the moment", charged=None, hint="Send it again in a minute")


class _WithoutLength(FileRefused):
    """Storage takes nothing whose length is not said first."""


class _TooLong(FileRefused):
    """The file is larger than any that is taken."""


_STATUS: Sequence[tuple[type[A2EError], int]] = (
    (_WithoutLength, 411),
    (_TooLong, 413),
    (OfferBusy, 409),
    (OfferGone, 410),
    (NotEnoughCredits, 402),
    (FileRefused, 422),
    (_Away, 503),
    (SettingsError, 503),
)


def _status(problem: A2EError) -> int:
    return next((status for kind, status in _STATUS if isinstance(problem, kind)), 502)


async def _content(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect:
        raise ConnectionResetError from None


def _page(title: str) -> Response:
    return _html("page.html", title=title, largest=str(LARGEST_UPLOAD // _MEGABYTE))


def _refusal(problem: A2EError, *, is_shown: bool) -> Response:
    """Why no file is taken: for a program one line, for a person who opens the address a page."""
    if not is_shown:
        return PlainTextResponse(f"{problem}\n", _status(problem))
    hint = _ASK_AGAIN if isinstance(problem, OfferGone) else problem.hint
    return _html("closed.html", _status(problem), reason=f"{problem.message}. {hint}".rstrip(". ") + ".")


def _html(name: str, status: int = 200, **values: str) -> Response:
    text = _page_file(name).decode()
    for place, value in values.items():
        text = text.replace(f"{{{{{place}}}}}", escape(value))
    return Response(text, status, media_type="text/html")


def _page_file(name: str) -> bytes:
    return resources.files("a2e_mcp.server.uploads").joinpath("page", name).read_bytes()
