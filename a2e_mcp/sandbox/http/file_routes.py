"""What the loopback server serves: files to read, in ranges, upload addresses to write to, and live rooms to join."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from a2e_mcp.loopback import is_local
from a2e_mcp.sandbox.behaviour.service import Service
from a2e_mcp.sandbox.errors import Refusal
from a2e_mcp.sandbox.render_workers.pool import RenderFailed

_SHOWN = ("image/", "video/", "audio/")


_LARGEST_OFFER = 64 * 1024


def file_routes(service: Service) -> list[Route]:
    """The routes, all below an unguessable path."""
    files, pictures = service.files, service.pictures

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
        # A page or a script from elsewhere is only ever offered for saving, never shown at this address.
        is_shown = stored.media_type.startswith(_SHOWN) and "svg" not in stored.media_type
        return FileResponse(
            path,
            media_type=stored.media_type if is_shown else "application/octet-stream",
            filename=path.name,
            content_disposition_type="inline" if is_shown else "attachment",
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"},
        )

    async def join(request: Request) -> Response:
        # The page comes from another port of this computer, so the browser needs leave to read the answer.
        origin = request.headers.get("origin", "")
        if origin and not is_local(urlsplit(origin).netloc):
            return Response("Sandbox: rooms can be joined from this computer only", 403, media_type="text/plain")
        allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}
        offer = bytearray()
        async for chunk in request.stream():
            offer += chunk
            if len(offer) > _LARGEST_OFFER:
                return Response("Sandbox: the offer is too long", 413, allowed, media_type="text/plain")
        try:
            answer = await service.rooms.join(request.path_params["channel"], offer.decode("utf-8", "replace"))
        except (Refusal, RenderFailed) as problem:
            status = problem.status if isinstance(problem, Refusal) else 503
            return Response(problem.message, status, allowed, media_type="text/plain")
        return Response(answer, headers=allowed, media_type="application/sdp")

    return [
        Route(f"/{files.secret}/rooms/{{channel}}", join, methods=["POST"]),
        Route(f"/{files.secret}/files/{{key}}", read, methods=["GET"]),
        Route(f"/{files.secret}/uploads/{{key}}", service.uploads.receive, methods=["PUT"]),
    ]


def _missing() -> Response:
    return Response("Sandbox: no such file", 404, media_type="text/plain")
