"""Links to finished films: one loopback server, opened by the first link, that a browser can play them from."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

import anyio
from anyio.abc import TaskGroup

from a2e_mcp.errors import SettingsError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from a2e_mcp.loopback import LoopbackServer


@asynccontextmanager
async def open_links() -> AsyncIterator[FilmLinks]:
    """Be able to give films addresses for the length of an `async with`."""
    async with anyio.create_task_group() as tasks:
        try:
            yield FilmLinks(tasks)
        finally:
            tasks.cancel_scope.cancel()


class FilmLinks:
    """Gives each film on this computer an address that cannot be guessed."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._secret = secrets.token_urlsafe(16)
        self._paths: dict[str, Path] = {}
        self._server: LoopbackServer | None = None

    def fresh(self, url: str) -> str:
        """The address of a file URL's file, as long as it is there and a port can be opened; else the URL itself."""
        path = Path(url2pathname(urlsplit(url).path))
        if not path.is_file():
            return url
        key = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._paths[key] = path
        with suppress(SettingsError):
            return f"{self._open().origin()}/{self._secret}/{key}/{quote(path.name)}"
        return url

    def origins(self) -> tuple[str, ...]:
        """Where films are loaded from; opens the port. Nowhere when it cannot be opened."""
        with suppress(SettingsError):
            return (self._open().origin(),)
        return ()

    def _open(self) -> LoopbackServer:
        if self._server is None:
            # Imported with the first film: a web server is slow to import.
            from starlette.applications import Starlette
            from starlette.routing import Route

            from a2e_mcp.loopback import LocalOnly, LoopbackServer

            self._server = LoopbackServer(self._tasks)
            route = Route(f"/{self._secret}/{{key}}/{{name}}", self._read, methods=["GET"])
            self._server.mount(LocalOnly(Starlette(routes=[route])))
        return self._server

    async def _read(self, request: Request) -> Response:
        from starlette.responses import FileResponse, PlainTextResponse

        path = self._paths.get(request.path_params["key"])
        if path is None or not path.is_file():
            return PlainTextResponse("This film is no longer there.", 404)
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
        return FileResponse(path, filename=path.name, content_disposition_type="inline", headers=headers)
