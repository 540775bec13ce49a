"""The page of a room, and what it sends: answers it hears, how it is doing, a question, a farewell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from importlib import resources
from typing import Annotated, Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from a2e_mcp.errors import A2EError, InputError
from a2e_mcp.loopback import LocalOnly, is_local
from a2e_mcp.server.live_rooms.room import Heard, PageState, Room

AGORA_SDK = "https://cdn.jsdelivr.net/npm/agora-rtc-sdk-ng@4.24.8/AgoraRTC_N-production.js"
"""Agora's web SDK (MIT), served as it is on npm."""
AGORA_SDK_HASH = "sha384-LLetIWljRRsVdAiDUW5qNfAuV8n0YvSPGr6vd4Fy/COvGIGaW1RJtURRgB76/YVU"
"""Of that file; the browser refuses any other."""

_LARGEST_BODY = 64 * 1024
_CLOSED = "This room is closed. Ask for a new one in the chat."
_CLOSED_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FILES = {
    "": ("room.html", "text/html"),
    "room.js": ("room.js", "text/javascript"),
    "room.css": ("room.css", "text/css"),
}


class _Message(BaseModel):
    type: Literal["QA"]
    message: Annotated[str, Field(max_length=8000)]
    pos: Literal["start", "middle", "end"]


class _State(BaseModel):
    frames: Annotated[int, Field(ge=0)]
    sound: Annotated[float, Field(ge=0)]
    muted: bool
    problem: Annotated[str, Field(max_length=500)] | None = None


class _Question(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=500)]


_Body = TypeVar("_Body", bound=BaseModel)
_Act = Callable[[Room, Request], Awaitable[Response]]


class Pages(Protocol):
    """The rooms behind the pages, and what their pages may ask for."""

    def find(self, secret: str) -> Room | None:
        """The room of a page's address."""

    def seconds_left(self, room: Room) -> float:
        """How long it is still paid for."""

    async def ask(self, room: Room, question: str) -> None:
        """Ask the avatar. Raises A2EError."""

    async def leave(self, room: Room, why: str) -> None:
        """Leave the room. Raises A2EError."""


def page_app(pages: Pages) -> ASGIApp:
    """The app that serves the pages of open rooms, to browsers on this computer."""

    async def room(room: Room, _: Request) -> Response:
        return JSONResponse(_joining(room) | {"avatar": room.avatar, "seconds_left": pages.seconds_left(room)})

    async def events(room: Room, _: Request) -> Response:
        return StreamingResponse(room.events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def heard(room: Room, request: Request) -> Response:
        message = await _read(_Message, request)
        room.hear(Heard(message.message, message.pos))
        return Response(status_code=204)

    async def state(room: Room, request: Request) -> Response:
        state_now = await _read(_State, request)
        room.report(PageState(state_now.frames, state_now.sound, state_now.muted, state_now.problem))
        return Response(status_code=204)

    async def ask(room: Room, request: Request) -> Response:
        await pages.ask(room, (await _read(_Question, request)).text)
        return Response(status_code=204)

    async def leave(room: Room, _: Request) -> Response:
        await pages.leave(room, "You have left the room.")
        return Response(status_code=204)

    def route(name: str, act: _Act, method: str) -> Route:
        async def answer(request: Request) -> Response:
            if method == "POST" and not is_local(urlsplit(request.headers.get("origin", "")).netloc or "nowhere"):
                return PlainTextResponse("Only the room's own page may do this.", 403)
            room = pages.find(request.path_params["secret"])
            if room is None or room.closed is not None:
                return _closed(name, (room and room.closed) or _CLOSED)
            try:
                return await act(room, request)
            except ValidationError:
                return PlainTextResponse("The request cannot be read.", 400)
            except A2EError as problem:
                return PlainTextResponse(str(problem), 409)

        return Route(f"/{{secret}}/{name}", answer, methods=[method])

    return LocalOnly(
        Starlette(
            routes=[
                *(route(name, _file(*file), "GET") for name, file in _FILES.items()),
                *(route(each.__name__, each, "GET") for each in (room, events)),
                *(route(each.__name__, each, "POST") for each in (heard, state, ask, leave)),
            ]
        )
    )


def _file(name: str, media_type: str) -> _Act:
    async def show(room: Room, _: Request) -> Response:
        return Response(_content(name), media_type=media_type, headers=_headers(room))

    return show


def _content(name: str) -> bytes:
    return resources.files("a2e_mcp.server.live_rooms").joinpath("page", name).read_bytes()


def _closed(name: str, message: str) -> Response:
    """What the page of a closed room gets: a person who reloads it sees a page, its script the sentence."""
    if name == "room.css":
        return Response(_content(name), media_type="text/css", headers=_CLOSED_HEADERS)
    if name == "":
        page = _content("closed.html").decode().replace("{message}", escape(message))
        return Response(page, 404, media_type="text/html", headers=_CLOSED_HEADERS)
    return PlainTextResponse(message, 404)


async def _read(model: type[_Body], request: Request) -> _Body:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise InputError("That is too long")
    return model.model_validate_json(bytes(body))


def _headers(room: Room) -> dict[str, str]:
    """A page of ours talks to its own door, to the room and, live, to Agora; nothing may frame it or keep it."""
    if room.token.sandbox_room_url is not None:
        where = urlsplit(room.token.sandbox_room_url)
        script, connect = "'self'", f"'self' {where.scheme}://{where.netloc}"
    else:
        script, connect = f"'self' 'wasm-unsafe-eval' {AGORA_SDK}", "'self' https: wss:"
    policy = {
        "default-src": "'none'",
        "script-src": script,
        "style-src": "'self'",
        "connect-src": connect,
        "media-src": "blob:",
        "worker-src": "blob:",
        "img-src": "data:",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _joining(room: Room) -> dict[str, Any]:
    token = room.token
    if token.sandbox_room_url is not None:
        return {"kind": "webrtc", "url": token.sandbox_room_url, "sandbox": True}
    return {
        "kind": "agora",
        "sdk": AGORA_SDK,
        "integrity": AGORA_SDK_HASH,
        "appId": token.app_id,
        "channel": token.channel,
        "token": token.token.get_secret_value(),
        "uid": token.uid,
        "sandbox": False,
    }
