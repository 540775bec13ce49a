"""An A2E on a port of this computer, for servers in processes of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from a2e_mcp.loopback import listen, serve_until_cancelled

Answer = Callable[[Request], Awaitable[Response]]


def account_with(token: str) -> Answer:
    """The answers for an account with 123 credits, to requests with its token."""

    async def answer(request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {token}":
            return JSONResponse({"code": 401, "msg": "invalid token"}, 401)
        return JSONResponse({"code": 0, "data": {"coins": 123, "diamonds": 0}})

    return answer


@asynccontextmanager
async def imitation_of_a2e(answer: Answer) -> AsyncIterator[str]:
    """An A2E that gives these answers, at the address that is returned."""
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    with listen("127.0.0.1", 0) as listener:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve_until_cancelled, app, listener)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            tasks.cancel_scope.cancel()
