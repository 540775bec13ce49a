"""What is behind the door: files to read, in ranges, and upload addresses to write to."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from a2e_mcp.sandbox.files import Files
from a2e_mcp.sandbox.pictures import Pictures
from a2e_mcp.sandbox.uploads import Uploads
from a2e_mcp.sandbox.workers import RenderFailed

_SHOWN = ("image/", "video/", "audio/")


def door_routes(files: Files, pictures: Pictures, uploads: Uploads) -> list[Route]:
    """The routes, all below a path that nobody can guess."""

    async def read(request: Request) -> Response:
        try:
            path = files.path(request.path_params["key"])
            stored = await pictures.find(path.name)
        except KeyError:
            return _missing()
        except RenderFailed as failure:
            return Response(f"Sandbox: {failure.message}", 503, media_type="text/plain")
        if stored is None or not path.exists():
            return _missing()
        # Somebody else's page or script is only ever offered for saving, never shown at this address.
        is_shown = stored.media_type.startswith(_SHOWN) and "svg" not in stored.media_type
        return FileResponse(
            path,
            media_type=stored.media_type if is_shown else "application/octet-stream",
            filename=path.name,
            content_disposition_type="inline" if is_shown else "attachment",
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"},
        )

    return [
        Route(f"/{files.secret}/files/{{key}}", read, methods=["GET"]),
        Route(f"/{files.secret}/uploads/{{key}}", uploads.receive, methods=["PUT"]),
    ]


def _missing() -> Response:
    return Response("Sandbox: no such file", 404, media_type="text/plain")
